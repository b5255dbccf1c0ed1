@testable import KubernetesRegistry
import Registry
import Testing

/// One object, and what may differ of it.
private enum Variants {
    static func service(
        _ name: String = "a", target: DiscoveryService.Target = .endpoints, port: Int = 80, hasSelector: Bool = true
    ) -> DiscoveryObject {
        .service(
            DiscoveryService(
                Samples.id(name), target: target, ports: [DiscoveryPort(name: "http", number: port)],
                hasSelector: hasSelector))
    }

    static func slice(_ change: (inout DiscoverySlice.Builder) -> Void = { _ in }) -> DiscoverySlice {
        var builder = DiscoverySlice.Builder(DiscoverySelection(includesImports: true, keepsZones: true))
        builder.id = Samples.id("a-x")
        builder.service = "a"
        builder.importedService = "a"
        builder.sourceCluster = "east"
        builder.ports = [DiscoveryPort(name: "http", number: 80)]
        builder.append(addresses: ["10.0.0.1"], isReady: true, hostname: "web-0", zone: "north")
        change(&builder)
        return builder.build()
    }

    static func pod(_ ip: String) -> DiscoveryObject? {
        DiscoveryPod(Samples.id("a"), phase: "Running", podIP: ip).map { .pod($0) }
    }

    /// Objects of which no two are equal.
    static let different: [DiscoveryObject] =
        [
            .namespace("a"), .namespace("b"), service(), service("b"), service(port: 81),
            service(target: .virtualIPs([.v4(1)])), service(target: .virtualIPs([.v4(1), .v4(2)])),
            service(target: .alias("example.org")), .endpointSlice(slice()), .endpointSlice(slice { $0.service = "b" }),
            .endpointSlice(slice { $0.importedService = "b" }), .endpointSlice(slice { $0.sourceCluster = "west" }),
            .endpointSlice(slice { $0.id = Samples.id("a-y") }),
            .endpointSlice(slice { $0.ports = [DiscoveryPort(name: "http", transport: .udp, number: 80)] }),
            .endpointSlice(slice { $0.append(addresses: ["10.0.0.2"], isReady: true) }),
            .endpoints(Samples.id("a"), []), .endpoints(Samples.id("a"), [slice()]),
            .endpoints(Samples.id("a"), [slice { $0.ports = [] }]), .endpoints(Samples.id("a"), [slice(), slice()]),
        ] + [pod("10.0.0.1"), pod("10.0.0.2")].compactMap { $0 }
}

struct ObjectDigestTests {
    @Test("Objects that differ in anything that names show have digests of their own")
    func different() {
        #expect(Set(Variants.different).count == Variants.different.count)
        #expect(Set(Variants.different.map(ObjectDigest.init)).count == Variants.different.count)
    }

    @Test("Objects that names show alike have the same digest")
    func alike() {
        #expect(ObjectDigest(Variants.service()) == ObjectDigest(Variants.service(hasSelector: false)))
        let later = Variants.slice { $0.lastChangeTrigger = Timestamp(milliseconds: 1) }
        #expect(later == Variants.slice())
        #expect(ObjectDigest(.endpointSlice(later)) == ObjectDigest(.endpointSlice(Variants.slice())))
    }
}
