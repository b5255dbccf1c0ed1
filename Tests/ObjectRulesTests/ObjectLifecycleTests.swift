import ObjectRules
import Registry
import Testing

@Suite("What becomes of what is written")
struct ObjectLifecycleTests {
    private static let now = Timestamp(milliseconds: 0)

    /// A document and what is made of it at its creation.
    static let creations: [(ObjectKind, String, String)] = [
        (
            .service,
            #"{"metadata": {"name": "a", "deletionTimestamp": "x", "generation": 7}, "status": {"x": 1}}"#,
            #"{"metadata": {"name": "a", "creationTimestamp": "\#(now.text)"}, "status": {"loadBalancer": {}}}"#
        ),
        (
            .namespace, #"{"metadata": {"name": "a"}, "status": {"phase": "Terminating"}}"#,
            """
            {"metadata": {"name": "a", "creationTimestamp": "\(now.text)"}, "spec": {"finalizers": ["kubernetes"]},
            "status": {"phase": "Active"}}
            """
        ),
        (
            .namespace, #"{"metadata": {}, "spec": {"finalizers": ["a/b"]}}"#,
            """
            {"metadata": {"creationTimestamp": "\(now.text)"}, "spec": {"finalizers": ["a/b", "kubernetes"]},
            "status": {"phase": "Active"}}
            """
        ),
        (
            .pod, #"{"metadata": {}, "spec": {}, "status": {"phase": "Running", "podIP": "192.0.2.1"}}"#,
            """
            {"metadata": {"creationTimestamp": "\(now.text)", "generation": 1}, "spec": {},
            "status": {"phase": "Pending", "qosClass": "BestEffort"}}
            """
        ),
        (
            .endpointSlice, "{}",
            #"{"metadata": {"creationTimestamp": "\#(now.text)", "generation": 1}}"#
        ),
        (
            .node, #"{"metadata": {"deletionGracePeriodSeconds": 5}, "status": {"a": 1}}"#,
            #"{"metadata": {"creationTimestamp": "\#(now.text)"}, "status": {"a": 1}}"#
        ),
        (
            .serviceCIDR, #"{"metadata": {}, "status": {"a": 1}}"#,
            #"{"metadata": {"creationTimestamp": "\#(now.text)"}}"#
        ),
    ]

    @Test("Creation sets what is the server's", arguments: creations)
    func creation(_ kind: ObjectKind, _ given: String, _ expected: String) throws {
        #expect(
            ObjectLifecycle.prepareForCreate(try json(given), kind: kind, now: Self.now) == (try json(expected)))
    }

    @Test(
        "The quality of a Pod follows from what its containers ask for",
        arguments: [
            (#"{}"#, "BestEffort"),
            (#"{"requests": {"cpu": "0"}}"#, "BestEffort"),
            (#"{"requests": {"example.org/gpu": "1"}}"#, "BestEffort"),
            (#"{"requests": {"cpu": "100m"}}"#, "Burstable"),
            (#"{"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}"#, "Burstable"),
            (
                #"{"limits": {"cpu": 1, "memory": "1Gi"}, "requests": {"cpu": "1000m", "memory": "1024Mi"}}"#,
                "Guaranteed"
            ),
            (#"{"limits": {"cpu": 2, "memory": "1Gi"}, "requests": {"cpu": "1", "memory": "1Gi"}}"#, "Burstable"),
            (#"{"limits": {"cpu": "1e0", "memory": "1G"}, "requests": {"cpu": "1", "memory": "1e9"}}"#, "Guaranteed"),
        ])
    func quality(_ resources: String, _ quality: String) throws {
        let pod = try json(#"{"spec": {"containers": [{"resources": \#(resources)}]}}"#)
        let status = ObjectLifecycle.prepareForCreate(pod, kind: .pod, now: Self.now)["status"]
        #expect(status?["qosClass"] == .string(quality))
    }

    /// A stored document, one that is to replace it, and what is stored then.
    static let updates: [(ObjectKind, String, String, String)] = [
        (
            .service,
            #"{"metadata": {"uid": "u", "creationTimestamp": "t"}, "spec": {"type": "ClusterIP"}, "status": {"a": 1}}"#,
            #"{"metadata": {"creationTimestamp": "x"}, "spec": {"type": "ClusterIP", "b": 1}, "status": {"a": 2}}"#,
            """
            {"metadata": {"uid": "u", "creationTimestamp": "t"}, "spec": {"type": "ClusterIP", "b": 1},
            "status": {"a": 1}}
            """
        ),
        (
            .service,
            """
            {"spec": {"type": "LoadBalancer", "loadBalancerClass": "a/b", "allocateLoadBalancerNodePorts": true,
            "externalTrafficPolicy": "Cluster"}}
            """,
            """
            {"spec": {"type": "ClusterIP", "loadBalancerClass": "a/b", "allocateLoadBalancerNodePorts": true,
            "externalTrafficPolicy": "Cluster"}}
            """,
            #"{"metadata": {}, "spec": {"type": "ClusterIP"}}"#
        ),
        (
            .service,
            """
            {"spec": {"type": "LoadBalancer"}, "status": {"conditions": [],
            "loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}}
            """, #"{"spec": {"type": "NodePort"}, "status": {}}"#,
            #"{"metadata": {}, "spec": {"type": "NodePort"}, "status": {"conditions": [], "loadBalancer": {}}}"#
        ),
        (
            .service,
            #"{"spec": {"type": "LoadBalancer"}, "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}}"#,
            #"{"spec": {"type": "LoadBalancer", "a": 1}, "status": {}}"#,
            """
            {"metadata": {}, "spec": {"type": "LoadBalancer", "a": 1},
            "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}}
            """
        ),
        (
            // What was changed in the same breath is a mistake to be named, not to be hidden.
            .service,
            #"{"spec": {"type": "LoadBalancer", "loadBalancerClass": "a/b", "externalTrafficPolicy": "Cluster"}}"#,
            #"{"spec": {"type": "ClusterIP", "loadBalancerClass": "a/c", "externalTrafficPolicy": "Local"}}"#,
            """
            {"metadata": {}, "spec": {"type": "ClusterIP", "loadBalancerClass": "a/c",
            "externalTrafficPolicy": "Local"}}
            """
        ),
        (
            .namespace,
            #"{"metadata": {"deletionTimestamp": "t", "deletionGracePeriodSeconds": 0}, "spec": {"finalizers": ["a/b"]}}"#,
            #"{"metadata": {}, "spec": {"finalizers": []}}"#,
            #"{"metadata": {"deletionTimestamp": "t", "deletionGracePeriodSeconds": 0}, "spec": {"finalizers": ["a/b"]}}"#
        ),
        (
            .endpointSlice, #"{"metadata": {"generation": 3}, "endpoints": []}"#,
            #"{"metadata": {"generation": 9, "annotations": {"a": "b"}}, "endpoints": []}"#,
            #"{"metadata": {"generation": 3, "annotations": {"a": "b"}}, "endpoints": []}"#
        ),
        (
            .endpointSlice, #"{"metadata": {"generation": 3}, "endpoints": []}"#,
            #"{"metadata": {"labels": {"a": "b"}}, "endpoints": []}"#,
            #"{"metadata": {"generation": 4, "labels": {"a": "b"}}, "endpoints": []}"#
        ),
        (
            .endpointSlice, #"{"metadata": {"generation": 3}, "ports": [{"port": 1}]}"#,
            #"{"metadata": {"generation": 3}, "ports": [{"port": 2}]}"#,
            #"{"metadata": {"generation": 4}, "ports": [{"port": 2}]}"#
        ),
        (
            .pod, #"{"metadata": {"generation": 1}, "spec": {"a": 1}, "status": {"phase": "Running"}}"#,
            #"{"metadata": {"labels": {"a": "b"}}, "spec": {"a": 1}}"#,
            #"{"metadata": {"generation": 1, "labels": {"a": "b"}}, "spec": {"a": 1}, "status": {"phase": "Running"}}"#
        ),
        (
            .pod, #"{"metadata": {"generation": 1}, "spec": {"a": 1}}"#, #"{"metadata": {}, "spec": {"a": 2}}"#,
            #"{"metadata": {"generation": 2}, "spec": {"a": 2}}"#
        ),
    ]

    @Test("Updates keep status and what is the server's", arguments: updates)
    func update(_ kind: ObjectKind, _ stored: String, _ new: String, _ expected: String) throws {
        #expect(
            ObjectLifecycle.prepareForUpdate(try json(new), stored: try json(stored), kind: kind)
                == (try json(expected)))
    }

    /// A stored document, one that is written to `/status`, and what is stored then.
    static let statusUpdates: [(ObjectKind, String, String, String)] = [
        (
            .service, #"{"metadata": {"uid": "u"}, "spec": {"a": 1}, "status": {}}"#,
            #"{"metadata": {"labels": {"a": "b"}}, "spec": {"a": 2}, "status": {"b": 1}}"#,
            """
            {"metadata": {"uid": "u", "labels": {"a": "b"}}, "spec": {"a": 1},
            "status": {"b": 1, "loadBalancer": {}}}
            """
        ),
        (
            .service, #"{"metadata": {}, "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}}"#,
            #"{"metadata": {}}"#, #"{"metadata": {}, "status": {"loadBalancer": {}}}"#
        ),
        (
            .pod, #"{"metadata": {}, "status": {"phase": "Running", "qosClass": "Burstable"}}"#, #"{"metadata": {}}"#,
            #"{"metadata": {}, "status": {"qosClass": "Burstable"}}"#
        ),
        (
            .pod,
            #"{"metadata": {"ownerReferences": [{"uid": "a"}], "generation": 2}, "status": {"qosClass": "Burstable"}}"#,
            #"{"metadata": {"ownerReferences": [], "generation": 3, "deletionTimestamp": "t"}, "status": {"phase": "Running"}}"#,
            """
            {"metadata": {"ownerReferences": [{"uid": "a"}], "generation": 2},
            "status": {"phase": "Running", "qosClass": "Burstable"}}
            """
        ),
        (
            .serviceCIDR, #"{"metadata": {"labels": {"a": "b"}}, "spec": {"cidrs": ["10.0.0.0/24"]}}"#,
            #"{"metadata": {"labels": {"a": "c"}, "annotations": {"a": "c"}}, "spec": {}, "status": {"conditions": []}}"#,
            #"{"metadata": {"labels": {"a": "b"}}, "spec": {"cidrs": ["10.0.0.0/24"]}, "status": {"conditions": []}}"#
        ),
    ]

    @Test("Writes of the status keep the rest", arguments: statusUpdates)
    func statusUpdate(_ kind: ObjectKind, _ stored: String, _ new: String, _ expected: String) throws {
        #expect(
            ObjectLifecycle.prepareForStatusUpdate(try json(new), stored: try json(stored), kind: kind)
                == (try json(expected)))
    }

    @Test("Which kinds a PUT makes, or overwrites whatever their version")
    func strategies() {
        #expect(ObjectKind.allCases.filter(\.allowsCreateOnUpdate) == [.service, .endpoints, .event, .lease])
        #expect(ObjectKind.allCases.filter { !$0.allowsUnconditionalUpdate } == [.lease])
    }
}
