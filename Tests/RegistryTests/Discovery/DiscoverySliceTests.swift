import Testing

@testable import Registry

@Suite("Compact slices")
struct DiscoverySliceTests {
    private static func slice(
        _ selection: DiscoverySelection = DiscoverySelection(), type: EndpointSlice.AddressType = .ipv4,
        _ fill: (inout DiscoverySlice.Builder) -> Void
    ) -> DiscoverySlice {
        var builder = DiscoverySlice.Builder(selection)
        builder.id = NamespacedName(namespace: "prod", name: "web-1")
        builder.service = "web"
        builder.addressType = type
        fill(&builder)
        return builder.build()
    }

    /// The endpoints as `address=label@zone`.
    private static func texts(_ slice: DiscoverySlice) -> [String] {
        let endpoints = slice.endpoints
        return (0..<endpoints.count).map { index in
            let label = endpoints.withLabel(index) { $0.map { String(decoding: $0, as: UTF8.self) } ?? "" }
            let zone = endpoints.zone(index)
            return "\(endpoints.address(index))=\(label)@" + (zone == 0 ? "" : endpoints.zones[zone - 1])
        }
    }

    @Test("Ready addresses of the slice's family, in the order of their values, with what names show")
    func contents() {
        let selection = DiscoverySelection(keepsZones: true)
        let slice = Self.slice(selection) { builder in
            builder.append(addresses: ["10.0.0.9", "10.0.0.10"], isReady: true, hostname: "Web-0", zone: "b")
            builder.append(addresses: ["10.0.0.1"], isReady: true, targetName: "pod", zone: "A")
            builder.append(addresses: ["10.0.0.2"], isReady: false, hostname: "web-1")
            builder.append(addresses: ["::1", "no address", ""], isReady: true)
            builder.append(addresses: ["10.0.0.3"], isReady: true, hostname: String(repeating: "x", count: 64))
            builder.append(addresses: ["10.0.0.4"], isReady: true, hostname: "_tcp")
        }
        #expect(Self.texts(slice) == ["10.0.0.1=@a", "10.0.0.9=web-0@b", "10.0.0.10=web-0@b"])
        #expect(slice.endpoints.zones == ["a", "b"])
    }

    @Test(
        "What an endpoint is called",
        arguments: [
            ("host", "pod", true, "host"), ("", "pod", true, "pod"), ("", "pod", false, ""), ("", "", true, ""),
            ("", String(repeating: "p", count: 64), true, ""),
        ])
    func labels(_ hostname: String, _ target: String, _ byPod: Bool, _ label: String) {
        let slice = Self.slice(DiscoverySelection(namesEndpointsByPod: byPod)) {
            $0.append(addresses: ["10.0.0.1"], isReady: true, hostname: hostname, targetName: target)
        }
        #expect(Self.texts(slice) == ["10.0.0.1=\(label)@"])
    }

    @Test(
        "The text of an address counts where it is not the canonical one",
        arguments: [
            ("2001:db8::1", ""), ("2001:DB8::1", ""), ("2001:db8:0:0::1", "2001-db8-0-0--1"), ("2001:db8::", ""),
            ("2001:0db8::", "2001-0db8--0"),
        ])
    func spelling(_ address: String, _ label: String) {
        let slice = Self.slice(type: .ipv6) { $0.append(addresses: [address], isReady: true) }
        #expect(slice.endpoints.withLabel(0) { $0.map { String(decoding: $0, as: UTF8.self) } ?? "" } == label)
    }

    @Test("Equal to DNS is equal: order, nodes, what is not ready and the time of the change do not count")
    func equality() {
        let first = Self.slice { builder in
            builder.append(addresses: ["10.0.0.1"], isReady: true, zone: "a")
            builder.append(addresses: ["10.0.0.2"], isReady: true, hostname: "h")
        }
        let second = Self.slice { builder in
            builder.append(addresses: ["10.0.0.3"], isReady: false)
            builder.append(addresses: ["10.0.0.2"], isReady: true, hostname: "h")
            builder.append(addresses: ["10.0.0.1"], isReady: true, targetName: "pod", zone: "b")
            builder.lastChangeTrigger = Timestamp(milliseconds: 1)
        }
        #expect(first == second)
        #expect(first.hashValue == second.hashValue)
        #expect(first != Self.slice { $0.append(addresses: ["10.0.0.1", "10.0.0.2"], isReady: true) })
        #expect(
            first
                != Self.slice { builder in
                    builder.ports = [DiscoveryPort(number: 1)]
                    builder.append(addresses: ["10.0.0.1"], isReady: true)
                    builder.append(addresses: ["10.0.0.2"], isReady: true, hostname: "h")
                })
    }

    @Test("Addresses are found among many, and none that is not there", arguments: [IPFamily.ipv4, .ipv6])
    func indices(_ family: IPFamily) throws {
        let numbers = (0..<500).map { UInt128($0 / 2 * 3 + 1) }
        let addresses = try numbers.map { try #require(IPAddress(family: family, value: $0)) }
        let slice = Self.slice(type: family == .ipv4 ? .ipv4 : .ipv6) { builder in
            for address in addresses.reversed() { builder.append(addresses: ["\(address)"], isReady: true) }
        }
        for value in 0...760 as ClosedRange<UInt128> {
            let address = try #require(IPAddress(family: family, value: value))
            let found = slice.endpoints.indices(of: address)
            #expect(found.count == numbers.count { $0 == value })
            #expect(found.allSatisfy { slice.endpoints.address($0) == address })
        }
        #expect(slice.endpoints.indices(of: family == .ipv4 ? .v6(1) : .v4(1)).isEmpty)
    }

    @Test("More zones than have a number: endpoints of the rest have none")
    func manyZones() {
        let slice = Self.slice(DiscoverySelection(keepsZones: true)) { builder in
            for number in 0..<300 {
                builder.append(addresses: ["10.0.\(number / 256).\(number % 256)"], isReady: true, zone: "z\(number)")
            }
        }
        #expect(slice.endpoints.zones.count == 255)
        #expect((0..<300).map { slice.endpoints.zone($0) } == Array(1...255) + Array(repeating: 0, count: 45))
    }

    @Test("Names are no addresses (addressType FQDN)")
    func names() {
        let slice = Self.slice(type: .fqdn) { $0.append(addresses: ["10.0.0.1"], isReady: true) }
        #expect(slice.endpoints.isEmpty)
    }
}
