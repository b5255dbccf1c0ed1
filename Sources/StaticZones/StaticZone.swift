import DNS

/// A zone whose records are known once and for all: what a zone file holds.
///
/// An immutable value; a change of the file makes a new one. A lookup costs a hash of the name where it exists, and one
/// more for each label on the way up to a name that does where it does not.
package struct StaticZone: Zone {
    package let apex: DomainName
    package let denialSOA: Record
    /// What might be wrong, to be shown to the operator; in the order of the file.
    package let warnings: [StaticZoneWarning]
    /// The serial, and how much there is.
    package let summary: Summary
    /// Every name that exists: owners, and the empty ones between them and the apex (RFC 4592 §2.2.2).
    let nodes: [DomainName: Node]
    /// The names that own records, in the order of the file.
    let owners: [DomainName]
    /// How long the minimal answer to ANY may be kept, in seconds: as long as the SOA record.
    let anyTTL: UInt32

    /// What stands at a name.
    struct Node {
        /// The RRsets; none for an empty non-terminal. Few enough to be searched one after the other.
        var sets: [[Record]] = []
        /// The delegation or redirection nearest to the apex that keeps queries from the node.
        var barrier: Barrier?

        var types: [RecordType] { sets.map { $0[0].type } }

        func set(_ type: RecordType) -> [Record]? {
            sets.first { $0[0].type == type }
        }

        var addresses: [Record] { (set(.a) ?? []) + (set(.aaaa) ?? []) }
    }

    /// Where the zone's authority for a name ends.
    enum Barrier {
        /// A zone cut, at the name or above it; its NS records.
        case cut([Record])
        /// A DNAME above the name.
        case redirection(Record)
    }

    /// All records, the SOA record first and the others in the order of the file, as a transfer gives them.
    package var records: [Record] {
        let all = owners.lazy.flatMap { nodes[$0]?.sets.joined().map(\.self) ?? [] }
        return all.filter { $0.type == .soa } + all.filter { $0.type != .soa }
    }

    /// A zone's vital figures, for a line in the log.
    package struct Summary: Hashable, Sendable, CustomStringConvertible {
        package let serial: UInt32
        /// Records, without duplicates.
        package let recordCount: Int
        /// Names that own records.
        package let nameCount: Int

        package var description: String { "serial \(serial), \(recordCount) records at \(nameCount) names" }
    }
}

// MARK: - Lookup

extension StaticZone {
    package func answer(to name: DomainName, type: RecordType) -> ZoneAnswer {
        switch place(of: name) {
        case .node(let node, let owner):
            return answer(from: node, owner: owner, type: type)
        case .barred(let node, .cut(let servers)):
            // Of a cut's records, DS belongs to the parent (RFC 4035 §3.1.4.1).
            if type == .ds, let node, servers[0].owner == name { return answer(from: node, owner: nil, type: type) }
            return .referral(servers, glue: addresses(of: servers))
        case .barred(_, .redirection(let dname)):
            return redirect(name, by: dname, type: type)
        case .nowhere:
            return .nxDomain
        }
    }

    /// Where the search for a name ends (RFC 1034 §4.3.2 step 3).
    private enum Place {
        /// At the name itself, or at a wildcard whose records take the name as their owner.
        case node(Node, owner: DomainName?)
        /// Where the zone's authority ends; the node if there is one of that name all the same, such as glue.
        case barred(Node?, Barrier)
        case nowhere
    }

    private func place(of name: DomainName) -> Place {
        if let node = nodes[name] {
            return node.barrier.map { .barred(node, $0) } ?? .node(node, owner: nil)
        }
        // The closest encloser says what becomes of a name that is not there (RFC 4592 §3.3.1).
        var ancestor = name.parent
        while let encloser = ancestor {
            guard let node = nodes[encloser] else {
                ancestor = encloser.parent
                continue
            }
            if let barrier = node.barrier { return .barred(nil, barrier) }
            if let dname = node.set(.dname) { return .barred(nil, .redirection(dname[0])) }
            guard let wildcard = DomainName(labels: ["*"], under: encloser), let source = nodes[wildcard] else {
                return .nowhere
            }
            return .node(source, owner: name)
        }
        return .nowhere
    }

    /// The answer from a node that the zone is the authority for.
    ///
    /// - Parameter owner: the owner of the records, where they are synthesized from a wildcard.
    private func answer(from node: Node, owner: DomainName?, type: RecordType) -> ZoneAnswer {
        if let records = node.set(type) {
            return .records(Self.owned(records, by: owner), additional: addresses(of: records))
        }
        if let cname = node.set(.cname), let target = cname[0].data.target {
            let records = Self.owned(cname, by: owner)
            // An alias is its own answer to ANY: nothing may stand beside it.
            return type == .any ? .records(records, additional: []) : .alias(records, target: target)
        }
        guard type == .any, let first = node.sets.first else { return .noData }
        let minimal = Record(owner: owner ?? first[0].owner, ttl: anyTTL, data: .minimalAny)
        return .records([minimal], additional: [])
    }

    /// The alias that a DNAME makes of a name below it (RFC 6672 §3.2).
    private func redirect(_ name: DomainName, by dname: Record, type: RecordType) -> ZoneAnswer {
        let prefix = name.wire.dropLast(dname.owner.wire.count)
        guard let newSuffix = dname.data.target, let target = DomainName(wire: prefix + newSuffix.wire) else {
            return .nameTooLong([dname])
        }
        let cname = Record(owner: name, ttl: dname.ttl, data: .cname(target))
        // Who asks for the alias itself has it with that.
        let isAnswer = type == .cname || type == .any
        return isAnswer ? .records([dname, cname], additional: []) : .alias([dname, cname], target: target)
    }

    /// The addresses that the zone has for the targets of NS, MX and SRV records, those of each target once.
    ///
    /// Glue, for which the zone is no authority, goes with NS records only.
    private func addresses(of records: [Record]) -> [Record] {
        guard let type = records.first?.type, type == .ns || type == .mx || type == .srv else { return [] }
        var seen: Set<DomainName> = []
        return records.flatMap { record -> [Record] in
            guard let target = record.data.target, seen.insert(target).inserted else { return [] }
            switch place(of: target) {
            case .node(let node, let owner): return Self.owned(node.addresses, by: owner)
            case .barred(let node?, .cut) where type == .ns: return node.addresses
            default: return []
            }
        }
    }

    /// Records under another owner; as they are where it is nil.
    private static func owned(_ records: [Record], by owner: DomainName?) -> [Record] {
        guard let owner else { return records }
        return records.map { Record(owner: owner, ttl: $0.ttl, data: $0.data) }
    }
}
