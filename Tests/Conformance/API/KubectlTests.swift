import Testing

/// What kubectl does with the registry: each verb with its exit code and message.
@Suite("kubectl")
struct KubectlTests {
    @Test("Scripts", arguments: KubectlScripts.all)
    func script(_ script: KubectlScript) throws { try script.run() }
}

enum KubectlScripts {
    static let all = [applying, creating, showing, changing, removing, refusals, watching, applyingOnTheServer]

    private static let web = """
        apiVersion: v1
        kind: Service
        metadata: {name: web, labels: {app: web}}
        spec:
          selector: {app: web}
          ports: [{name: http, port: 80, targetPort: 8080}]

        """

    private static let applying = KubectlScript(
        testDescription: "apply, diff, dry run",
        steps: [
            KubectlStep("kubectl apply -f -", input: web, output: ["service/web created"]),
            KubectlStep("kubectl apply -f -", input: web, output: ["service/web unchanged"]),
            KubectlStep("kubectl diff -f -", input: web, output: ["="]),
            KubectlStep(
                "kubectl diff -f -", input: web.replacing("8080", with: "9090"), status: 1,
                output: ["-    targetPort: 8080", "+    targetPort: 9090"]),
            KubectlStep(
                "kubectl apply --dry-run=server -f -", input: web.replacing("8080", with: "9090"),
                output: ["service/web configured (server dry run)"]),
            KubectlStep("kubectl get svc web -o jsonpath={.spec.ports[0].targetPort}", output: ["=8080"]),
            KubectlStep(
                "kubectl apply -f -", input: web.replacing("8080", with: "9090"),
                output: ["service/web configured"]),
            KubectlStep("kubectl get svc web -o jsonpath={.spec.ports[0].targetPort}", output: ["=9090"]),
            // The address stays through all of it.
            KubectlStep(
                """
                before=$(kubectl get svc web -o jsonpath={.spec.clusterIP})
                kubectl annotate svc web note=1 >/dev/null
                test "$before" = "$(kubectl get svc web -o jsonpath={.spec.clusterIP})" && echo same
                """, output: ["same"]),
            KubectlStep(
                "dig +short @127.0.0.1 -p $DNS web.default.svc.cluster.local A | head -1; "
                    + "kubectl get svc web -o jsonpath={.spec.clusterIP}",
                output: ["10.96."]),
            KubectlStep(
                "kubectl apply -f -",
                input: """
                    apiVersion: v1
                    kind: List
                    items:
                    - {apiVersion: v1, kind: Namespace, metadata: {name: prod}}
                    - {apiVersion: v1, kind: Service, metadata: {name: db, namespace: prod}, spec: {clusterIP: None, ports: [{port: 5432}]}}

                    """, output: ["namespace/prod created", "service/db created"]),
            KubectlStep(
                "kubectl apply -f -",
                input: """
                    apiVersion: apps/v1
                    kind: Deployment
                    metadata: {name: web}
                    spec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: a, image: b}]}}}

                    """, status: 1, errors: [#"no matches for kind "Deployment" in version "apps/v1""#]),
        ])

    private static let creating = KubectlScript(
        testDescription: "create, run, expose",
        steps: [
            KubectlStep("kubectl create namespace prod", output: ["=namespace/prod created\n"]),
            KubectlStep(
                "kubectl create service clusterip web --tcp=80:8080 -n prod", output: ["=service/web created\n"]),
            KubectlStep(
                "kubectl create service nodeport np --tcp=80 --node-port=30100", output: ["=service/np created\n"]),
            KubectlStep("kubectl get svc np -o jsonpath={.spec.ports[0].nodePort}", output: ["=30100"]),
            KubectlStep(
                "kubectl create service externalname ext --external-name=www.example.org",
                output: ["=service/ext created\n"]),
            KubectlStep(
                "kubectl get svc ext -o jsonpath={.spec.clusterIP}{.spec.externalName}", output: ["=www.example.org"]),
            KubectlStep(
                "kubectl create service loadbalancer lb --tcp=443:8443", output: ["=service/lb created\n"]),
            KubectlStep(
                "kubectl create service clusterip hl --clusterip=None --tcp=80", output: ["=service/hl created\n"]),
            KubectlStep("kubectl create namespace prod", status: 1, errors: [#"namespaces "prod" already exists"#]),
            KubectlStep("kubectl run shell --image=busybox --labels=app=shell", output: ["=pod/shell created\n"]),
            KubectlStep("kubectl get pod shell -o jsonpath={.status.phase}", output: ["=Pending"]),
            KubectlStep(
                "kubectl expose pod shell --port=80 --name=shell-svc", output: ["=service/shell-svc exposed\n"]),
            KubectlStep(
                "kubectl create -f - -o name",
                input: "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"generateName\":\"gen-\"},"
                    + "\"spec\":{\"ports\":[{\"port\":1}]}}",
                output: ["service/gen-"]),
        ])

    private static let showing = KubectlScript(
        testDescription: "get, describe, explain",
        steps: [
            KubectlStep("kubectl apply -f -", input: web),
            KubectlStep("kubectl create namespace prod"),
            KubectlStep("kubectl create service clusterip other --tcp=81:81 -n prod"),
            KubectlStep(
                "kubectl get svc",
                output: ["NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE", "80/TCP", "<none>"],
                not: ["SELECTOR"]),
            KubectlStep("kubectl get svc -o wide", output: ["SELECTOR", "app=web"]),
            KubectlStep("kubectl get svc -A", output: ["NAMESPACE", "default     kubernetes", "prod        other"]),
            KubectlStep(
                "kubectl get svc web -o yaml", output: ["kind: Service", "internalTrafficPolicy: Cluster", "uid: "]),
            KubectlStep("kubectl get svc -o json", output: [#""kind": "List""#]),
            KubectlStep("kubectl get svc -l app=web -o name", output: ["=service/web\n"]),
            KubectlStep("kubectl get svc -l 'app!=web' -o name", output: ["=service/kubernetes\n"]),
            KubectlStep("kubectl get svc -l 'app in (web,x),!gone' -o name", output: ["=service/web\n"]),
            KubectlStep("kubectl get svc --field-selector metadata.name=web -o name", output: ["=service/web\n"]),
            KubectlStep("kubectl get svc -A --field-selector spec.type=ClusterIP -o name", output: ["service/other"]),
            KubectlStep(
                "kubectl get svc --field-selector spec.ports=1", status: 1, errors: ["field label not supported"]),
            KubectlStep(
                "kubectl get svc --chunk-size=1 -A -o name",
                output: ["service/kubernetes", "service/web", "service/other"]),
            KubectlStep("kubectl get all -A", output: ["service/web", "service/other"]),
            KubectlStep("kubectl get nodes", errors: ["No resources found"]),
            KubectlStep("kubectl get ns", output: ["NAME", "STATUS", "default", "Active", "kube-system"]),
            KubectlStep("kubectl get ep,endpointslices", output: ["kubernetes", "web-"]),
            KubectlStep(
                "kubectl get ip", output: ["PARENTREF", "services/default/web", "services/default/kubernetes"]),
            KubectlStep("kubectl get servicecidrs", output: ["kubernetes", "10.96.0.0/16"]),
            KubectlStep("kubectl get svc gone", status: 1, errors: [#"services "gone" not found"#]),
            KubectlStep("kubectl get gizmos", status: 1, errors: ["the server doesn't have a resource type"]),
            KubectlStep(
                "kubectl describe svc web",
                output: ["Name:", "Selector:", "app=web", "TargetPort:", "8080/TCP", "Session Affinity:"]),
            KubectlStep("kubectl describe ns prod", output: ["Status:", "Active"]),
            KubectlStep("kubectl explain service", output: ["KIND:", "Service", "spec"]),
            KubectlStep("kubectl explain service.spec", output: ["clusterIP", "<string>", "ports", "[]ServicePort"]),
            KubectlStep("kubectl explain service.spec.ports --recursive", output: ["nodePort", "<integer>"]),
            KubectlStep("kubectl explain endpointslice.endpoints.conditions", output: ["ready", "<boolean>"]),
            KubectlStep("kubectl api-resources", output: ["services", "endpointslices", "svc", "ipaddresses"]),
            KubectlStep("kubectl api-versions", output: ["v1\n", "discovery.k8s.io/v1"]),
            KubectlStep("kubectl version", output: ["Server Version: v1.36"]),
            KubectlStep("kubectl get --raw /readyz", output: ["=ok"]),
            KubectlStep("kubectl get --raw '/readyz?verbose'", output: ["[+]ping ok", "readyz check passed"]),
            KubectlStep("kubectl events -A", errors: ["No events found"]),
        ])

    private static let changing = KubectlScript(
        testDescription: "edit, label, annotate, patch, replace, set, wait",
        steps: [
            KubectlStep("kubectl apply -f -", input: web),
            KubectlStep(
                "EDITOR='sed -i s/8080/8181/' kubectl edit svc web", output: ["service/web edited"]),
            KubectlStep("kubectl get svc web -o jsonpath={.spec.ports[0].targetPort}", output: ["=8181"]),
            KubectlStep("kubectl label svc web tier=front", output: ["=service/web labeled\n"]),
            KubectlStep("kubectl label svc web tier=front", output: ["not labeled"]),
            KubectlStep("kubectl label svc web tier=back", status: 1, errors: ["already has a value"]),
            KubectlStep("kubectl label svc web tier-", output: ["unlabeled"]),
            KubectlStep("kubectl annotate svc web a/b=c", output: ["=service/web annotated\n"]),
            KubectlStep(
                #"kubectl patch svc web -p '{"spec":{"ports":[{"port":80,"targetPort":7070}]}}'"#,
                output: ["service/web patched"]),
            KubectlStep(
                "kubectl get svc web -o jsonpath={.spec.ports[*].name}/{.spec.ports[*].targetPort}",
                output: ["=http/7070"]),
            KubectlStep(
                #"kubectl patch svc web --type merge -p '{"metadata":{"annotations":{"x":"y"}}}'"#,
                output: ["service/web patched"]),
            KubectlStep(
                #"kubectl patch svc web --type json -p '[{"op":"replace","path":"/spec/ports/0/targetPort","value":6060}]'"#,
                output: ["service/web patched"]),
            KubectlStep(
                #"kubectl patch svc web --type json -p '[{"op":"test","path":"/spec/ports/0/port","value":1}]'"#,
                status: 1, errors: ["the server rejected our request due to an error in our request"]),
            KubectlStep(#"kubectl patch svc web -p '{}'"#, output: ["service/web patched (no change)"]),
            KubectlStep(
                "kubectl get svc web -o yaml | sed 's/6060/5050/' | kubectl replace -f -",
                output: ["service/web replaced"]),
            KubectlStep("kubectl get svc web -o jsonpath={.spec.ports[0].targetPort}", output: ["=5050"]),
            KubectlStep(
                """
                kubectl get svc web -o yaml > old.yaml
                kubectl label svc web n=1 >/dev/null
                kubectl replace -f old.yaml
                """, status: 1, errors: ["the object has been modified"]),
            KubectlStep("kubectl set selector svc web app=other", output: ["selector updated"]),
            KubectlStep(
                "kubectl wait --for=jsonpath='{.spec.type}'=ClusterIP svc/web --timeout=10s", output: ["condition met"]),
            KubectlStep("kubectl wait --for=delete svc/gone --timeout=10s"),
            KubectlStep(
                #"kubectl patch svc web --subresource status -p '{"status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.1"}]}}}'"#,
                status: 1, errors: ["may only be used when `spec.type` is \"LoadBalancer\""]),
            KubectlStep(
                #"kubectl patch svc web -p '{"spec":{"type":"LoadBalancer"}}'"#, output: ["service/web patched"]),
            KubectlStep(
                #"kubectl patch svc web --subresource status -p '{"status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.1"}]}}}'"#,
                output: ["service/web patched"]),
        ])

    private static let removing = KubectlScript(
        testDescription: "delete, finalizers, namespaces",
        steps: [
            KubectlStep("kubectl apply -f -", input: web),
            KubectlStep("kubectl delete svc web", output: [#"service "web" deleted"#]),
            KubectlStep("kubectl get svc web", status: 1, errors: ["not found"]),
            KubectlStep("kubectl delete svc web", status: 1, errors: [#"services "web" not found"#]),
            KubectlStep("kubectl delete svc web --ignore-not-found"),
            KubectlStep("await eval '! kubectl get endpointslices -o name | grep web-'"),
            KubectlStep("kubectl create namespace prod"),
            KubectlStep("kubectl create service clusterip a --tcp=80 -n prod"),
            KubectlStep("kubectl delete namespace prod --timeout=20s", output: [#"namespace "prod" deleted"#]),
            KubectlStep("kubectl get svc -n prod", errors: ["No resources found"]),
            KubectlStep("kubectl get ns prod", status: 1, errors: ["not found"]),
            KubectlStep("kubectl delete namespace default", status: 1, errors: ["Forbidden", "may not be deleted"]),
            KubectlStep("kubectl delete -f -", input: web, status: 1, errors: ["not found"]),
            KubectlStep(
                """
                kubectl create service clusterip held --tcp=80
                kubectl patch svc held -p '{"metadata":{"finalizers":["example.org/hold"]}}'
                kubectl delete svc held --wait=false
                kubectl get svc held -o jsonpath={.metadata.deletionTimestamp}
                kubectl patch svc held --type json -p '[{"op":"remove","path":"/metadata/finalizers"}]'
                kubectl get svc held
                """, status: 1, output: ["deleted", "T"], errors: ["not found"]),
            KubectlStep(
                "kubectl create service clusterip x --tcp=80; kubectl create service clusterip y --tcp=80; "
                    + "kubectl delete svc -l app=x", output: [#"service "x" deleted"#], not: [#""y" deleted"#]),
            KubectlStep("kubectl delete svc kubernetes; await kubectl get svc kubernetes", output: ["kubernetes"]),
        ])

    private static let refusals = KubectlScript(
        testDescription: "refusals",
        steps: [
            KubectlStep(
                "kubectl create service clusterip Bad_Name --tcp=80", status: 1,
                errors: ["metadata.name: Invalid value"]),
            KubectlStep("kubectl create service clusterip a --tcp=80 --clusterip=10.96.5.5"),
            KubectlStep(
                "kubectl create service clusterip b --tcp=80 --clusterip=10.96.5.5", status: 1,
                errors: ["spec.clusterIPs: Invalid value", "already allocated"]),
            KubectlStep(
                "kubectl create service clusterip b --tcp=80 --clusterip=192.0.2.1", status: 1,
                errors: ["spec.clusterIPs: Invalid value", "does not match the current range"]),
            KubectlStep(
                #"kubectl patch svc a -p '{"spec":{"clusterIP":"10.96.5.6"}}'"#, status: 1,
                errors: ["may not change once set"]),
            KubectlStep(
                #"kubectl patch svc a -p '{"spec":{"ports":[{"port":0}]}}'"#, status: 1,
                errors: [#"The Service "a" is invalid"#, "must be between 1 and 65535"]),
            KubectlStep(
                "kubectl create -f -", input: web.replacing("selector:", with: "selektor:"), status: 1,
                errors: [#"strict decoding error: unknown field "spec.selektor""#]),
            KubectlStep(
                "kubectl create --validate=warn -f -", input: web.replacing("selector:", with: "selektor:"),
                output: ["service/web created"], errors: [#"unknown field "spec.selektor""#]),
            KubectlStep(
                "kubectl create -n nowhere service clusterip a --tcp=80", status: 1,
                errors: [#"namespaces "nowhere" not found"#]),
            KubectlStep(
                "kubectl create service nodeport np --tcp=80 --node-port=99", status: 1,
                errors: ["spec.ports[0].nodePort: Invalid value: 99"]),
            KubectlStep(
                #"curl -s -X PUT -H 'Content-Type: text/plain' --data x $URL/api/v1/namespaces/default/services/a"#,
                output: [#""code":415"#]),
            KubectlStep(#"curl -s -X POST $URL/api/v1/namespaces/default/services/a"#, output: [#""code":405"#]),
            KubectlStep(#"curl -s -H 'Accept: image/png' $URL/api/v1/services"#, output: [#""code":406"#]),
            KubectlStep(#"curl -s $URL/api/v1/nothing"#, output: [#""code":404"#]),
            KubectlStep(
                #"curl -s "$URL/api/v1/services?resourceVersion=99999999""#,
                output: ["ResourceVersionTooLarge", #""code":504"#]),
            KubectlStep(#"curl -s "$URL/api/v1/services?continue=broken""#, output: [#""code":400"#]),
            KubectlStep(#"curl -s -H 'Host: evil.example.org' $URL/api/v1/services"#, output: [#""code":403"#]),
            KubectlStep(
                #"head -c 4000000 /dev/zero | curl -s -X POST -H 'Content-Type: application/json' --data-binary @- $URL/api/v1/namespaces"#,
                output: [#""code":413"#]),
        ])

    private static let watching = KubectlScript(
        testDescription: "watch",
        steps: [
            KubectlStep(
                """
                kubectl get svc -w -o name > seen & watcher=$!
                await grep -q kubernetes seen
                kubectl create service clusterip one --tcp=80
                kubectl label svc one a=b
                kubectl delete svc one
                await eval '[ "$(grep -c one seen)" -ge 3 ]'
                kill $watcher
                """, output: ["service/one created"]),
            KubectlStep(
                """
                curl -sN "$URL/api/v1/services?watch=1&labelSelector=on%3Dyes&timeoutSeconds=20" > events & watcher=$!
                kubectl create service clusterip two --tcp=80
                kubectl label svc two on=yes
                kubectl label svc two on=no --overwrite
                await grep -q DELETED events
                kill $watcher
                cut -c1-20 events
                """, output: [#"{"type":"ADDED""#, #"{"type":"DELETED""#], not: ["MODIFIED"]),
            KubectlStep(
                #"timeout 20 curl -sN "$URL/api/v1/services?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=1""#,
                output: [#"k8s.io/initial-events-end":"true""#]),
            KubectlStep(
                #"curl -s "$URL/api/v1/services?watch=1&sendInitialEvents=true""#, output: [#""code":422"#]),
        ])

    private static let applyingOnTheServer = KubectlScript(
        testDescription: "apply --server-side",
        steps: [
            KubectlStep("kubectl apply --server-side -f -", input: web, output: ["service/web serverside-applied"]),
            KubectlStep(
                "kubectl apply --server-side --field-manager=other -f -", input: web.replacing("8080", with: "1234"),
                status: 1, errors: [#"conflict with "kubectl": .spec.ports[port=80,protocol="TCP"].targetPort"#]),
            KubectlStep(
                "kubectl apply --server-side --field-manager=other --force-conflicts -f -",
                input: web.replacing("8080", with: "1234"), output: ["serverside-applied"]),
            KubectlStep("kubectl get svc web -o jsonpath={.spec.ports[0].targetPort}", output: ["=1234"]),
            KubectlStep(
                "kubectl get svc web --show-managed-fields -o yaml",
                output: ["manager: other", "operation: Apply", "f:targetPort"]),
        ])
}
