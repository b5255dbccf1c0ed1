import ObjectRules
import Registry
import Testing

@Suite("Rules of new objects")
struct CreateValidationTests {
    static let metadata: [Breach] = [
        Breach(
            .service, ["metadata.generateName": #""web-""#, "metadata.finalizers": #"["a/b", "orphan"]"#]),
        Breach(
            .service, ["metadata.generateName": #""Web-""#],
            "metadata.generateName: Invalid value: \"Web-\": \(Text.label)"),
        Breach(.service, ["metadata.name": ""], "metadata.name: Required value: name or generateName is required"),
        Breach(
            .service, ["metadata.name": "\"\(String(repeating: "a", count: 64))\""],
            "metadata.name: Invalid value: \"\(String(repeating: "a", count: 64))\": must be no more than 63 bytes"),
        Breach(
            .namespace, ["metadata.name": #""a.b""#], "metadata.name: Invalid value: \"a.b\": must not contain dots"),
        Breach(
            .namespace, ["metadata.namespace": #""a""#], "metadata.namespace: Forbidden: not allowed on this type"),
        Breach(.lease, ["metadata.name": #""a.b""#]),
        Breach(
            .lease, ["metadata.name": #""a_b""#], "metadata.name: Invalid value: \"a_b\": \(Text.subdomain)"),
        Breach(
            .lease, ["metadata.labels": #"{"a/b/c": "x"}"#],
            "metadata.labels: Invalid value: \"a/b/c\": a valid label key "
                + "\(Text.name.dropFirst("name part ".count)) with an optional DNS subdomain prefix and '/' "
                + "(e.g. 'example.com/MyName')"),
        Breach(
            .lease, ["metadata.labels": #"{"/a": "x"}"#],
            "metadata.labels: Invalid value: \"/a\": prefix part must be non-empty"),
        Breach(
            .lease, ["metadata.finalizers": #"["a"]"#],
            "metadata.finalizers[0]: Invalid value: \"a\": "
                + "name is neither a standard finalizer name nor is it fully qualified"),
        Breach(
            .lease, ["metadata.finalizers": #"["orphan", "foregroundDeletion"]"#],
            "metadata.finalizers: Invalid value: [\"orphan\",\"foregroundDeletion\"]: "
                + "finalizer set cannot contain both orphan and foregroundDeletion"),
        Breach(
            .lease, ["metadata.ownerReferences": #"[{"apiVersion": "v1", "kind": "Pod", "name": "a", "uid": "b"}]"#]),
        Breach(
            .lease, ["metadata.ownerReferences": "[{}]"],
            "metadata.ownerReferences.apiVersion: Invalid value: \"\": version must not be empty",
            "metadata.ownerReferences.kind: Invalid value: \"\": must not be empty",
            "metadata.ownerReferences.name: Invalid value: \"\": must not be empty",
            "metadata.ownerReferences.uid: Invalid value: \"\": must not be empty"),
        Breach(
            .lease,
            [
                "metadata.ownerReferences": """
                [{"apiVersion": "v1", "kind": "Pod", "name": "a", "uid": "b", "controller": true},
                {"apiVersion": "v1", "kind": "Pod", "name": "c", "uid": "d", "controller": true}]
                """
            ],
            "metadata.ownerReferences: Invalid value: [{\"apiVersion\":\"v1\",\"controller\":true,\"kind\":\"Pod\","
                + "\"name\":\"a\",\"uid\":\"b\"},{\"apiVersion\":\"v1\",\"controller\":true,\"kind\":\"Pod\","
                + "\"name\":\"c\",\"uid\":\"d\"}]: Only one reference can have Controller set to true. "
                + "Found \"true\" in references for Pod/a and Pod/c"),
    ]

    static let services: [Breach] = [
        Breach(
            .service, ["spec.ports.0.port": "0", "spec.ports.0.targetPort": "1"],
            "spec.ports[0].port: Invalid value: 0: \(Text.range)"),
        Breach(
            .service, ["spec.ports.0.protocol": #""tcp""#],
            "spec.ports[0].protocol: Unsupported value: \"tcp\": supported values: \"SCTP\", \"TCP\", \"UDP\""),
        Breach(.service, ["spec.ports.0.appProtocol": #""example.org/x""#]),
        Breach(
            .service, ["spec.ports.0.appProtocol": #""a b""#],
            "spec.ports[0].appProtocol: Invalid value: \"a b\": \(Text.name)"),
        Breach(
            .service, ["spec.loadBalancerClass": #""a/b""#],
            "spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'"),
        Breach(
            .service, ["spec.loadBalancerSourceRanges": #"["10.0.0.0/8"]"#],
            "spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'"),
        Breach(
            .service,
            [
                "spec.type": #""LoadBalancer""#, "spec.loadBalancerClass": #""a/b""#,
                "spec.loadBalancerSourceRanges": #"[" 10.0.0.0/8 ", "x"]"#,
            ], "spec.LoadBalancerSourceRanges[1]: Invalid value: \"x\": \(Text.network)"),
        Breach(
            .endpointSlice, ["addressType": ""], "addressType: Required value"),
        Breach(
            .endpointSlice, ["endpoints.0.hints": #"{"forZones": [{"name": "a"}, {"name": "a"}]}"#],
            "endpoints[0].hints.forZones[1].name: Duplicate value: \"a\""),
        Breach(
            .endpointSlice, ["endpoints.0.deprecatedTopology": #"{"a b": "c"}"#],
            "endpoints[0].deprecatedTopology: Invalid value: \"a b\": \(Text.name)"),
        Breach(
            .endpointSlice, ["ports.0.appProtocol": #""a b""#],
            "ports[0].appProtocol: Invalid value: \"a b\": \(Text.name)"),
        Breach(
            .endpointSlice, ["endpoints": "[\(Array(repeating: "{}", count: 1001).joined(separator: ","))]"],
            "endpoints: Too many: 1001: must have at most 1000 items"),
        Breach(
            .endpointSlice,
            ["endpoints.0.addresses": "[\(Array(repeating: "\"192.0.2.1\"", count: 101).joined(separator: ","))]"],
            "endpoints[0].addresses: Too many: 101: must have at most 100 items"),
        Breach(.endpointSlice, ["addressType": #""FQDN""#, "endpoints.0.addresses": #"["example.org."]"#]),
        Breach(
            .endpointSlice, ["addressType": #""FQDN""#, "endpoints.0.addresses": #"["example"]"#],
            "endpoints[0].addresses[0]: Invalid value: \"example\": "
                + "should be a domain with at least two segments separated by dots"),
        Breach(
            .endpoints, ["subsets.0.addresses": "[]"],
            "subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`"),
        Breach(
            .endpoints, ["subsets.0.addresses.0.ip": #""169.254.0.1""#],
            "subsets[0].addresses[0].ip: Invalid value: \"169.254.0.1\": "
                + "may not be in the link-local range (169.254.0.0/16, fe80::/10)"),
        Breach(
            .endpoints, ["subsets.0.ports": #"[{"port": 1, "protocol": "TCP"}, {"name": "a", "port": 0}]"#],
            "subsets[0].ports[0].name: Required value", "subsets[0].ports[1].port: Invalid value: 0: \(Text.range)"),
    ]

    static let pods: [Breach] = [
        Breach(.pod, ["spec.containers": "[]"], "spec.containers: Required value"),
        Breach(
            .pod, ["spec.containers.0.name": "", "spec.containers.0.image": ""],
            "spec.containers[0].name: Required value", "spec.containers[0].image: Required value"),
        Breach(
            .pod, ["spec.containers.0.name": #""A""#], "spec.containers[0].name: Invalid value: \"A\": \(Text.label)"),
        Breach(
            .pod, ["spec.containers.0.image": #"" a""#],
            "spec.containers[0].image: Invalid value: \" a\": must not have leading or trailing whitespace"),
        Breach(
            .pod,
            [
                "spec.initContainers":
                    #"[{"name": "a", "image": "b", "imagePullPolicy": "Never", "terminationMessagePolicy": "File"}]"#
            ], "spec.initContainers[0].name: Duplicate value: \"a\""),
        Breach(
            .pod, ["spec.containers.0.ports.0.containerPort": "65536"],
            "spec.containers[0].ports[0].containerPort: Invalid value: 65536: \(Text.range)"),
        Breach(
            .pod, ["spec.containers.0.ports.0.name": #""-1""#],
            "spec.containers[0].ports[0].name: Invalid value: \"-1\": must contain at least one letter (a-z)",
            "spec.containers[0].ports[0].name: Invalid value: \"-1\": must not begin or end with a hyphen"),
        Breach(
            .pod, ["spec.hostNetwork": "true"],
            "spec.containers[0].ports[0].containerPort: Invalid value: 80: "
                + "must match `hostPort` when `hostNetwork` is true"),
        Breach(
            .pod, ["spec.containers.0.imagePullPolicy": #""x""#],
            "spec.containers[0].imagePullPolicy: Unsupported value: \"x\": supported values: "
                + "\"Always\", \"IfNotPresent\", \"Never\""),
        Breach(
            .pod, ["spec.containers.0.env": #"[{"name": "A=B"}, {"name": ""}, {"name": "1 é"}]"#],
            "spec.containers[0].env[0].name: Invalid value: \"A=B\": a valid environment variable name must consist "
                + "only of printable ASCII characters other than '='",
            "spec.containers[0].env[1].name: Required value",
            "spec.containers[0].env[2].name: Invalid value: \"1 é\": a valid environment variable name must consist "
                + "only of printable ASCII characters other than '='"),
        Breach(
            .pod, ["spec.volumes": "[]"], "spec.containers[0].volumeMounts[0].name: Not found: \"v\""),
        Breach(
            .pod, ["spec.volumes": #"[{"name": "v"}, {"name": "v"}, {}]"#],
            "spec.volumes[1].name: Duplicate value: \"v\"", "spec.volumes[2].name: Required value"),
        Breach(
            .pod,
            ["spec.containers.0.resources": #"{"limits": {"cpu": "1"}, "requests": {"cpu": "2", "memory": "x"}}"#],
            "spec.containers[0].resources.requests: Invalid value: \"2\": must be less than or equal to cpu limit of 1",
            "spec.containers[0].resources.requests.memory: Invalid value: \"x\": must be a quantity, as `100m` or `1Gi`"
        ),
        Breach(
            .pod, ["spec.restartPolicy": #""always""#],
            "spec.restartPolicy: Unsupported value: \"always\": supported values: "
                + "\"Always\", \"OnFailure\", \"Never\""),
        Breach(
            .pod, ["spec.dnsPolicy": #""x""#],
            "spec.dnsPolicy: Unsupported value: \"x\": supported values: "
                + "\"ClusterFirstWithHostNet\", \"ClusterFirst\", \"Default\", \"None\""),
        Breach(
            .pod, ["spec.dnsPolicy": #""None""#],
            "spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None"),
        Breach(.pod, ["spec.dnsPolicy": #""None""#, "spec.dnsConfig": #"{"nameservers": ["192.0.2.1"]}"#]),
        Breach(
            .pod, ["spec.dnsPolicy": #""None""#, "spec.dnsConfig": "{}"],
            "spec.dnsConfig.nameservers: Required value: "
                + "must provide at least one DNS nameserver when `dnsPolicy` is None"),
        Breach(
            .pod, ["spec.dnsConfig": #"{"nameservers": ["1.1.1.1", "1.1.1.1", "1.1.1.1", "x"]}"#],
            "spec.dnsConfig.nameservers: Invalid value: [\"1.1.1.1\",\"1.1.1.1\",\"1.1.1.1\",\"x\"]: "
                + "must not have more than 3 nameservers",
            "spec.dnsConfig.nameservers[3]: Invalid value: \"x\": \(Text.address)"),
        Breach(
            .pod, ["spec.dnsConfig": #"{"searches": ["_a.b.", ".", "A"], "options": [{"value": "1"}]}"#],
            "spec.dnsConfig.searches[2]: Invalid value: \"A\": \(Text.searchDomain)",
            "spec.dnsConfig.options[0]: Required value: must not be empty"),
        Breach(
            .pod,
            ["spec.dnsConfig": "{\"searches\": [\(Array(repeating: "\"a\"", count: 33).joined(separator: ","))]}"],
            "spec.dnsConfig.searches: Invalid value: [\(Array(repeating: "\"a\"", count: 33).joined(separator: ","))]: "
                + "must not have more than 32 search paths"),
        Breach(.pod, ["spec.hostname": #""A""#], "spec.hostname: Invalid value: \"A\": \(Text.label)"),
        Breach(.pod, ["spec.subdomain": #""a.b""#], "spec.subdomain: Invalid value: \"a.b\": must not contain dots"),
        Breach(
            .pod, ["spec.hostnameOverride": #""a.b""#, "spec.setHostnameAsFQDN": "true"],
            "spec.hostnameOverride: Forbidden: may not be set when `setHostnameAsFQDN` is true"),
        Breach(
            .pod, ["spec.activeDeadlineSeconds": "0"],
            "spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive"),
        Breach(
            .pod, ["spec.hostAliases": #"[{"ip": "x", "hostnames": ["a", "B"]}]"#],
            "spec.hostAliases[0].ip: Invalid value: \"x\": \(Text.address)",
            "spec.hostAliases[0].hostnames[1]: Invalid value: \"B\": \(Text.subdomain)"),
        Breach(
            .pod, ["spec.volumes.0.hostPath": #"{"path": "/a"}"#, "spec.volumes.0.secret": "{}"],
            "spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type",
            "spec.volumes[0].secret: Forbidden: may not specify more than 1 volume type"),
        Breach(
            .pod,
            ["spec.containers.0.livenessProbe": #"{"exec": {"command": ["a"]}, "grpc": {"port": 1}}"#],
            "spec.containers[0].livenessProbe.grpc: Forbidden: may not specify more than 1 handler type"),
        Breach(
            .pod, ["spec.containers.0.startupProbe": "{}", "spec.containers.0.lifecycle": #"{"preStop": {}}"#],
            "spec.containers[0].lifecycle.preStop: Required value: must specify a handler type",
            "spec.containers[0].startupProbe: Required value: must specify a handler type"),
        Breach(
            .pod,
            [
                "spec.containers.0.readinessProbe": #"{"tcpSocket": {"port": 1}}"#,
                "spec.containers.0.lifecycle": #"{"postStart": {"sleep": {"seconds": 1}}, "stopSignal": "SIGTERM"}"#,
            ]),
        Breach(
            .pod,
            [
                "spec.containers.0.livenessProbe":
                    #"{"httpGet": {"path": "/", "port": 70000, "scheme": "FTP"}, "periodSeconds": -1}"#,
                "spec.containers.0.readinessProbe":
                    #"{"tcpSocket": {"port": "a--b"}, "terminationGracePeriodSeconds": 5}"#,
                "spec.containers.0.startupProbe":
                    #"{"exec": {}, "successThreshold": 2, "terminationGracePeriodSeconds": 0}"#,
            ],
            "spec.containers[0].livenessProbe.httpGet.port: Invalid value: 70000: must be between 1 and 65535, inclusive",
            "spec.containers[0].livenessProbe.httpGet.scheme: Unsupported value: \"FTP\": "
                + "supported values: \"HTTP\", \"HTTPS\"",
            "spec.containers[0].livenessProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0",
            "spec.containers[0].readinessProbe.tcpSocket.port: Invalid value: \"a--b\": "
                + "must not contain consecutive hyphens",
            "spec.containers[0].readinessProbe.terminationGracePeriodSeconds: Invalid value: 5: "
                + "must not be set for readinessProbes",
            "spec.containers[0].startupProbe.exec.command: Required value",
            "spec.containers[0].startupProbe.terminationGracePeriodSeconds: Invalid value: 0: must be greater than 0",
            "spec.containers[0].startupProbe.successThreshold: Invalid value: 2: must be 1"),
        Breach(
            .pod, ["spec.containers.0.lifecycle": #"{"preStop": {"sleep": {"seconds": 31}}}"#],
            "spec.containers[0].lifecycle.preStop.sleep: Invalid value: 31: "
                + "must be non-negative and less than terminationGracePeriodSeconds (30)"),
        Breach(
            .pod,
            [
                "spec.securityContext": #"{"runAsUser": -1, "supplementalGroups": [1, 4294967296]}"#,
                "spec.containers.0.securityContext": #"{"runAsGroup": 2147483648}"#,
            ],
            "spec.containers[0].securityContext.runAsGroup: Invalid value: 2147483648: "
                + "must be between 0 and 2147483647, inclusive",
            "spec.securityContext.supplementalGroups[1]: Invalid value: 4294967296: "
                + "must be between 0 and 2147483647, inclusive",
            "spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive"),
        Breach(
            .pod, ["spec.ephemeralContainers": #"[{"name": "b", "image": "b"}]"#],
            "spec.ephemeralContainers: Forbidden: cannot be set on create"),
        Breach(
            .pod, ["spec.tolerations.0.value": #""b""#],
            "spec.tolerations[0].operator: Invalid value: {\"Effect\":\"\",\"Key\":\"a\",\"Operator\":\"Exists\","
                + "\"TolerationSeconds\":null,\"Value\":\"b\"}: value must be empty when `operator` is 'Exists'"),
        Breach(
            .pod,
            [
                "spec.tolerations":
                    #"[{"operator": "Equal"}, {"key": "a", "operator": "In"}, {"key": "a", "value": "b"}]"#
            ],
            "spec.tolerations[0].operator: Invalid value: \"Equal\": operator must be Exists when `key` is empty, "
                + "which means \"match all values and all keys\"",
            "spec.tolerations[1].operator: Unsupported value: \"In\": supported values: \"Equal\", \"Exists\""),
    ]

    static let others: [Breach] = [
        Breach(
            .namespace, ["spec.finalizers": #"["a"]"#],
            "spec.finalizers[0]: Invalid value: \"a\": "
                + "name is neither a standard finalizer name nor is it fully qualified"),
        Breach(
            .ipAddress, ["metadata.name": #""2001:DB8::1""#],
            "metadata.name: Invalid value: \"2001:DB8::1\": must be in canonical form (\"2001:db8::1\")"),
        Breach(.ipAddress, ["metadata.name": #""web""#], "metadata.name: Invalid value: \"web\": \(Text.address)"),
        Breach(
            .ipAddress, ["metadata.name": #""010.0.0.1""#],
            "metadata.name: Invalid value: \"010.0.0.1\": must not have leading 0s"),
        Breach(.ipAddress, ["spec": ""], "spec.parentRef: Required value"),
        Breach(
            .ipAddress, ["spec.parentRef": "{}"], "spec.parentRef.resource: Required value",
            "spec.parentRef.name: Required value"),
        Breach(
            .ipAddress, ["spec.parentRef.name": #""a/b""#],
            "spec.parentRef.name: Invalid value: \"a/b\": may not contain '/'"),
        Breach(.serviceCIDR, ["spec.cidrs": #"["10.0.0.0/8", "2001:db8::/64"]"#]),
        Breach(.serviceCIDR, ["spec.cidrs": "[]"], "spec.cidrs: Required value: at least one CIDR required"),
        Breach(
            .serviceCIDR, ["spec.cidrs": #"["10.0.0.0/8", "10.0.0.0/8", "10.0.0.0/8"]"#],
            "spec.cidrs: Invalid value: {\"CIDRs\":[\"10.0.0.0/8\",\"10.0.0.0/8\",\"10.0.0.0/8\"]}: "
                + "may only hold up to 2 values"),
        Breach(
            .serviceCIDR, ["spec.cidrs": #"["10.0.0.0/8", "11.0.0.0/8"]"#],
            "spec.cidrs: Invalid value: {\"CIDRs\":[\"10.0.0.0/8\",\"11.0.0.0/8\"]}: may specify no more than one "
                + "IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64"),
        Breach(
            .serviceCIDR, ["spec.cidrs": #"["10.0.0.1/8"]"#],
            "spec.cidrs[0]: Invalid value: \"10.0.0.1/8\": must not have bits set beyond the prefix length"),
        Breach(
            .serviceCIDR, ["spec.cidrs": #"["2001:DB8::/64"]"#],
            "spec.cidrs[0]: Invalid value: \"2001:DB8::/64\": must be in canonical form (\"2001:db8::/64\")"),
        Breach(
            .serviceCIDR, ["spec.cidrs": #"["10.0.0.0/08"]"#],
            "spec.cidrs[0]: Invalid value: \"10.0.0.0/08\": must not have leading 0s in prefix length"),
        Breach(
            .lease, ["spec.leaseDurationSeconds": "0", "spec.leaseTransitions": "-1"],
            "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0",
            "spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0"),
        Breach(
            .lease, ["spec.preferredHolder": #""a""#],
            "spec.preferredHolder: Forbidden: may only be specified if `strategy` is defined"),
        Breach(
            .event, ["involvedObject.namespace": #""x""#],
            "involvedObject.namespace: Invalid value: \"x\": does not match event.namespace"),
        Breach(.event, ["involvedObject.namespace": "", "metadata.namespace": #""default""#]),
        Breach(
            .event, ["involvedObject.namespace": ""],
            "involvedObject.namespace: Invalid value: \"\": does not match event.namespace"),
        Breach(
            .event, ["eventTime": #""2026-07-01T12:00:00.000000Z""#, "reportingComponent": #""a.b/c""#],
            "reportingInstance: Required value", "action: Required value", "reason: Required value"),
        Breach(
            .node, ["spec.taints": #"[{"key": "a", "effect": "x"}, {"key": "a", "effect": "x"}]"#],
            "metadata.taints[0].effect: Unsupported value: \"x\": supported values: "
                + "\"NoSchedule\", \"PreferNoSchedule\", \"NoExecute\"",
            "metadata.taints[1].effect: Unsupported value: \"x\": supported values: "
                + "\"NoSchedule\", \"PreferNoSchedule\", \"NoExecute\"",
            "metadata.taints[1]: Duplicate value: {\"effect\":\"x\",\"key\":\"a\"}: "
                + "taints must be unique by key and effect pair"),
        Breach(
            .node, ["spec.podCIDRs": #"["10.0.0.0/8", "11.0.0.0/8"]"#],
            "spec.podCIDRs: Invalid value: [\"10.0.0.0/8\",\"11.0.0.0/8\"]: "
                + "may specify no more than one CIDR for each IP family"),
        Breach(
            .node, ["status": #"{"addresses": [{"type": "a", "address": "b"}, {"type": "a", "address": "b"}]}"#],
            "status.addresses[1]: Duplicate value: {\"Address\":\"b\",\"Type\":\"a\"}"),
    ]

    @Test("Sound documents break none", arguments: ObjectKind.allCases)
    func sound(_ kind: ObjectKind) throws {
        #expect(ObjectValidation.validateCreate(try Sound.document(kind), kind: kind).map(\.description) == [])
    }

    @Test("Each rule has its message", arguments: metadata + services + pods + others)
    func broken(_ breach: Breach) throws {
        let violations = ObjectValidation.validateCreate(try breach.document(), kind: breach.kind)
        #expect(violations.map(\.description) == breach.expected)
    }

    @Test("Of very many mistakes no more are looked for than are told", arguments: ManyMistakes.documents)
    func many(_ kind: ObjectKind, _ path: String, _ element: String) throws {
        let list = "[\(Array(repeating: element, count: 20_000).joined(separator: ","))]"
        let violations = ObjectValidation.validateCreate(
            try Breach(kind, [path: list]).document(), kind: kind)
        #expect((100...700).contains(violations.count), "\(violations.count)")
    }

    @Test("That one owner may control an object is said once, with names as long as names are")
    func controllers() throws {
        let long = String(repeating: "x", count: 10_000)
        let owner = #"{"apiVersion":"v1","kind":"K","name":"\#(long)","uid":"u","controller":true}"#
        let owners = "[\(Array(repeating: owner, count: 50).joined(separator: ","))]"
        let violations = ObjectValidation.validateCreate(
            try Breach(.lease, ["metadata.ownerReferences": owners]).document(), kind: .lease)
        #expect(violations.count == 1)
        let name = "K/\(long.prefix(253))"
        #expect(violations.first?.detail.hasSuffix("references for \(name) and \(name)") == true)
    }
}

enum ManyMistakes {
    static let documents: [(ObjectKind, String, String)] = [
        (.pod, "spec.containers.0.ports", #"{"name":"UPPER"}"#), (.pod, "spec.containers.0.env", #"{"name":"="}"#),
        (.pod, "spec.containers.0.volumeMounts", "{}"), (.pod, "spec.containers", "{}"), (.pod, "spec.volumes", "{}"),
        (.service, "spec.ports", #"{"port":0}"#), (.service, "spec.externalIPs", #""x""#),
        (.lease, "metadata.finalizers", #""x""#), (.node, "spec.taints", "{}"),
        (.endpoints, "subsets.0.addresses", #"{"ip":"x"}"#),
    ]
}
