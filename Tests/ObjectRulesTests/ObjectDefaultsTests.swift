import ObjectRules
import Registry
import Testing

@Suite("Defaults")
struct ObjectDefaultsTests {
    /// A document and what becomes of it.
    struct Filled: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let kind: ObjectKind
        let given: String
        let expected: String

        init(_ name: String, _ kind: ObjectKind, _ given: String, _ expected: String) {
            (testDescription, self.kind, self.given, self.expected) = (name, kind, given, expected)
        }
    }

    private static let clusterPolicies = #""internalTrafficPolicy": "Cluster", "sessionAffinity": "None""#

    static let table: [Filled] = [
        Filled(
            "a Service's types, protocols and ports", .service,
            #"{"spec": {"ports": [{"port": 80}, {"port": 81, "targetPort": 0}, {"port": 82, "targetPort": "x"}]}}"#,
            """
            {"spec": {"type": "ClusterIP", \(clusterPolicies), "ports": [
            {"port": 80, "targetPort": 80, "protocol": "TCP"}, {"port": 81, "targetPort": 81, "protocol": "TCP"},
            {"port": 82, "targetPort": "x", "protocol": "TCP"}]}}
            """),
        Filled(
            "an empty targetPort is the port", .service,
            #"{"spec": {"ports": [{"port": 80, "protocol": "UDP", "targetPort": ""}]}}"#,
            """
            {"spec": {"type": "ClusterIP", \(clusterPolicies), "ports": [
            {"port": 80, "targetPort": 80, "protocol": "UDP"}]}}
            """),
        Filled(
            "no spec at all", .service, "{}", #"{"spec": {"type": "ClusterIP", \#(clusterPolicies)}}"#),
        Filled(
            "ClientIP has a timeout", .service, #"{"spec": {"sessionAffinity": "ClientIP"}}"#,
            """
            {"spec": {"type": "ClusterIP", "internalTrafficPolicy": "Cluster", "sessionAffinity": "ClientIP",
            "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 10800}}}}
            """),
        Filled(
            "a timeout of one's own stays", .service,
            """
            {"spec": {"type": "ExternalName", "sessionAffinity": "ClientIP",
            "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 5}}}}
            """,
            """
            {"spec": {"type": "ExternalName", "sessionAffinity": "ClientIP",
            "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 5}}}}
            """),
        Filled(
            "without affinity its settings go", .service,
            #"{"spec": {"sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 5}}}}"#,
            #"{"spec": {"type": "ClusterIP", \#(clusterPolicies)}}"#),
        Filled(
            "an ExternalName has no traffic policies", .service, #"{"spec": {"type": "ExternalName"}}"#,
            #"{"spec": {"type": "ExternalName", "sessionAffinity": "None"}}"#),
        Filled(
            "external IPs open a Service", .service, #"{"spec": {"externalIPs": ["192.0.2.1"]}}"#,
            """
            {"spec": {"type": "ClusterIP", \(clusterPolicies), "externalIPs": ["192.0.2.1"],
            "externalTrafficPolicy": "Cluster"}}
            """),
        Filled(
            "a NodePort is open", .service, #"{"spec": {"type": "NodePort", "internalTrafficPolicy": "Local"}}"#,
            """
            {"spec": {"type": "NodePort", "internalTrafficPolicy": "Local", "sessionAffinity": "None",
            "externalTrafficPolicy": "Cluster"}}
            """),
        Filled(
            "a LoadBalancer has node ports and addresses of its mode", .service,
            """
            {"spec": {"type": "LoadBalancer"}, "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"},
            {"hostname": "a"}]}}}
            """,
            """
            {"spec": {"type": "LoadBalancer", \(clusterPolicies), "externalTrafficPolicy": "Cluster",
            "allocateLoadBalancerNodePorts": true}, "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1",
            "ipMode": "VIP"}, {"hostname": "a"}]}}}
            """),
        Filled(
            "a Namespace is labelled with its name", .namespace,
            #"{"metadata": {"name": "a", "labels": {"kubernetes.io/metadata.name": "b", "c": "d"}}}"#,
            """
            {"metadata": {"name": "a", "labels": {"kubernetes.io/metadata.name": "a", "c": "d"}},
            "status": {"phase": "Active"}}
            """),
        Filled(
            "a Namespace whose name is to be generated is not", .namespace, #"{"metadata": {"generateName": "a-"}}"#,
            #"{"metadata": {"generateName": "a-"}, "status": {"phase": "Active"}}"#),
        Filled(
            "ports of Endpoints speak TCP", .endpoints,
            #"{"subsets": [{"addresses": [{"ip": "192.0.2.1"}], "ports": [{"port": 80}]}]}"#,
            #"{"subsets": [{"addresses": [{"ip": "192.0.2.1"}], "ports": [{"port": 80, "protocol": "TCP"}]}]}"#),
        Filled(
            "ports of slices have a name; conditions stay as they are", .endpointSlice,
            #"{"ports": [{"port": 80}, {"name": "a", "protocol": "UDP"}], "endpoints": [{"addresses": ["192.0.2.1"]}]}"#,
            """
            {"ports": [{"port": 80, "protocol": "TCP", "name": ""}, {"name": "a", "protocol": "UDP"}],
            "endpoints": [{"addresses": ["192.0.2.1"]}]}
            """),
        Filled(
            "what a Node has it can give away", .node,
            #"{"spec": {"podCIDR": "10.0.0.0/24"}, "status": {"capacity": {"cpu": "1"}}}"#,
            """
            {"spec": {"podCIDR": "10.0.0.0/24", "podCIDRs": ["10.0.0.0/24"]},
            "status": {"capacity": {"cpu": "1"}, "allocatable": {"cpu": "1"}}}
            """),
        Filled("Leases have none", .lease, #"{"spec": {}}"#, #"{"spec": {}}"#),
        Filled("Events have none", .event, "{}", "{}"),
        Filled("IPAddresses have none", .ipAddress, "{}", "{}"),
        Filled("ServiceCIDRs have none", .serviceCIDR, "{}", "{}"),
        Filled(
            "a Pod", .pod,
            """
            {"spec": {"containers": [{"name": "a", "image": "web", "ports": [{"containerPort": 80}],
            "env": [{"name": "N", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
            "readinessProbe": {"httpGet": {"port": 80}}, "resources": {"limits": {"cpu": "1"}}}],
            "serviceAccountName": "default", "volumes": [{"name": "v"}, {"name": "s", "secret": {"secretName": "x"}},
            {"name": "p", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}},
            {"name": "h", "hostPath": {"path": "/"}}]},
            "status": {"podIP": "192.0.2.1"}}
            """,
            """
            {"spec": {"containers": [{"name": "a", "image": "web", "ports": [{"containerPort": 80, "protocol": "TCP"}],
            "env": [{"name": "N", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name", "apiVersion": "v1"}}}],
            "readinessProbe": {"httpGet": {"port": 80, "path": "/", "scheme": "HTTP"}, "timeoutSeconds": 1,
            "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3},
            "resources": {"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}, "imagePullPolicy": "Always",
            "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}],
            "restartPolicy": "Always", "dnsPolicy": "ClusterFirst", "terminationGracePeriodSeconds": 30,
            "schedulerName": "default-scheduler", "securityContext": {}, "enableServiceLinks": true,
            "serviceAccountName": "default", "serviceAccount": "default",
            "volumes": [{"name": "v", "emptyDir": {}},
            {"name": "s", "secret": {"secretName": "x", "defaultMode": 420}},
            {"name": "p", "projected": {"defaultMode": 420, "sources": [{"serviceAccountToken": {"path": "t",
            "expirationSeconds": 3600}}]}},
            {"name": "h", "hostPath": {"path": "/", "type": ""}}]},
            "status": {"podIP": "192.0.2.1", "podIPs": [{"ip": "192.0.2.1"}]}}
            """),
        Filled(
            "a Pod on the network of its host, with podIPs only", .pod,
            """
            {"spec": {"hostNetwork": true, "restartPolicy": "Never", "containers": [{"image": "r:5000/web:1",
            "ports": [{"containerPort": 80}], "terminationMessagePath": "/t", "resources": {}}]},
            "status": {"podIPs": [{"ip": "192.0.2.1"}, {"ip": "2001:db8::1"}]}}
            """,
            """
            {"spec": {"hostNetwork": true, "restartPolicy": "Never", "containers": [{"image": "r:5000/web:1",
            "ports": [{"containerPort": 80, "hostPort": 80, "protocol": "TCP"}], "terminationMessagePath": "/t",
            "resources": {}, "imagePullPolicy": "IfNotPresent", "terminationMessagePolicy": "File"}],
            "dnsPolicy": "ClusterFirst", "terminationGracePeriodSeconds": 30,
            "schedulerName": "default-scheduler", "securityContext": {}, "enableServiceLinks": true},
            "status": {"podIP": "192.0.2.1", "podIPs": [{"ip": "192.0.2.1"}, {"ip": "2001:db8::1"}]}}
            """),
    ]

    @Test("Each kind has its defaults, once", arguments: table)
    func filled(_ row: Filled) throws {
        let filled = ObjectDefaults.apply(to: try json(row.given), kind: row.kind)
        #expect(filled == (try json(row.expected)))
        #expect(ObjectDefaults.apply(to: filled, kind: row.kind) == filled)
    }

    /// The addresses of a Pod as a kubelet writes them, and as they are then.
    static let addresses: [(String, String)] = [
        (#"{"podIP": "192.0.2.1"}"#, #"{"podIP": "192.0.2.1", "podIPs": [{"ip": "192.0.2.1"}]}"#),
        (#"{"podIPs": [{"ip": "192.0.2.1"}]}"#, #"{"podIP": "192.0.2.1", "podIPs": [{"ip": "192.0.2.1"}]}"#),
        (
            #"{"podIP": "192.0.2.2", "podIPs": [{"ip": "192.0.2.1"}, {"ip": "2001:db8::1"}]}"#,
            #"{"podIP": "192.0.2.2", "podIPs": [{"ip": "192.0.2.2"}]}"#
        ),
        (#"{"podIP": "", "podIPs": []}"#, #"{"podIP": "", "podIPs": []}"#),
    ]

    @Test("The address of a Pod begins the list of its addresses, and decides where they differ", arguments: addresses)
    func podAddresses(_ status: String, _ expected: String) throws {
        let pod = ObjectDefaults.apply(to: try json(#"{"status": \#(status)}"#), kind: .pod)
        #expect(pod["status"] == (try json(expected)))
    }

    @Test(
        "Images without a tag of their own are pulled each time",
        arguments: [
            ("web", "Always"), ("web:latest", "Always"), ("web:1", "IfNotPresent"), ("r:5000/web", "Always"),
            ("r:5000/web:1", "IfNotPresent"), ("web@sha256:0", "IfNotPresent"), ("web:1@sha256:0", "IfNotPresent"),
            ("web:latest@sha256:0", "Always"), ("", "Always"),
        ])
    func pullPolicy(_ image: String, _ policy: String) throws {
        let pod = try json(#"{"spec": {"containers": [{"image": "\#(image)"}]}}"#)
        let spec = ObjectDefaults.apply(to: pod, kind: .pod)["spec"]
        guard case .array(let containers)? = spec?["containers"] else {
            Issue.record("no containers")
            return
        }
        #expect(containers.first?["imagePullPolicy"] == .string(policy))
    }
}
