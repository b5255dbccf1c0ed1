import Testing

@testable import Registry

@Suite("Objects that names are made of")
struct RegistryStateTests {
    private static let id = NamespacedName(namespace: "prod", name: "web")

    private static func slice(_ name: String, _ address: String, labels: [String: String] = [:]) -> ObjectChange {
        var labels = labels
        labels[EndpointSlice.serviceNameLabel] = "web"
        return .put(
            .endpointSlice(
                EndpointSlice(
                    metadata: ObjectMetadata(name: name, namespace: "prod", labels: labels), addressType: .ipv4,
                    endpoints: [.init(addresses: [address])])))
    }

    private static func endpoints(_ address: String) -> ObjectChange {
        .put(
            .endpoints(
                Endpoints(
                    metadata: ObjectMetadata(name: "web", namespace: "prod"),
                    subsets: [.init(addresses: [.init(ip: address)])])))
    }

    private static func addresses(behind changes: [ObjectChange]) -> [String] {
        var state = RegistryState()
        var touched = RegistryState.Touched()
        for change in changes { state.apply(change, touched: &touched) }
        return state.slices(of: id).flatMap { $0.endpoints.flatMap(\.addresses) }
    }

    @Test("Endpoints count where no slice of their Service does: controllers write both of the same endpoints")
    func endpointsBesideSlices() {
        let endpoints = Self.endpoints("192.0.2.1")
        let mirror = Self.slice("web-x", "192.0.2.1")
        let other = Self.slice("web-y", "192.0.2.2")
        #expect(Self.addresses(behind: [endpoints]) == ["192.0.2.1"])
        #expect(Self.addresses(behind: [endpoints, mirror]) == ["192.0.2.1"])
        #expect(Self.addresses(behind: [mirror, endpoints]) == ["192.0.2.1"])
        #expect(Self.addresses(behind: [other, endpoints, mirror]) == ["192.0.2.1", "192.0.2.2"])
        #expect(Self.addresses(behind: [endpoints, other]) == ["192.0.2.2"])
        #expect(Self.addresses(behind: [endpoints, mirror, .delete(mirror.key)]) == ["192.0.2.1"])
    }
}
