import ObjectRules
import Registry
import Testing

@Suite("Rules of changes")
struct UpdateValidationTests {
    private static let updatable =
        "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
        + "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
        + "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n"

    static let changes: [Breach] = [
        Breach(
            .service, ["metadata.uid": #""x""#], "metadata.uid: Invalid value: \"x\": field is immutable"),
        Breach(
            .service, ["metadata.name": #""Other""#],
            "metadata.name: Invalid value: \"Other\": field is immutable"),
        Breach(
            .service, ["metadata.deletionTimestamp": #""2026-07-01T12:00:00Z""#],
            "metadata.deletionTimestamp: Invalid value: \"2026-07-01T12:00:00Z\": field is immutable"),
        // Addresses and node ports are the allocator's, after it has inherited and dropped what it must.
        Breach(.service, ["spec.clusterIPs": #"["x"]"#, "spec.ports.0.nodePort": "1"]),
        Breach(.service, ["spec.ports": "[]"], "spec.ports: Required value"),
        Breach(
            .endpointSlice, ["addressType": #""FQDN""#, "endpoints": "[]"],
            "addressType: Invalid value: \"FQDN\": field is immutable"),
        Breach(
            .ipAddress, ["spec.parentRef.name": #""x""#],
            "spec.parentRef: Invalid value: {\"Group\":\"\",\"Name\":\"x\",\"Namespace\":\"prod\","
                + "\"Resource\":\"services\"}: field is immutable"),
        Breach(.serviceCIDR, ["spec.cidrs": #"["10.1.0.0/24", "2001:db8::/64"]"#]),
        Breach(
            .serviceCIDR, ["spec.cidrs": #"["10.2.0.0/24", "2001:db8::/64"]"#],
            "spec.cidrs[0]: Invalid value: \"10.2.0.0/24\": field is immutable"),
        Breach(
            .serviceCIDR, ["spec.cidrs": #"["10.2.0.0/24"]"#],
            "spec.cidrs[0]: Invalid value: \"10.2.0.0/24\": field is immutable"),
        Breach(
            .node, ["spec.podCIDRs": "", "spec.podCIDR": ""],
            "spec.podCIDRs: Forbidden: node updates may not change podCIDR except from \"\" to valid"),
        Breach(.node, ["spec.providerID": #""x""#]),
        Breach(.event, ["involvedObject.name": #""x""#]),
        Breach(.lease, ["spec.holderIdentity": #""x""#]),
        Breach(
            .lease, ["spec.leaseDurationSeconds": "-1"],
            "spec.leaseDurationSeconds: Invalid value: -1: must be greater than 0"),
        Breach(.pod, ["spec.containers.0.image": #""b:2""#, "spec.activeDeadlineSeconds": "5"]),
        Breach(
            .pod, ["spec.tolerations": #"[{"key": "b"}, {"key": "a", "operator": "Exists", "tolerationSeconds": 3}]"#]),
        Breach(.pod, ["spec.hostNetwork": "false", "spec.nodeName": #""""#, "metadata.labels": #"{"a": "b"}"#]),
        Breach(
            .pod, ["spec.tolerations": "[]"],
            "spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds"),
        Breach(
            .pod, ["spec.nodeName": #""n""#], "spec: Forbidden: \(updatable)+ nodeName: \"n\""),
        Breach(
            .pod, ["spec.dnsPolicy": #""Default""#],
            "spec: Forbidden: \(updatable)- dnsPolicy: \"ClusterFirst\"\n+ dnsPolicy: \"Default\""),
        Breach(
            .pod, ["spec.containers": "[]"], "spec.containers: Required value",
            "spec.containers: Forbidden: pod updates may not add or remove containers"),
        Breach(
            .pod, ["spec.schedulingGates": #"[{"name": "a/b"}]"#],
            "spec.schedulingGates[0]: Forbidden: only deletion is allowed, but found new scheduling gate"),
        Breach(
            .pod, ["spec.activeDeadlineSeconds": "0"],
            "spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive"),
    ]

    @Test("An unchanged document breaks none", arguments: ObjectKind.allCases)
    func unchanged(_ kind: ObjectKind) throws {
        let document = try Sound.document(kind)
        #expect(ObjectValidation.validateUpdate(document, stored: document, kind: kind).map(\.description) == [])
        #expect(
            ObjectValidation.validateStatusUpdate(document, stored: document, kind: kind).map(\.description) == [])
    }

    @Test("Each rule has its message", arguments: changes)
    func change(_ breach: Breach) throws {
        let violations = ObjectValidation.validateUpdate(
            try breach.document(), stored: try Sound.document(breach.kind), kind: breach.kind)
        #expect(violations.map(\.description) == breach.expected)
    }

    /// The addresses that are stored, what an update says of them and of ports, and what is said to it.
    static let addresses: [(stored: String, changes: [String: String], expected: [String])] = [
        (
            "None", ["spec.clusterIP": #""10.97.0.77""#, "spec.clusterIPs": #"["10.97.0.77"]"#, "spec.ports": "[]"],
            [
                "spec.clusterIPs[0]: Invalid value: [\"10.97.0.77\"]: may not change once set",
                "spec.ports: Required value",
            ]
        ),
        (
            "None", ["spec.clusterIP": #""10.97.0.77""#],
            ["spec.clusterIPs[0]: Invalid value: [\"10.97.0.77\"]: may not change once set"]
        ),
        (
            "10.97.0.7", ["spec.clusterIP": #""None""#],
            ["spec.clusterIPs[0]: Invalid value: [\"None\"]: may not change once set"]
        ),
        ("10.97.0.7", [:], []),
        ("10.97.0.7", ["spec.clusterIP": #""10.97.0.7""#], []),
        ("FD00::0:1", ["spec.clusterIP": #""fd00::1""#], []),
        // What the allocator drops, and what it gives anew.
        ("10.97.0.7", ["spec.type": #""ExternalName""#, "spec.externalName": #""a""#], []),
        ("", ["spec.clusterIP": #""10.97.0.7""#], []),
    ]

    @Test("A Service keeps its address, which is said together with its other mistakes", arguments: addresses)
    func address(_ text: String, _ changes: [String: String], _ expected: [String]) throws {
        let stored = try Breach(
            .service,
            text.isEmpty ? [:] : ["spec.clusterIP": "\"\(text)\"", "spec.clusterIPs": "[\"\(text)\"]"]
        ).document()
        let violations = ObjectValidation.validateUpdate(
            try Breach(.service, changes).document(), stored: stored, kind: .service)
        #expect(violations.map(\.description) == expected)
    }

    @Test("A name of a form that is no longer allowed stays")
    func formerName() throws {
        let document = try Breach(.service, ["metadata.name": #""Web.1""#]).document()
        #expect(!ObjectValidation.validateCreate(document, kind: .service).isEmpty)
        #expect(ObjectValidation.validateUpdate(document, stored: document, kind: .service) == [])
    }

    @Test("A deadline only becomes shorter")
    func deadline() throws {
        let path: FieldPath = "spec.activeDeadlineSeconds"
        let stored = try Breach(.pod, ["spec.activeDeadlineSeconds": "5"]).document()
        for (value, expected) in [
            ("5", []), ("4", []), ("6", ["\(path): Invalid value: 6: must be less than or equal to previous value"]),
            ("", ["\(path): Invalid value: \"null\": must not update from a positive integer to nil value"]),
        ] {
            let new = try Breach(.pod, ["spec.activeDeadlineSeconds": value]).document()
            let violations = ObjectValidation.validateUpdate(new, stored: stored, kind: .pod)
            #expect(violations.map(\.description) == expected)
        }
    }

    @Test("Finalizers go, and none come, while an object is deleted")
    func finalizers() throws {
        let deletion = ["metadata.deletionTimestamp": #""2026-07-01T12:00:00Z""#]
        func document(_ finalizers: String) throws -> JSONValue {
            try Breach(.service, deletion.merging(["metadata.finalizers": finalizers]) { $1 }).document()
        }
        let stored = try document(#"["a/b", "a/c"]"#)
        let fewer = ObjectValidation.validateUpdate(try document(#"["a/c"]"#), stored: stored, kind: .service)
        #expect(fewer == [])
        let more = ObjectValidation.validateUpdate(
            try document(#"["a/b", "a/e", "a/d"]"#), stored: stored, kind: .service)
        #expect(
            more.map(\.description) == [
                "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, "
                    + "found new finalizers []string{\"a/d\", \"a/e\"}"
            ])
    }

    @Test("The class of a load balancer stays")
    func loadBalancerClass() throws {
        func document(_ name: String) throws -> JSONValue {
            try Breach(.service, ["spec.type": #""LoadBalancer""#, "spec.loadBalancerClass": name]).document()
        }
        let violations = ObjectValidation.validateUpdate(
            try document(#""a/c""#), stored: try document(#""a/b""#), kind: .service)
        #expect(
            violations.map(\.description) == [
                "spec.loadBalancerClass: Invalid value: \"a/c\": may not change once set"
            ])
    }

    static let statuses: [Breach] = [
        Breach(
            .pod, ["status.podIPs": #"[{"ip": "192.0.2.1"}, {"ip": "2001:db8::1"}]"#, "status.phase": #""Running""#]),
        Breach(
            .pod, ["status.podIPs": #"[{"ip": "x"}]"#], "status.podIPs[0]: Invalid value: \"x\": \(Text.address)"),
        Breach(
            .pod, ["status.podIPs": #"[{"ip": "192.0.2.1"}, {"ip": "192.0.2.2"}]"#],
            "status.podIPs: Invalid value: [{\"IP\":\"192.0.2.1\"},{\"IP\":\"192.0.2.2\"}]: "
                + "may specify no more than one IP for each IP family"),
        Breach(
            .pod, ["status.qosClass": #""Burstable""#],
            "status.qosClass: Invalid value: \"Burstable\": field is immutable"),
        Breach(
            .pod, ["status.conditions": #"[{"type": "Ready"}, {"type": "a b"}]"#],
            "metadata.conditions[1].Type: Invalid value: \"a b\": \(Text.name)"),
        Breach(
            .pod, ["status.hostIP": #""192.0.2.1""#, "status.hostIPs": #"[{"ip": "192.0.2.2"}]"#],
            "status.hostIPs[0].ip: Invalid value: \"192.0.2.2\": must be equal to `hostIP`"),
        Breach(
            .namespace, ["status.phase": #""Terminating""#],
            "status.Phase: Invalid value: \"Terminating\": may only be 'Active' if `deletionTimestamp` is empty"),
        Breach(
            .service, ["status.loadBalancer": #"{"ingress": [{"ip": "192.0.2.1"}]}"#],
            "status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is \"LoadBalancer\""),
        Breach(
            .service,
            [
                "spec.type": #""LoadBalancer""#,
                "status.loadBalancer": #"{"ingress": [{"hostname": "a.example.org"}, {"hostname": "A_b"}]}"#,
            ], "status.loadBalancer.ingress[1].hostname: Invalid value: \"A_b\": \(Text.subdomain)"),
        Breach(
            .service,
            [
                "spec.type": #""LoadBalancer""#,
                "status.loadBalancer": #"{"ingress": [{"ip": "192.0.2.1"}, {"ip": "x", "hostname": "1.2.3.4"}]}"#,
            ], "status.loadBalancer.ingress[1].ip: Invalid value: \"x\": \(Text.address)",
            "status.loadBalancer.ingress[1].hostname: Invalid value: \"1.2.3.4\": "
                + "must be a DNS name, not an IP address"),
    ]

    @Test("Each rule of a status has its message", arguments: statuses)
    func status(_ breach: Breach) throws {
        let violations = ObjectValidation.validateStatusUpdate(
            try breach.document(), stored: try Sound.document(breach.kind), kind: breach.kind)
        #expect(violations.map(\.description) == breach.expected)
    }
}
