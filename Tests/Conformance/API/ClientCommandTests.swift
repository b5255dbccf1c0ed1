import Testing

/// The commands that ask an API server: each with its exit code and message.
@Suite("Commands that ask an API server")
struct ClientCommandTests {
    @Test("Scripts", arguments: ClientCommandScripts.all)
    func script(_ script: KubectlScript) throws { try script.run() }
}

enum ClientCommandScripts {
    static let all = [applying, showing, removing, environments, addresses, choosing, usage, registering, outage]

    private static let objects = """
        apiVersion: v1
        kind: Service
        metadata: {name: web, namespace: prod, labels: {app: web}}
        spec:
          selector: {app: web}
          ports: [{name: http, port: 80}]
        ---
        apiVersion: v1
        kind: Namespace
        metadata: {name: prod, labels: {team: a}}

        """

    private static let applying = KubectlScript(
        testDescription: "apply",
        steps: [
            KubectlStep(
                "swiftlet apply -f -", input: objects, output: ["=namespace/prod created\nservice/web created\n"]),
            KubectlStep(
                "swiftlet apply -f -", input: objects, output: ["=namespace/prod unchanged\nservice/web unchanged\n"]),
            KubectlStep(
                "swiftlet apply -f -", input: objects.replacing("port: 80", with: "port: 81"),
                output: ["=namespace/prod unchanged\nservice/web configured\n"]),
            KubectlStep("kubectl get svc -n prod web -o jsonpath={.spec.ports[*].port}", output: ["=81"]),
            KubectlStep(
                "mkdir m && cat > m/a.yaml && swiftlet apply -f m",
                input: objects + """
                    ---
                    apiVersion: apps/v1
                    kind: Deployment
                    metadata: {name: x}
                    ---
                    apiVersion: v1
                    kind: List
                    items:
                    - {apiVersion: v1, kind: Service, metadata: {name: bad_name}, spec: {ports: [{port: 1}]}}
                    - {apiVersion: v1, kind: Service, metadata: {name: db}, spec: {ports: [{port: 5432}]}}

                    """, status: 1, output: ["service/db created"],
                errors: [
                    #"swiftlet apply: m/a.yaml:12: no matches for kind "Deployment" in version "apps/v1""#,
                    "swiftlet apply: m/a.yaml:19: service/bad_name: ", "RFC 1123 label",
                ]),
            KubectlStep(
                "swiftlet apply -n dev -f -", input: objects, status: 65, output: ["namespace/prod unchanged"],
                errors: [#"standard input:1: service/web is of namespace "prod", and --namespace says "dev""#]),
            KubectlStep(
                "swiftlet apply -f -", input: objects.replacing("selector:", with: "selectors:"), status: 1,
                errors: ["unknown field", "spec.selectors"]),
            KubectlStep("swiftlet apply -f none.yaml", status: 65, errors: ["swiftlet apply: none.yaml: no such file"]),
            KubectlStep("swiftlet apply -f -", input: "a: [", status: 65, errors: ["standard input:2: "]),
        ])

    /// Takes the ages, and what fills their column, out of a table.
    private static let ageless = "sed -E 's/  [0-9]+[smh][0-9smh]* *( |$)/  AGE/'"

    private static let showing = KubectlScript(
        testDescription: "get",
        steps: [
            KubectlStep("swiftlet apply -f -", input: objects, output: ["service/web created"]),
            // The second command may come when all is a second older.
            KubectlStep(
                "diff <(swiftlet get svc -n prod -o wide | \(ageless)) "
                    + "<(kubectl get svc -n prod -o wide | \(ageless)) && echo same",
                output: ["=same\n"]),
            KubectlStep(
                "diff <(swiftlet get svc -A | \(ageless)) <(kubectl get svc -A | \(ageless)) && echo same",
                output: ["=same\n"]),
            KubectlStep(
                "diff <(swiftlet get svc web -n prod -o yaml) <(kubectl get svc web -n prod -o yaml) && echo same",
                output: ["=same\n"]),
            KubectlStep(
                "diff <(swiftlet get svc -n prod -o json) <(kubectl get svc -n prod -o json) && echo same",
                output: ["=same\n"]),
            KubectlStep("swiftlet get svc/web -n prod -o name", output: ["=service/web\n"]),
            KubectlStep("swiftlet get service -A -l app=web -o name", output: ["=service/web\n"]),
            KubectlStep("swiftlet get services -A -l app!=web,app -o name", output: ["="]),
            KubectlStep("swiftlet get svc,ns -n prod", output: ["service/web", "namespace/prod", "STATUS"]),
            KubectlStep(
                "swiftlet get svc -n empty", output: ["="],
                errors: ["swiftlet get: no resources found in namespace empty"]),
            KubectlStep(
                "swiftlet get svc web none -n prod", status: 1, output: ["web "],
                errors: [#"swiftlet get: services "none" not found"#]),
            KubectlStep(
                "swiftlet get svc,endpointslices none -n prod 2>&1", status: 1,
                output: [
                    #"=swiftlet get: services "none" not found"# + "\n"
                        + #"swiftlet get: endpointslices.discovery.k8s.io "none" not found"# + "\n"
                ]),
            KubectlStep(
                "swiftlet get deployments", status: 64,
                errors: ["swiftlet get: there is no kind 'deployments': known are"]),
            KubectlStep(
                "swiftlet get svc web -A", status: 64, errors: ["a name stands for one object"]),
        ])

    private static let removing = KubectlScript(
        testDescription: "delete",
        steps: [
            KubectlStep("swiftlet apply -f -", input: objects, output: ["service/web created"]),
            KubectlStep(
                "swiftlet delete svc none web -n prod", status: 1, output: ["=service \"web\" deleted\n"],
                errors: [#"swiftlet delete: services "none" not found"#]),
            KubectlStep("swiftlet delete svc/web -n prod --ignore-not-found", output: ["="]),
            KubectlStep("swiftlet delete -f -", input: objects, status: 1, output: ["namespace \"prod\" deleted"]),
            KubectlStep("swiftlet delete svc", status: 64, errors: ["no object is named"]),
            KubectlStep("swiftlet delete", status: 64, errors: ["nothing is named"]),
        ])

    private static let environments = KubectlScript(
        testDescription: "env, exec, resolv-conf, and the same over HTTP",
        steps: [
            KubectlStep("swiftlet apply -f -", input: objects, output: ["service/web created"]),
            KubectlStep(
                """
                curl -s "$URL/swiftlet/v1/namespaces/prod/env?format=docker&prefix=WEB_" > over-http
                swiftlet env -n prod --server "$URL" --format docker --prefix WEB_ | diff - over-http && cat over-http
                """, output: ["WEB_SERVICE_HOST=10.96.", "WEB_SERVICE_PORT=80\n", "WEB_PORT_80_TCP_PROTO=tcp\n"]),
            KubectlStep(
                "swiftlet exec -n prod -- sh -c 'echo $WEB_SERVICE_HOST'; kubectl get svc web -n prod -o jsonpath={.spec.clusterIP}",
                output: ["10.96."]),
            KubectlStep(
                """
                curl -s "$URL/swiftlet/v1/namespaces/prod/resolv.conf?zone=z.example&dns-option=rotate" > over-http
                swiftlet resolv-conf -n prod --zone z.example --dns-option rotate --node-resolv-conf '' | diff - over-http
                cat over-http
                """,
                output: [
                    "=search prod.svc.z.example svc.z.example z.example\nnameserver 127.0.0.1\noptions ndots:5 rotate\n"
                ]),
            KubectlStep(
                "curl -s \"$URL/swiftlet/v1/namespaces/prod/env?formats=json\"",
                output: ["'formats' is unknown here", #""code":400"#]),
            KubectlStep(
                """
                "$SWIFTLET" env -n prod --watch --output file >/dev/null 2>&1 & watcher=$!
                await grep -q WEB_ file && kubectl delete svc web -n prod >/dev/null
                gone() { ! grep -q WEB_ file; }
                await gone && echo gone; kill $watcher; ended() { ! kill -0 $watcher 2>/dev/null; }
                await ended || kill -9 $watcher; wait $watcher; echo status $?
                """, output: ["=gone\nstatus 0\n"]),
            KubectlStep(
                "swiftlet resolv-conf -n prod --node-resolv-conf none", status: 65,
                errors: [
                    "swiftlet resolv-conf: the node's none cannot be read: No such file or directory; name another"
                ]),
            KubectlStep(
                "unset SWIFTLET_SERVER; swiftlet resolv-conf -n prod --node-resolv-conf ''",
                output: [
                    "=search prod.svc.cluster.local svc.cluster.local cluster.local\nnameserver 127.0.0.1\noptions ndots:5\n"
                ]),
            KubectlStep(
                "swiftlet env -n prod --server http://127.0.0.1:1", status: 69,
                errors: ["swiftlet env: GET http://127.0.0.1:1/api/v1/services: Connection refused\n"]),
        ])

    private static let addresses = KubectlScript(
        testDescription: "vip list and audit", arguments: ["--data", "FOLDER/registry"],
        steps: [
            KubectlStep("swiftlet apply -f -", input: objects, output: ["service/web created"]),
            KubectlStep("swiftlet vip audit", output: ["sound: "]),
            KubectlStep("swiftlet vip list", output: ["10.96.0.0/16", "dynamic  prod/web"]),
            KubectlStep(
                "swiftlet apply -f -",
                input: """
                    {"apiVersion": "networking.k8s.io/v1", "kind": "IPAddress", "metadata": {"name": "10.96.50.99"},
                    "spec": {"parentRef": {"resource": "services", "namespace": "a", "name": "b"}}}
                    """, output: ["created"]),
            KubectlStep("swiftlet vip audit", output: ["sound: "]),
            KubectlStep("swiftlet vip list | grep 10.96.50.99", output: ["(claimed by hand)\n"]),
            KubectlStep("swiftlet vip audit --data $PWD/registry", output: ["sound: "]),
            KubectlStep("swiftlet vip list --data $PWD/registry | grep 10.96.50.99", output: ["(claimed by hand)\n"]),
        ])

    private static let kubeconfig = """
        cat > config <<END
        clusters: [{name: here, cluster: {server: "$URL"}}]
        users: [{name: plugin, user: {exec: {command: aws}}}]
        contexts:
        - {name: prod, context: {cluster: here, namespace: prod}}
        - {name: other, context: {cluster: here, user: plugin}}
        current-context: prod
        END
        export KUBECONFIG=$PWD/config
        unset SWIFTLET_SERVER
        """

    private static let choosing = KubectlScript(
        testDescription: "the server, by option, environment and kubeconfig",
        steps: [
            KubectlStep("\(kubeconfig)\nswiftlet apply -f -", input: objects, output: ["service/web created"]),
            KubectlStep("\(kubeconfig)\nswiftlet get svc -o name", output: ["=service/web\n"]),
            KubectlStep("\(kubeconfig)\nswiftlet vip list", output: ["prod/web"]),
            KubectlStep("\(kubeconfig)\nswiftlet exec -n prod -- sh -c 'echo $WEB_PORT'", output: ["tcp://10.96."]),
            KubectlStep(
                "unset SWIFTLET_SERVER; swiftlet get svc -o name --kubeconfig config", output: ["=service/web\n"]),
            KubectlStep(
                "swiftlet get svc --kubeconfig config --context other", status: 65,
                errors: ["swiftlet get: config: users[0].user.exec: is set, and plugins"]),
            KubectlStep(
                "swiftlet get svc --kubeconfig config --server $URL", status: 64, errors: ["name two servers"]),
            KubectlStep(
                "swiftlet get svc --kubeconfig none", status: 65, errors: ["swiftlet get: none: no such file\n"]),
            KubectlStep("swiftlet env -n prod --data x --server $URL", status: 64, errors: ["name two registries"]),
        ])

    private static let usage = KubectlScript(
        testDescription: "a command line that does not parse is told in one line",
        steps: [
            KubectlStep(
                "swiftlet env 2>&1", status: 64,
                output: ["=swiftlet env: Missing expected argument '--namespace <ns>'; see swiftlet help env\n"]),
            KubectlStep(
                "swiftlet nonsense 2>&1", status: 64,
                output: ["=swiftlet: there is no command 'nonsense'; see swiftlet help\n"]),
            KubectlStep("swiftlet gt svc 2>&1", status: 64, output: ["there is no command 'gt' (get?);"]),
            KubectlStep("swiftlet vip aduit 2>&1", status: 64, output: ["there is no command 'aduit' (audit?);"]),
            KubectlStep("swiftlet get svc kubernetes -ojson", output: [#""kind": "Service""#]),
            KubectlStep(
                "kubectl create service clusterip mine --tcp=80; swiftlet apply -f - 2>&1",
                input:
                    "{apiVersion: v1, kind: Service, metadata: {name: mine}, spec: {ports: [{name: '80', port: 80, targetPort: 81}]}}",
                status: 1, output: ["; --force-conflicts takes those fields over\n"]),
            KubectlStep("swiftlet vip list --serve x 2>&1 | wc -l", output: ["=1\n"]),
            KubectlStep(
                "swiftlet vip --server $URL 2>&1", status: 64,
                output: [
                    "=swiftlet vip: a verb comes first: swiftlet vip list or swiftlet vip audit; see swiftlet help vip\n"
                ]),
            KubectlStep(
                "swiftlet serve --service-cidr 10.100.0.0/24 10.101.0.0/24 2>&1", status: 64,
                output: ["=swiftlet serve: --service-cidr 10.101.0.0/24: a second range must be of the other family\n"]),
            KubectlStep(
                "swiftlet serve --service-cidr 10.0.0.0/30 2>&1", status: 64,
                output: [
                    "=swiftlet serve: --service-cidr: service range 10.0.0.0/30 is too small: it must have at least 8 "
                        + "addresses\n"
                ]),
            KubectlStep("swiftlet --version", output: ["0."]),
            KubectlStep("swiftlet help vip", output: ["USAGE: swiftlet vip"]),
        ])

    /// Starts a child that says when it runs and what signals it gets, as an endpoint of `app`.
    private static let register = """
        cat > child <<'END'
        trap 'echo TERM; kubectl() { command kubectl --server "$URL" "$@"; }
              kubectl get endpointslices -n prod -l kubernetes.io/service-name=app -o jsonpath={.items[*].endpoints[*].conditions}
              echo; exit 7' TERM
        trap 'echo HUP' HUP
        echo $$ > pid
        echo started
        for turn in $(seq 600); do sleep 0.1; done
        END
        slices() { kubectl get endpointslices -n prod -l kubernetes.io/service-name=app -o "$@"; }
        ready() { slices jsonpath={.items[*].endpoints[*].conditions.ready} | grep -q true; }
        unready() { ! ready; }
        start() {
            "$SWIFTLET" register -n prod --service app --port http=8080 --address 192.0.2.10 --lease-seconds 3 \\
                --probe-period 1 "$@" -- sh ./child > told 2>&1 & child=$!
        }
        """

    private static let registering = KubectlScript(
        testDescription: "register",
        steps: [
            KubectlStep("swiftlet apply -f -", input: objects, output: ["namespace/prod created"]),
            KubectlStep(
                """
                \(register)
                start --ready-probe 'exec test -e is-ready'
                await grep -q started told
                await slices name | grep -q . ; ready && echo "ready too early"
                touch is-ready; await ready && echo ready
                slices jsonpath={.items[*].endpoints[*].addresses}; echo
                dig +short @127.0.0.1 -p $DNS _http._tcp.app.prod.svc.cluster.local SRV
                test "$(slices jsonpath={.items[*].metadata.name})" = \\
                    "$(kubectl get leases -n prod -o jsonpath={.items[*].metadata.name})" && echo same name
                kill -HUP $child; await grep -q HUP told && echo HUP
                rm is-ready; await unready && echo not ready
                touch is-ready; await ready
                kubectl delete endpointslices,leases --all -n prod >/dev/null; await ready && echo made anew
                kill -TERM $child; wait $child; echo status $?
                slices name; kubectl get leases -n prod -o name; tail -n +3 told
                """,
                output: [
                    "ready\n[\"192.0.2.10\"]\n", " 8080 app.prod.svc.cluster.local.\n",
                    "same name\nHUP\nnot ready\nmade anew\nstatus 7\n",
                    #"TERM"#, #""ready":false,"serving":true,"terminating":true"#,
                ], not: ["too early", "endpointslice.discovery", "lease.coordination"]),
            KubectlStep(
                """
                \(register)
                start; await ready && kill -9 $child; await unready && echo run out
                kill $(cat pid)
                """, output: ["run out\n"]),
            KubectlStep(
                "swiftlet register -n prod --service app --port 1 --address 192.0.2.10 -- sh -c 'exit 3'", status: 3),
            KubectlStep(
                "swiftlet register -n prod --service app --port 1 --address 192.0.2.10 -- sh -c 'kill -9 $$'",
                status: 137),
            KubectlStep(
                "swiftlet register -n prod --service app --port 1 --address 192.0.2.10 -- no-such-command", status: 127,
                errors: ["swiftlet register: no-such-command: command not found\n"]),
            KubectlStep(
                "swiftlet register -n none --service app --port 1 --address 192.0.2.10 -- sh -c 'exit 4' 2>&1",
                status: 4,
                output: [
                    "=swiftlet register: there is no namespace none to register in; trying again until there is\n"
                ]),
            KubectlStep(
                "swiftlet register --service app --port 0 -- true", status: 64,
                errors: ["--port '0' is no port: write NAME=NUMBER, as in http=8080"]),
            KubectlStep(
                "swiftlet register --service app --port 1 --address 127.0.0.1 -- true", status: 64,
                errors: ["--address 127.0.0.1 is loopback"]),
            KubectlStep(
                "swiftlet register --service app --port 1 --address 192.0.2.10 --ready-probe ftp://x -- true",
                status: 64,
                errors: ["--ready-probe 'ftp://x' is no probe"]),
        ])

    private static let outage = KubectlScript(
        testDescription: "register without a server",
        steps: [
            KubectlStep(
                """
                swiftlet register --server http://127.0.0.1:1 --service app --port http=8080 --address 192.0.2.10 \\
                    -- sh -c 'echo runs; exit 5'
                """, status: 5, output: ["=runs\n"])
        ])
}
