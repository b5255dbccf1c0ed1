import ClusterZone
import DNS
import Registry
import TestSupport
import Testing

@testable import AnswerTable
@testable import ClusterServing

@Suite("Services told as a whole answer like names told one by one")
struct ServiceFormTests {
    /// One set of options for every history.
    static func variants() throws -> [(String, ClusterZoneSettings)] {
        let apex = try Self.name("cluster.local.")
        let server = try Self.name("ns.dns.cluster.local.")
        let soa = StartOfAuthority(
            primary: server, mailbox: try Self.name("hostmaster.cluster.local."),
            serial: 1, refresh: 7200, retry: 1800, expire: 86400, minimum: 5)
        let plain = ClusterZoneSettings(
            apex: apex, reverseApexes: [try Self.name("in-addr.arpa."), try Self.name("ip6.arpa.")],
            apexRecords: [
                Record(owner: apex, ttl: 5, data: soa.data), Record(owner: apex, ttl: 5, data: .ns(server)),
            ])
        let changes: [(String, (inout ClusterZoneSettings) throws -> Void)] = [
            ("plain", { _ in }), ("endpoint_pod_names", { $0.namesEndpointsByPod = true }),
            ("noendpoints", { $0.answersEndpoints = false }),
            ("ignore empty_service", { $0.ignoresEmptyServices = true }), ("zonal", { $0.answersByZone = true }),
            (
                "zones",
                {
                    $0.furtherApexes = [try Self.name("other.example.")]
                    $0.reverseApexes = [try Self.name("0.10.in-addr.arpa."), try Self.name("ip6.arpa.")]
                    $0.ttl = 3600
                }
            ),
            (
                "below arpa",
                {
                    $0.apex = try Self.name("home.arpa.")
                    $0.apexRecords = []
                }
            ),
            (
                "everything",
                {
                    $0.furtherApexes = [try Self.name("other.example."), try Self.name("clusterset.local.")]
                    $0.multiclusterApexes = [try Self.name("clusterset.local.")]
                    $0.ignoresEmptyServices = true
                    $0.answersByZone = true
                    $0.namesEndpointsByPod = true
                }
            ),
            (
                "long names",
                {
                    let label = String(repeating: "z", count: 60)
                    $0.furtherApexes = [
                        try Self.name("\(label).\(label).\(label)."), try Self.name("\(label).\(label).local."),
                    ]
                }
            ),
        ]
        return try changes.map { label, change in
            var settings = plain
            try change(&settings)
            return (label, settings)
        }
    }

    private static func name(_ text: String) throws -> DomainName { try #require(DomainName(text)) }

    /// A zone in one form, and the table that it fills.
    private struct Told {
        var zone: ClusterZone
        let table = AnswerTable(capacity: 1)
        let indices: [DomainName: Int]
        /// The names as told one by one.
        var names: Set<DomainName> = []

        init(_ settings: ClusterZoneSettings, _ form: ChangeForm) {
            zone = ClusterZone(settings: settings, form: form)
            indices = Dictionary(
                zone.apexes.enumerated().map { ($0.element, $0.offset) }, uniquingKeysWith: { first, _ in first })
            for change in zone.fixedChanges() { write(change) }
        }

        mutating func write(_ change: ZoneChange) {
            let indices = indices
            table.update { ZonePublisher.write(change, to: $0, indices) }
            switch change {
            case .set(let name, _, _): names.insert(name)
            case .remove(let name): names.remove(name)
            default: break
            }
        }

        /// Takes an event; `check` is called after each change.
        mutating func apply(_ event: DiscoveryEvent, check: (Told, ZoneChange) -> Void = { _, _ in }) {
            for change in zone.update(event, now: 7).changes {
                write(change)
                check(self, change)
            }
        }
    }

    private struct Missing: Error {}

    private static let types: [RecordType] = [
        .a, .aaaa, .srv, .ptr, .cname, .txt, .ns, .soa, .any, RecordType(rawValue: 0),
    ]

    /// All that the table says to a name.
    private struct ToldAnswers: Equatable {
        let zone: Int
        /// By type: facts of the body, and its bytes.
        var bodies: [[UInt8]] = []
    }

    /// nil where the name does not exist.
    private static func answers(_ name: DomainName, _ reader: AnswerReader) -> ToldAnswers? {
        withEntry(name, reader) { entry in
            var answers = ToldAnswers(zone: entry.zone)
            for type in types {
                guard let body = entry.body(for: type) else { continue }
                let facts = [type.rawValue, body.flags.rawValue, body.answers, body.additionals]
                answers.bodies.append(
                    facts.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
                        + UnsafeRawBufferPointer(start: body.bytes, count: body.length))
            }
            return answers
        }
    }

    private static func exists(_ name: DomainName, _ reader: AnswerReader) -> Bool {
        withEntry(name, reader) { _ in true } ?? false
    }

    private static func withEntry<Value>(
        _ name: DomainName, _ reader: AnswerReader, _ body: (Entry) -> Value
    ) -> Value? {
        reader.enter()
        defer { reader.leave() }
        return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: NameKey.maximumWords) { words in
            guard let key = words.baseAddress else { return nil }
            let hash = NameKey.make(name, seed: reader.seed, into: key)
            return reader.entry(key, length: name.wire.count, hash: hash).map(body)
        }
    }

    @Test("Over all histories, at every step")
    func histories() throws {
        var generator = SeededGenerator.announced()
        for (label, settings) in try Self.variants() {
            try Self.history(label, settings, &generator)
        }
    }

    private static func history(
        _ label: String, _ settings: ClusterZoneSettings, _ generator: inout SeededGenerator
    ) throws {
        var whole = Told(settings, .services)
        var single = Told(settings, .names)
        let (wholeReader, singleReader) = (whole.table.makeReader(), single.table.makeReader())
        var objects: [DiscoveryKey: DiscoveryObject] = [:]
        var seen = Set(try strangers())
        var missing: [String] = []

        func apply(_ event: DiscoveryEvent, _ place: String, isListing: Bool = false) throws {
            let before = single.names
            single.apply(event)
            let staying = before.intersection(single.names)
            for name in staying where !exists(name, wholeReader) { missing.append("\(name) before \(event)") }
            seen.formUnion(before)
            seen.formUnion(single.names)
            whole.apply(event) { _, change in
                for name in staying where !exists(name, wholeReader) {
                    missing.append("\(name) by \(change) in \(event)")
                }
            }
            if let first = missing.first {
                Issue.record("\(label), \(place): \(missing.count) missing, first \(first)")
                throw Missing()
            }
            if isListing { return }
            for name in seen {
                let (own, expected) = (answers(name, wholeReader), answers(name, singleReader))
                guard own == expected else {
                    Issue.record("\(label), \(place), \(name): \(own as Any) | \(expected as Any)")
                    throw Missing()
                }
            }
            try #require(whole.table.count == single.table.count, "\(label), \(place)")
        }

        let kinds = whole.zone.selection.kinds.union([.endpoints])
        try apply(.snapshotBegins(kinds), "first list", isListing: true)
        for _ in 0..<20 {
            let object = try Self.object(whole.zone.selection, &generator)
            objects[object.key] = object
            try apply(.changes([.put(object)]), "first list", isListing: true)
        }
        try apply(.snapshotEnds(kinds), "first list")
        for step in 0..<60 {
            if step % 20 == 19 {
                try relist(kinds, &objects, whole.zone.selection, &generator) { event, isListing in
                    try apply(event, "list at \(step)", isListing: isListing)
                }
                continue
            }
            var changes: [DiscoveryChange] = []
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let object = try Self.object(whole.zone.selection, &generator)
                let isGone = Int.random(in: 0..<4, using: &generator) == 0
                objects[object.key] = isGone ? nil : object
                changes.append(isGone ? .delete(object.key) : .put(object))
            }
            try apply(.changes(changes), "step \(step)")
        }
        // Everything goes.
        try apply(.snapshotBegins(kinds), "last list", isListing: true)
        try apply(.snapshotEnds(kinds), "last list")
    }

    /// A list of all kinds, or of slices alone, in parts, of objects that have changed meanwhile.
    private static func relist(
        _ kinds: Set<DiscoveryKind>, _ objects: inout [DiscoveryKey: DiscoveryObject],
        _ selection: DiscoverySelection, _ generator: inout SeededGenerator,
        _ apply: (DiscoveryEvent, Bool) throws -> Void
    ) throws {
        let listed = Bool.random(using: &generator) ? kinds : [.endpointSlice]
        for _ in 0..<6 {
            let object = try object(selection, &generator)
            guard listed.contains(object.key.kind) else { continue }
            objects[object.key] = Bool.random(using: &generator) ? object : nil
        }
        try apply(.snapshotBegins(listed), true)
        let all = objects.values.filter { listed.contains($0.key.kind) }
        // In an order that follows from the seed alone.
        for object in all.sorted(by: { "\($0.key)" < "\($1.key)" }).shuffled(using: &generator) {
            try apply(.changes([.put(object)]), true)
        }
        try apply(.snapshotEnds(listed), false)
    }

    /// Names that mostly do not exist.
    private static func strangers() throws -> [DomainName] {
        try [
            ".", "arpa.", "in-addr.arpa.", "10.in-addr.arpa.", "01.0.0.10.in-addr.arpa.", "1.0.0.10.in-addr.arpa.",
            "256.0.0.10.in-addr.arpa.", "9.1.0.0.10.in-addr.arpa.", "x.0.0.10.in-addr.arpa.", "0.0.10.in-addr.arpa.",
            "53.0.0.10.in-addr.arpa.", "99.0.0.10.in-addr.arpa.", "1.0.0.10.ip6.arpa.", "h0.a.prod.svc.cluster.local.",
            "h9.a.prod.svc.cluster.local.", "10-0-0-1.a.prod.svc.cluster.local.", "10-0-0-01.a.prod.svc.cluster.local.",
            "10-0-0-99.a.prod.svc.cluster.local.", "10-0-0.a.prod.svc.cluster.local.",
            "10-0-0-1-.a.prod.svc.cluster.local.", "-10-0-0-1.a.prod.svc.cluster.local.",
            "10-0-0-256.a.prod.svc.cluster.local.", "_tcp.a.prod.svc.cluster.local.",
            "_x._tcp.a.prod.svc.cluster.local.",
            "_http._udp.a.prod.svc.cluster.local.", "_http.a.prod.svc.cluster.local.",
            "x._http._tcp.a.prod.svc.cluster.local.", "_http._tcp._tcp.a.prod.svc.cluster.local.",
            "x.h0.a.prod.svc.cluster.local.", "H0.A.prod.svc.CLUSTER.local.", "_._tcp.a.prod.svc.cluster.local.",
        ].map { try name($0) }
    }

    /// One object of a world small enough that names and addresses meet.
    static func object(
        _ selection: DiscoverySelection, _ generator: inout SeededGenerator
    ) throws -> DiscoveryObject {
        func pick<Value>(_ values: [Value]) throws -> Value { try #require(values.randomElement(using: &generator)) }
        let namespace = try pick(["prod", "test"])
        let id = NamespacedName(namespace: namespace, name: try pick(["a", "b", "c"]))
        let address = try pick(["10.0.0.1", "10.0.0.2", "10.0.1.1", "10.0.0.53", "192.0.2.1", "2001:db8::1"])
        func port() throws -> DiscoveryPort {
            DiscoveryPort(
                name: try pick(["", "http", "http", "dns"]), transport: try pick([.tcp, .tcp, .udp]),
                number: try pick([80, 80, 8080, nil]))
        }
        func ports() throws -> [DiscoveryPort] {
            switch Int.random(in: 0..<8, using: &generator) {
            case 0: return []
            case 1: return (0..<12).map { DiscoveryPort(name: "p\($0)", number: 1000 + $0 % 10) }
            case 2: return try [port(), port(), port()]
            case 3: return [DiscoveryPort(name: String(repeating: "n", count: 63), number: 1)]
            default: return [DiscoveryPort(name: "http", number: 8080)]
            }
        }
        switch Int.random(in: 0..<12, using: &generator) {
        case 0: return .namespace(namespace)
        case 1...3:
            let texts = [
                [address], [address, "2001:db8::53"], ["2001:db8::53", address], ["None"], ["None"], ["None"], [""],
                [address, "10.0.0.7", "10.0.0.8"], [address, address, "2001:db8::1", "10.0.0.9"],
            ]
            return .service(
                DiscoveryService(
                    id, type: "ClusterIP", clusterIP: "", clusterIPs: try pick(texts), externalName: "",
                    ports: try ports(), hasSelector: true))
        case 4:
            let target = try pick(["www.example.org", "a.prod.svc.cluster.local", "192.0.2.9"])
            return .service(DiscoveryService(id, target: .alias(target)))
        case 5:
            return .serviceImport(
                DiscoveryService(
                    importing: id, type: try pick(["Headless", "ClusterSetIP"]), addresses: [address],
                    ports: try ports()))
        case 6:
            guard let pod = DiscoveryPod(id, phase: "Running", podIP: address) else { return .namespace(namespace) }
            return .pod(pod)
        case 7: return .endpoints(id, [try slice(id, "mirror", selection, ports(), &generator)])
        default:
            return .endpointSlice(try slice(id, try pick(["s0", "s1", "s2", "s3"]), selection, ports(), &generator))
        }
    }

    private static func slice(
        _ owner: NamespacedName, _ name: String, _ selection: DiscoverySelection, _ ports: [DiscoveryPort],
        _ generator: inout SeededGenerator
    ) throws -> DiscoverySlice {
        func pick<Value>(_ values: [Value]) throws -> Value { try #require(values.randomElement(using: &generator)) }
        var builder = DiscoverySlice.Builder(selection)
        builder.id = NamespacedName(namespace: owner.namespace, name: name)
        builder.service = try pick([owner.name, owner.name, owner.name, ""])
        builder.importedService = try pick(["", "", "a"])
        builder.sourceCluster = try pick(["", "east", "east.eu"])
        let isIPv6 = try pick([false, false, true])
        builder.addressType = isIPv6 ? .ipv6 : .ipv4
        builder.ports = ports
        let addresses =
            isIPv6
            ? ["2001:db8::1", "2001:db8::2", "2001:DB8::3", "2001:db8::"]
            : ["10.0.0.1", "10.0.0.2", "10.0.0.100", "10.0.1.1", "10.0.0.53"]
        let hostnames = try pick([[""], ["h0", "h1", "h2", "h3", ""], ["h0", "H1", "10-0-0-1", "", ""]])
        for _ in 0..<(try pick([0, 1, 2, 3, 3, 5])) {
            builder.append(
                addresses: [try pick(addresses)], isReady: try pick([true, true, true, false]),
                hostname: try pick(hostnames), targetName: try pick(["", "p0", "_p1"]),
                zone: try pick(["", "z1", "z.3"]))
        }
        return builder.build()
    }

    /// Services around the sizes at which their answers are no longer copied, lie out of the reach of pointers, and
    /// fill a message.
    struct Size: CustomTestStringConvertible {
        let endpoints: Int
        var ports = 1
        var isIPv6 = false

        var testDescription: String { "\(endpoints) endpoints, \(ports) ports\(isIPv6 ? ", IPv6" : "")" }

        static let all = [
            Size(endpoints: 40, ports: 2), Size(endpoints: 55), Size(endpoints: 120, isIPv6: true),
            Size(endpoints: 300, ports: 2), Size(endpoints: 320), Size(endpoints: 1000, ports: 2),
            Size(endpoints: 700, isIPv6: true), Size(endpoints: 2400, ports: 0, isIPv6: true),
            // All addresses fit behind the Service's name, and not behind the longer one of its port.
            Size(endpoints: 4093),
        ]
    }

    @Test("A Service with so many endpoints that messages are full", arguments: Size.all)
    func full(size: Size) throws {
        let count = size.endpoints
        let settings = try #require(try Self.variants().first?.1)
        for hasHostnames in [true, false] {
            let tables = [ChangeForm.services, .names].map { form in
                var told = Told(settings, form)
                let kinds = told.zone.selection.kinds
                let id = NamespacedName(namespace: "prod", name: "big")
                told.apply(.snapshotBegins(kinds))
                var changes: [DiscoveryChange] = [
                    .put(.namespace("prod")),
                    .put(.service(DiscoveryService(id, target: .endpoints, ports: []))),
                ]
                for part in 0..<((count + 99) / 100) {
                    var builder = DiscoverySlice.Builder(told.zone.selection)
                    builder.id = NamespacedName(namespace: "prod", name: "big-\(part)")
                    builder.service = "big"
                    builder.addressType = size.isIPv6 ? .ipv6 : .ipv4
                    builder.ports = (0..<size.ports).map { DiscoveryPort(name: "http", number: 80 + $0) }
                    for index in (part * 100)..<min(count, part * 100 + 100) {
                        let host = UInt32(index * 7919 % 65521)
                        builder.append(
                            address: size.isIPv6 ? .v6(0x2001_0db8 << 96 | UInt128(host)) : .v4(0x0a00_0000 + host),
                            label: hasHostnames ? "big-\(index)" : "")
                    }
                    changes.append(.put(.endpointSlice(builder.build())))
                }
                told.apply(.changes(changes))
                told.apply(.snapshotEnds(kinds))
                return told
            }
            let readers = tables.map { $0.table.makeReader() }
            for name in tables[1].names {
                try #require(Self.answers(name, readers[0]) == Self.answers(name, readers[1]), "\(name)")
            }
            #expect(tables[0].table.count == tables[1].table.count)
        }
    }

    @Test(
        "Endpoints of other clusters: no name below the Service's own, and their address leads to all labels",
        arguments: [[""], ["h2"], ["", "h2"]])
    func otherClusters(labels: [String]) throws {
        let settings = try #require(try Self.variants().first { $0.0 == "everything" }?.1)
        let tables = [ChangeForm.services, .names].map { form in
            var told = Told(settings, form)
            let kinds = told.zone.selection.kinds
            let id = NamespacedName(namespace: "prod", name: "a")
            var changes: [DiscoveryChange] = [
                .put(.namespace("prod")), .put(.service(DiscoveryService(id, target: .endpoints, ports: []))),
            ]
            for (number, label) in labels.enumerated() {
                var builder = DiscoverySlice.Builder(told.zone.selection)
                builder.id = NamespacedName(namespace: "prod", name: "s\(number)")
                builder.service = "a"
                // The last one alone is another cluster's.
                builder.importedService = number == labels.count - 1 ? "a" : ""
                builder.sourceCluster = number == labels.count - 1 ? "east" : ""
                builder.append(address: .v4(0x0a00_0035), label: label)
                changes.append(.put(.endpointSlice(builder.build())))
            }
            told.apply(.snapshotBegins(kinds))
            told.apply(.changes(changes))
            told.apply(.snapshotEnds(kinds))
            return told
        }
        let readers = tables.map { $0.table.makeReader() }
        let asked = tables[1].names.union(
            try ["10-0-0-53", "h2"].map { try Self.name("\($0).a.prod.svc.cluster.local.") })
        for name in asked {
            #expect(Self.answers(name, readers[0]) == Self.answers(name, readers[1]), "\(name)")
        }
        #expect(tables[0].table.count == tables[1].table.count)
    }
}
