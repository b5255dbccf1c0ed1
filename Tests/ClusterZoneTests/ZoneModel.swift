import DNS
import Registry
import Testing

@testable import ClusterZone

/// A name of the tests: `Z` at its end stands for `cluster.local.`, `W` for `prod.svc.cluster.local.`.
func name(_ text: String) throws -> DomainName {
    var full = text
    if text == "Z" || text.hasSuffix(".Z") { full = text.dropLast() + "cluster.local." }
    if text == "W" || text.hasSuffix(".W") { full = text.dropLast() + "prod.svc.cluster.local." }
    return try #require(DomainName(full))
}

/// What a table holds after the changes of a zone, one by one.
struct ZoneModel: Equatable {
    struct Entry: Equatable {
        let zone: DomainName
        let answers: [TypedAnswer]
    }

    private(set) var entries: [DomainName: Entry] = [:]

    /// What should not have been told of the changes of one event.
    struct Faults: Equatable {
        /// Names that went and came again, so that nobody could ask them in between.
        var blanked: [DomainName] = []
        /// Names but apexes that were told to answer what they answered before.
        var rewritten: [DomainName] = []
        /// Names that were told to go and were not there.
        var unknown: [DomainName] = []
    }

    @discardableResult
    mutating func take(_ changes: [ZoneChange]) -> Faults {
        var faults = Faults()
        var removed: Set<DomainName> = []
        for change in changes {
            switch change {
            case .set(let name, let zone, let answers):
                let entry = Entry(zone: zone, answers: answers)
                if removed.contains(name) { faults.blanked.append(name) }
                if entries[name] == entry, name != zone { faults.rewritten.append(name) }
                entries[name] = entry
            case .remove(let name):
                if entries[name] == nil { faults.unknown.append(name) }
                removed.insert(name)
                entries[name] = nil
            case .setService, .removeService, .setAddress, .removeAddress:
                Issue.record("told as a whole: \(change)")
            }
        }
        return faults
    }

    /// The names that exist while one above them does not (RFC 8020 forbids it).
    var orphans: [DomainName] {
        entries.filter { name, entry in
            name.selfAndAncestors.prefix { $0.isWithin(entry.zone) }.contains { entries[$0] == nil }
        }.map(\.key)
    }

    /// The entries without the SOA records, whose serial tells when, not what.
    var timeless: [DomainName: Entry] {
        entries.mapValues { Entry(zone: $0.zone, answers: $0.answers.filter { $0.type != .soa }) }
    }

    /// The names that answer otherwise in another model, with what they answer in both; SOA records aside.
    func differences(from other: ZoneModel) -> [String] {
        let (own, others) = (timeless, other.timeless)
        func text(_ name: DomainName, _ entry: Entry?) -> String {
            entry.map { entry in
                entry.answers.flatMap { $0.records.map { Self.line($0, asked: name) } }.joined(separator: ", ")
            } ?? "NX"
        }
        return Set(own.keys).union(others.keys).filter { own[$0] != others[$0] }.map {
            "\($0): \(text($0, own[$0])) | \(text($0, others[$0]))"
        }
    }

    /// `NX`, `ND`, or the records as lines, additional ones behind a `+`, aliases to be followed behind a `>`.
    func answer(_ name: DomainName, _ type: RecordType) -> [String] {
        guard let entry = entries[name] else { return ["NX"] }
        guard let answer = entry.answers.first(where: { $0.type == type }) else { return ["ND"] }
        return answer.records.map { (answer.isAlias ? "> " : "") + Self.line($0, asked: name) }
            + answer.additionals.map { "+ " + Self.line($0, asked: nil) }
    }

    /// A record without its TTL, and without its owner where that is the name asked.
    private static func line(_ record: Record, asked: DomainName?) -> String {
        let data = record.data
        let owner = record.owner == asked ? "" : short(record.owner) + " "
        switch data.type {
        case .a:
            return owner + data.bytes.map { String($0) }.joined(separator: ".")
        case .aaaa:
            let value = data.bytes.reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
            return owner + IPAddress.v6(value).description
        case .srv:
            let numbers = stride(from: 0, to: 6, by: 2).map {
                String(Int(data.bytes[$0]) << 8 | Int(data.bytes[$0 + 1]))
            }
            return owner + (numbers + [data.target.map(short) ?? "?"]).joined(separator: " ")
        case .txt:
            return owner + String(decoding: data.bytes.dropFirst(), as: UTF8.self)
        case .soa:
            guard let soa = StartOfAuthority(data) else { return owner + "broken" }
            return owner
                + "\(short(soa.primary)) \(short(soa.mailbox)) \(soa.refresh) \(soa.retry) \(soa.expire) \(soa.minimum)"
        default:
            return owner + "\(data.type) " + (data.target.map(short) ?? "?")
        }
    }

    private static func short(_ name: DomainName) -> String {
        var text = name.description
        for (long, letter) in [("prod.svc.cluster.local.", "W"), ("cluster.local.", "Z")] where text.hasSuffix(long) {
            text = text.dropLast(long.count) + letter
        }
        return text
    }
}

/// A zone and what has become of its names.
struct LiveZone {
    var zone: ClusterZone
    private(set) var model = ZoneModel()

    /// What the last event told that it should not have.
    private(set) var faults = ZoneModel.Faults()

    /// - Parameter objects: what there is at first; nil for a zone that nothing has been told of.
    init(_ settings: ClusterZoneSettings, objects: [RegistryObject]? = []) {
        zone = ClusterZone(settings: settings)
        model.take(zone.fixedChanges())
        if let objects { apply(.snapshot(objects, at: ResourceVersion(rawValue: 1))) }
    }

    @discardableResult
    mutating func apply(_ event: RegistryEvent, now: UInt32 = 1) -> [ZoneChange] {
        let changes = zone.apply(event, now: now)
        faults = model.take(changes)
        return changes
    }

    @discardableResult
    mutating func apply(_ event: DiscoveryEvent, now: UInt32 = 1) -> ZoneUpdate {
        let update = zone.update(event, now: now)
        faults = model.take(update.changes)
        return update
    }

    @discardableResult
    mutating func apply(_ changes: ObjectChange..., now: UInt32 = 1) -> [ZoneChange] {
        apply(.changes(changes, to: ResourceVersion(rawValue: 2)), now: now)
    }

    /// The answer to a question such as `web.W A`.
    func answer(_ question: String) throws -> [String] {
        let words = question.split(separator: " ").map(String.init)
        let types: [String: RecordType] = [
            "A": .a, "AAAA": .aaaa, "SRV": .srv, "TXT": .txt, "NS": .ns, "SOA": .soa, "PTR": .ptr, "CNAME": .cname,
            "MX": .mx, "HTTPS": RecordType(rawValue: 65),
        ]
        let type = try #require(words.count == 2 ? types[words[1]] : nil)
        return model.answer(try name(words[0]), type)
    }
}
