import Testing

@testable import Registry

@Suite("Objects that names are made of")
struct DiscoveryChangeTests {
    private static let id = NamespacedName(namespace: "prod", name: "web")

    private static func change(
        _ object: RegistryObject, _ selection: DiscoverySelection = DiscoverySelection()
    ) -> DiscoveryChange? {
        DiscoveryChange(.put(object), selection)
    }

    @Test(
        "What a Service's name stands for",
        arguments: [
            ("ClusterIP", "10.96.0.1", [], DiscoveryService.Target.virtualIPs([.v4(0x0a60_0001)])),
            ("NodePort", "", ["10.96.0.1", "::1"], .virtualIPs([.v4(0x0a60_0001), .v6(1)])),
            ("ClusterIP", "None", ["None"], .endpoints), ("", "None", [], .endpoints),
            ("LoadBalancer", "", [], .virtualIPs([])), ("ExternalName", "None", [], .alias("example.org")),
        ])
    func targets(_ type: String, _ clusterIP: String, _ clusterIPs: [String], _ target: DiscoveryService.Target) {
        let service = DiscoveryService(
            Self.id, type: type, clusterIP: clusterIP, clusterIPs: clusterIPs, externalName: "example.org",
            ports: [], hasSelector: false)
        #expect(service.target == target)
    }

    @Test("What names do not show of a Service makes no difference")
    func services() {
        var service = Service(metadata: ObjectMetadata(name: "web", namespace: "prod"), ports: [.init(port: 80)])
        service.clusterIP = "10.96.0.1"
        let first = Self.change(.service(service))
        service.metadata.annotations = ["a": "b"]
        service.selector = ["app": "web"]
        service.ports[0].nodePort = 30080
        service.sessionAffinity = .clientIP
        #expect(Self.change(.service(service)) == first)
        service.ports[0].port = 81
        #expect(Self.change(.service(service)) != first)
    }

    @Test(
        "Pods hold an address until they have finished",
        arguments: [
            ("Running", "10.0.0.1", true), ("Pending", "10.0.0.1", true), ("", "10.0.0.1", true),
            ("Running", "", false), ("Succeeded", "10.0.0.1", false), ("Failed", "10.0.0.1", false),
            ("Unknown", "10.0.0.1", false), ("Running", "nowhere", false),
        ])
    func pods(_ phase: String, _ address: String, _ holds: Bool) {
        #expect((DiscoveryPod(Self.id, phase: phase, podIP: address) != nil) == holds)
        let pod = Pod(
            metadata: ObjectMetadata(name: "web", namespace: "prod"), phase: Pod.Phase(rawValue: phase), podIP: address)
        switch Self.change(.pod(pod)) {
        case .put(.pod): #expect(holds)
        case .delete(let key): #expect(!holds && key == DiscoveryKey(.pod, Self.id))
        default: Issue.record("no change of a Pod")
        }
    }

    @Test("What is not selected is told as deleted")
    func selections() throws {
        let service = RegistryObject.service(
            Service(metadata: ObjectMetadata(name: "web", namespace: "prod", labels: ["a": "b"])))
        let namespace = RegistryObject.namespace(
            Namespace(metadata: ObjectMetadata(name: "prod", labels: ["team": "x"])))
        let slice = RegistryObject.endpointSlice(
            EndpointSlice(metadata: ObjectMetadata(name: "web", namespace: "prod"), addressType: .ipv4))
        func isTold(_ object: RegistryObject, _ selection: DiscoverySelection) -> Bool {
            if case .put = Self.change(object, selection) { true } else { false }
        }
        let wanted = DiscoverySelection(labels: try LabelSelector(parsing: "a=b"))
        #expect(isTold(service, wanted) && isTold(namespace, wanted) && !isTold(slice, wanted))
        let teams = DiscoverySelection(namespaceLabels: try LabelSelector(parsing: "team=y"))
        #expect(isTold(service, teams) && !isTold(namespace, teams) && isTold(slice, teams))
        let others = DiscoverySelection(namespaces: ["test"])
        #expect(!isTold(service, others) && !isTold(namespace, others) && !isTold(slice, others))
        #expect(!isTold(slice, DiscoverySelection(includesEndpoints: false)))
        #expect(Self.change(.other(.node, ObjectMetadata(name: "n"))) == nil)
        #expect(DiscoveryChange(.delete(ObjectKey(.lease, Self.id)), wanted) == nil)
    }

    @Test("A snapshot is a list of all kinds in parts")
    func snapshots() {
        let objects = (0..<2500).map {
            RegistryObject.namespace(Namespace(metadata: ObjectMetadata(name: "n\($0)")))
        }
        let events = RegistryEvent.snapshot(objects, at: ResourceVersion(rawValue: 1)).discovery(DiscoverySelection())
        let sizes = events.map { event in
            if case .changes(let changes) = event { changes.count } else { -1 }
        }
        #expect(sizes == [-1, 1000, 1000, 500, -1])
        #expect(events.first == .snapshotBegins(Set(DiscoveryKind.allCases)))
        #expect(events.last == .snapshotEnds(Set(DiscoveryKind.allCases)))
    }

    @Test("The kinds a cluster is asked for")
    func kinds() {
        #expect(DiscoverySelection().kinds == [.namespace, .service, .endpointSlice, .pod])
        let selection = DiscoverySelection(includesEndpoints: false, includesPods: false, includesImports: true)
        #expect(selection.kinds == [.namespace, .service, .serviceImport])
    }
}
