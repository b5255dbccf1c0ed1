import Testing

@testable import Registry

@Suite("Endpoints and slices")
struct EndpointsTests {
    private static func endpoints(labels: [String: String] = [:], _ subsets: [Endpoints.Subset]) -> Endpoints {
        Endpoints(metadata: ObjectMetadata(name: "web", namespace: "prod", labels: labels), subsets: subsets)
    }

    private static func address(_ ip: String) -> Endpoints.Address {
        Endpoints.Address(ip: ip, hostname: "h", nodeName: "n", targetName: "p")
    }

    @Test("One slice mirrors each subset and family, readiness included")
    func mirrored() {
        let subsets = [
            Endpoints.Subset(
                addresses: [Self.address("192.0.2.1"), Self.address("2001:db8::1")],
                notReadyAddresses: [Self.address("192.0.2.2")], ports: [.init(name: "http", port: 80)]),
            Endpoints.Subset(
                addresses: [Self.address("192.0.2.3"), Self.address("x")], notReadyAddresses: [], ports: []),
            Endpoints.Subset(addresses: [], notReadyAddresses: [], ports: [.init(port: 1)]),
        ]
        let slices = Self.endpoints(labels: ["app": "x"], subsets).mirrored()
        #expect(slices.map(\.metadata.name) == ["web-0-ipv4", "web-0-ipv6", "web-1-ipv4"])
        #expect(slices.map(\.addressType) == [.ipv4, .ipv6, .ipv4])
        #expect(
            slices.map { $0.endpoints.map(\.addresses) } == [
                [["192.0.2.1"], ["192.0.2.2"]], [["2001:db8::1"]], [["192.0.2.3"]],
            ])
        #expect(slices[0].endpoints.map(\.isReady) == [true, false])
        #expect(slices[0].ports == [.init(name: "http", port: 80)])
        #expect(slices[0].endpoints[0].hostname == "h" && slices[0].endpoints[0].targetName == "p")
        #expect(slices.allSatisfy { $0.service == NamespacedName(namespace: "prod", name: "web") })
        #expect(slices[0].metadata.labels["app"] == "x")
    }

    @Test("The skip-mirror label keeps slices away")
    func skipped() {
        let subset = Endpoints.Subset(addresses: [Self.address("192.0.2.1")], notReadyAddresses: [], ports: [])
        #expect(Self.endpoints(labels: [Endpoints.skipMirrorLabel: "true"], [subset]).mirrored() == [])
        #expect(Self.endpoints(labels: [Endpoints.skipMirrorLabel: "false"], [subset]).mirrored().count == 1)
    }

    @Test("A slice without the label, or with an empty one, belongs to no Service")
    func owner() {
        var slice = EndpointSlice(metadata: ObjectMetadata(name: "s", namespace: "prod"), addressType: .ipv4)
        #expect(slice.service == nil)
        slice.metadata.labels[EndpointSlice.serviceNameLabel] = ""
        #expect(slice.service == nil)
        slice.metadata.labels[EndpointSlice.serviceNameLabel] = "web"
        #expect(slice.service == NamespacedName(namespace: "prod", name: "web"))
    }

    @Test("Each rule of slices has its message")
    func slices() {
        var slice = EndpointSlice(metadata: ObjectMetadata(name: "s", namespace: "prod"), addressType: .ipv4)
        #expect(RegistryObject.endpointSlice(slice).validate() == [])
        slice.ports = [.init(name: "A", port: 0), .init(name: "b", port: nil), .init(name: "b", port: 80)]
        slice.endpoints = [
            .init(addresses: []), .init(addresses: ["2001:db8::1", "x", "127.0.0.1", "::ffff:1.2.3.4"], hostname: "H"),
        ]
        let label =
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start "
            + "and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
            + "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
        #expect(
            RegistryObject.endpointSlice(slice).validate().map(\.description) == [
                "endpoints[0].addresses: Required value: must contain at least 1 address",
                "endpoints[1].addresses[0]: Invalid value: \"2001:db8::1\": must be an IPv4 address",
                "endpoints[1].addresses[1]: Invalid value: \"x\": "
                    + "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
                "endpoints[1].addresses[2]: Invalid value: \"127.0.0.1\": "
                    + "may not be in the loopback range (127.0.0.0/8, ::1/128)",
                "endpoints[1].addresses[3]: Invalid value: \"::ffff:1.2.3.4\": "
                    + "must not be an IPv4-mapped IPv6 address",
                "endpoints[1].hostname: Invalid value: \"H\": \(label)",
                "ports[0].name: Invalid value: \"A\": \(label)",
                "ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
                "ports[2].name: Duplicate value: \"b\"",
            ])
    }

    @Test("Endpoints of more subsets or pairs than anybody needs are refused", arguments: EndpointsLimits.cases)
    func limits(_ subsets: Int, _ addresses: Int, _ ports: Int, _ isSound: Bool) {
        let subset = Endpoints.Subset(
            addresses: (0..<addresses).map { Self.address("192.0.\($0 >> 8).\($0 & 255)") },
            ports: (0..<ports).map { .init(name: "p\($0)", port: $0 % 65535 + 1) })
        let violations = Self.endpoints(Array(repeating: subset, count: subsets)).validateSubsets()
        #expect(violations.isEmpty == isSound)
        #expect(isSound || violations.map(\.reason) == [.tooMany])
    }
}

enum EndpointsLimits {
    static let cases: [(Int, Int, Int, Bool)] = [
        (256, 1, 1, true), (257, 1, 1, false), (1, 1000, 100, true), (1, 1001, 100, false), (2, 1000, 51, false),
        (1, 1, 100_000, true), (1, 1, 100_001, false),
    ]
}
