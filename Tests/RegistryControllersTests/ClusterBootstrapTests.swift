import Registry
import Testing

@testable import RegistryControllers

@Suite("What every cluster has")
struct ClusterBootstrapTests {
    private static let settings = ControllerSettings(
        apiServer: IPAddress("192.0.2.1").map { ($0, 8001) }, apiServiceAddress: IPAddress("10.96.0.1"))

    @Test("The four Namespaces are there, and come back")
    func namespaces() async throws {
        try await RunningControllers.with { running in
            let store = running.store
            let names = ["default", "kube-node-lease", "kube-public", "kube-system"]
            #expect(store.all(.namespace).map(\.key.id.name) == names)
            let namespace = try #require(try store.document(.namespace, "default"))
            #expect(namespace["metadata"]?.textMap("labels") == ["kubernetes.io/metadata.name": "default"])
            #expect(namespace["spec"]?.strings("finalizers") == ["kubernetes"])
            #expect(namespace["status"]?.text("phase") == "Active")
            try store.delete(.namespace, "kube-public")
            await running.settled()
            #expect(store.all(.namespace).map(\.key.id.name) == names)
            #expect(store.all(.service).isEmpty, "no range, no Service")
        }
    }

    @Test("default/kubernetes leads to the API, and is put right where it is altered")
    func apiService() async throws {
        try await RunningControllers.with(Self.settings) { running in
            let store = running.store
            let service = try #require(try store.document(.service, "default/kubernetes"))
            #expect(
                service["metadata"]?.textMap("labels") == ["component": "apiserver", "provider": "kubernetes"])
            #expect(
                service["spec"]
                    == (try json(
                        """
                        {"clusterIP": "10.96.0.1", "clusterIPs": ["10.96.0.1"], "internalTrafficPolicy": "Cluster",
                        "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack", "sessionAffinity": "None",
                        "type": "ClusterIP",
                        "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 8001}]}
                        """)))
            let endpoints = try #require(try store.document(.endpoints, "default/kubernetes"))
            #expect(
                endpoints["metadata"]?.textMap("labels") == ["endpointslice.kubernetes.io/skip-mirror": "true"])
            #expect(
                endpoints["subsets"]
                    == (try json(
                        """
                        [{"addresses": [{"ip": "192.0.2.1"}],
                        "ports": [{"name": "https", "port": 8001, "protocol": "TCP"}]}]
                        """)))
            let slice = try #require(try store.document(.endpointSlice, "default/kubernetes"))
            #expect(slice["metadata"]?.textMap("labels") == ["kubernetes.io/service-name": "kubernetes"])
            #expect(slice["addressType"] == .string("IPv4"))
            #expect(
                slice["endpoints"]
                    == (try json(#"[{"addresses": ["192.0.2.1"], "conditions": {"ready": true}}]"#)))
            #expect(slice["ports"] == (try json(#"[{"name": "https", "port": 8001, "protocol": "TCP"}]"#)))
            #expect(store.all(.endpointSlice).count == 1, "the Endpoints are not mirrored")

            try store.delete(.endpointSlice, "default/kubernetes")
            try store.change(.endpoints, "default/kubernetes") { $0["subsets"] = nil }
            try store.change(.service, "default/kubernetes") { $0["spec"]?["ports"] = .array([]) }
            await running.settled()
            for (kind, former) in [
                (ObjectKind.service, service), (.endpoints, endpoints), (.endpointSlice, slice),
            ] {
                let now = try #require(try store.document(kind, "default/kubernetes"))
                for field in ["spec", "subsets", "endpoints", "ports"] { #expect(now[field] == former[field]) }
            }
            store.resetCounts()
            try store.delete(.service, "default/kubernetes")
            await running.settled()
            #expect(try store.document(.service, "default/kubernetes")?["spec"] == service["spec"])
        }
    }

    @Test(
        "Endpoints are of the family of the API's address, whatever they were before; one for all addresses is none",
        arguments: [
            ("2001:db8::1", ["2001:db8::1 T--"], "IPv6"), ("127.0.0.1", ["127.0.0.1 T--"], "IPv4"),
            ("0.0.0.0", [], nil), ("::", [], nil),
        ])
    func families(_ address: String, _ endpoints: [String], _ family: String?) async throws {
        let settings = ControllerSettings(
            apiServer: IPAddress(address).map { ($0, 8001) }, apiServiceAddress: IPAddress("10.96.0.1"))
        try await RunningControllers.with(
            settings,
            prepare: { store in
                for write in ClusterBootstrap(settings: Self.settings).writes { store.perform([write]) }
            }
        ) { running in
            let stored = try running.store.endpoints(of: "default/kubernetes")
            #expect(stored == endpoints)
            let slice = try running.store.document(.endpointSlice, "default/kubernetes")
            #expect(slice?["addressType"]?.string == family)
            #expect((running.store.record(key(.endpoints, "default/kubernetes")) != nil) == (family != nil))
        }
    }

    @Test("Without an API the Service has no endpoints, those of an earlier run included")
    func withoutAPI() async throws {
        let settings = ControllerSettings(apiServer: nil, apiServiceAddress: IPAddress("10.96.0.1"))
        try await RunningControllers.with(
            settings,
            prepare: { store in
                for write in ClusterBootstrap(settings: Self.settings).writes { store.perform([write]) }
            }
        ) { running in
            #expect(running.store.record(key(.service, "default/kubernetes")) != nil)
            #expect(running.store.all(.endpoints).isEmpty)
            #expect(running.store.all(.endpointSlice).isEmpty)
        }
    }

    @Test("A change of the ranges has what failed for the want of an address tried again at once")
    func ranges() throws {
        var state = ControllerState(settings: Self.settings)
        let start = Timestamp(milliseconds: 0)
        for _ in 0..<5 {
            _ = state.queue.takeDue(at: Timestamp(milliseconds: .max))
            _ = state.queue.retry(.bootstrap, at: start)
        }
        #expect(state.queue.nextTime == start.advanced(byMilliseconds: 10_000))
        let record = ObjectRecord(
            key: key(.serviceCIDR, "extra"), uid: "u", version: ResourceVersion(rawValue: 1),
            text: #"{"metadata":{"name":"extra"},"spec":{"cidrs":["10.96.0.0/24"]}}"#)
        let now = start.advanced(byMilliseconds: 10)
        try state.observe(ObservedObject(record), from: .change, now: now)
        #expect(state.queue.takeDue(at: now) == [.bootstrap])
    }
}
