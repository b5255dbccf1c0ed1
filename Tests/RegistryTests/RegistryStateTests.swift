import Testing

@testable import Registry

@Suite("The Services of a registry")
struct RegistryStateTests {
    private static func service(_ name: String, _ address: String = "10.96.0.1") -> Service {
        var service = Service(metadata: ObjectMetadata(name: name, namespace: "prod"))
        service.clusterIP = address
        return service
    }

    private static func touched(
        _ state: inout RegistryState, _ body: (inout RegistryState, inout RegistryState.Touched) -> Void
    ) -> [String] {
        var touched = RegistryState.Touched()
        body(&state, &touched)
        return touched.services.map(\.name).sorted()
    }

    @Test("Only what differs from before is touched")
    func changes() {
        var state = RegistryState()
        let put = ObjectChange.put(.service(Self.service("web")))
        #expect(Self.touched(&state) { $0.apply(put, touched: &$1) } == ["web"])
        #expect(Self.touched(&state) { $0.apply(put, touched: &$1) } == [])
        let moved = ObjectChange.put(.service(Self.service("web", "10.96.0.2")))
        #expect(Self.touched(&state) { $0.apply(moved, touched: &$1) } == ["web"])
        #expect(Self.touched(&state) { $0.apply(.delete(put.key), touched: &$1) } == ["web"])
        #expect(Self.touched(&state) { $0.apply(.delete(put.key), touched: &$1) } == [])
        let namespace = ObjectChange.put(.namespace(Namespace(metadata: ObjectMetadata(name: "prod"))))
        #expect(Self.touched(&state) { $0.apply(namespace, touched: &$1) } == [])
    }

    @Test("A snapshot touches what goes, comes and is another than before")
    func snapshots() {
        var state = RegistryState()
        let first: [RegistryObject] = [.service(Self.service("a")), .service(Self.service("b"))]
        #expect(Self.touched(&state) { $0.replace(by: first, touched: &$1) } == ["a", "b"])
        let second: [RegistryObject] = [
            .service(Self.service("b")), .service(Self.service("c")), .service(Self.service("a", "10.96.0.9")),
        ]
        #expect(Self.touched(&state) { $0.replace(by: second, touched: &$1) } == ["a", "c"])
        #expect(Self.touched(&state) { $0.replace(by: [], touched: &$1) } == ["a", "b", "c"])
        #expect(state.services.isEmpty)
    }
}
