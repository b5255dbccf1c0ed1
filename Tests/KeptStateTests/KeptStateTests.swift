import Registry
import TestSupport
import Testing

@testable import KeptState

struct KeptStateTests {
    private static let selection = DiscoverySelection(includesPods: true)

    private static func id(_ namespace: String, _ name: String) -> NamespacedName {
        NamespacedName(namespace: namespace, name: name)
    }

    private static func slice(_ name: String, of service: NamespacedName, _ addresses: [String]) -> DiscoveryObject {
        var builder = DiscoverySlice.Builder(selection)
        builder.id = id(service.namespace, name)
        builder.service = service.name
        builder.addressType = addresses.first?.contains(":") == true ? .ipv6 : .ipv4
        for address in addresses { builder.append(addresses: [address], isReady: true) }
        return .endpointSlice(builder.build())
    }

    private static func kept(_ objects: [DiscoveryObject]) throws -> KeptState {
        let kinds = Dictionary(grouping: objects, by: \.key.kind).map { kind, objects in
            StoredKind(
                kind, version: "1",
                entries: objects.map { StoredKind.Entry(id: $0.key.id, version: 1, object: $0) })
        }
        let state = StoredState(savedAt: .now, kinds: kinds)
        return try KeptState(state.bytes(server: "s", selection: selection), server: "s", selection: selection)
    }

    /// Services whose names begin alike, in Namespaces whose names do, written in no order.
    private static let services = ["web", "we", "web-2", "a", "zz", "é"].flatMap { name in
        ["prod", "pro", "prod-2"].map { id($0, name) }
    }

    @Test("Of each Service there is found what belongs to it, and nothing else", arguments: 1...4)
    func objectsOfServices(slices: Int) throws {
        var generator = SeededGenerator.announced()
        var objects: [DiscoveryObject] = []
        for (number, service) in Self.services.enumerated() {
            objects.append(.service(DiscoveryService(service, target: .endpoints)))
            for index in 0..<slices {
                objects.append(Self.slice("s\(9 - index)-\(number)", of: service, ["10.0.\(number).\(index)"]))
            }
        }
        let kept = try Self.kept(objects.shuffled(using: &generator))
        for service in Self.services {
            let found = kept.objects(of: service)
            #expect(found.count == 1 + slices)
            #expect(
                Set(found)
                    == Set(
                        objects.filter {
                            switch $0 {
                            case .service(let other): other.id == service
                            case .endpointSlice(let slice):
                                slice.id.namespace == service.namespace && slice.service == service.name
                            default: false
                            }
                        }))
        }
        for absent in [("prod", "wea"), ("prod", ""), ("", "web"), ("prodd", "web"), ("zzz", "zz")] {
            #expect(kept.objects(of: Self.id(absent.0, absent.1)).isEmpty)
        }
    }

    @Test("Pods are found by their Namespace")
    func pods() throws {
        let pods = ["a", "b", "ab"].flatMap { namespace in
            (0..<3).compactMap { DiscoveryPod(Self.id(namespace, "p\($0)"), phase: "Running", podIP: "10.0.0.\($0)") }
        }
        let kept = try Self.kept(pods.map { .pod($0) } + [.namespace("a"), .namespace("b")])
        #expect(Set(kept.pods(in: "ab")) == Set(pods.filter { $0.id.namespace == "ab" }.map { .pod($0) }))
        #expect(kept.pods(in: "c").isEmpty)
        #expect(Set(kept.namespaces()) == [.namespace("a"), .namespace("b")])
    }

    @Test("Addresses lead to all Services that have them")
    func addresses() throws {
        let (web, db, far) = (Self.id("prod", "web"), Self.id("prod", "db"), Self.id("prod", "far"))
        let kept = try Self.kept([
            .service(
                DiscoveryService(
                    web, target: .virtualIPs([IPAddress("10.96.0.1"), IPAddress("fd00::1")].compactMap(\.self)))),
            Self.slice("web-1", of: web, ["10.0.0.1", "10.0.0.2"]),
            Self.slice("db-1", of: db, ["10.0.0.2", "10.0.1.9"]),
            Self.slice("far-1", of: far, ["2001:db8::1", "2001:db8::2"]),
        ])
        let addresses = KeptAddresses(of: kept, in: ["prod"])
        for (text, owners) in [
            ("10.96.0.1", [web]), ("fd00::1", [web]), ("10.0.0.1", [web]), ("10.0.0.2", [web, db]),
            ("10.0.1.9", [db]), ("2001:db8::2", [far]), ("10.0.0.3", []), ("::", []), ("255.255.255.255", []),
        ] as [(String, Set<NamespacedName>)] {
            let address = try #require(IPAddress(text))
            #expect(addresses.owners(of: address) == owners, "\(text)")
        }
        func owners(_ range: ClosedRange<IPAddress>, atMost limit: Int = 9) -> [NamespacedName] {
            addresses.owners(in: range, atMost: limit)
        }
        #expect(owners(.v4(0x0a00_0100)...(.v4(0x0a00_01ff))) == [db])
        #expect(owners(.v4(0x0a00_0200)...(.v4(0x0a00_02ff))) == [])
        #expect(Set(owners(.v4(0)...(.v4(.max)))) == [web, db])
        #expect(owners(.v4(0)...(.v4(.max)), atMost: 1) == [web])
        #expect(Set(owners(.v6(0)...(.v6(.max)))) == [web, far])
        #expect(KeptAddresses(of: kept, in: ["test"]).owners(of: .v4(0x0a00_0001)) == [])
    }
}
