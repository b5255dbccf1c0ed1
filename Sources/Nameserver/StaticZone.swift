import DNS

/// A zone whose records are known once and for all: what a zone file holds.
///
/// An immutable value; a change of the file makes a new one. A lookup costs a hash of the name where it exists, and one
/// more for each label on the way up to a name that does where it does not.
package struct StaticZone: Zone {
    package let apex: DomainName
    package let denialSOA: Record
    /// What might be wrong, to be shown to the operator; in the order of the names.
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
        guard let node = nodes[name] else { return answerBelowEncloser(of: name, type: type) }
        switch node.barrier {
        case .cut(let servers):
            // Of a cut's records, DS belongs to the parent (RFC 4035 §3.1.4.1).
            if type == .ds, servers[0].owner == name { break }
            return referral(servers)
        case .redirection(let dname):
            return redirect(name, by: dname, type: type)
        case nil:
            break
        }
        return answer(from: node, type: type, owner: nil)
    }

    /// The answer for a name that does not exist: what its closest encloser has for it (RFC 4592 §3.3.1).
    private func answerBelowEncloser(of name: DomainName, type: RecordType) -> ZoneAnswer {
        var ancestor = name.parent
        while let encloser = ancestor {
            guard let node = nodes[encloser] else {
                ancestor = encloser.parent
                continue
            }
            switch node.barrier {
            case .cut(let servers): return referral(servers)
            case .redirection(let dname): return redirect(name, by: dname, type: type)
            case nil: break
            }
            if let dname = node.set(.dname)?.first { return redirect(name, by: dname, type: type) }
            guard let wildcard = DomainName(labels: ["*"], under: encloser), let source = nodes[wildcard] else {
                return .nxDomain
            }
            return answer(from: source, type: type, owner: name)
        }
        return .nxDomain
    }

    /// The answer from a node that the zone is the authority for.
    ///
    /// - Parameter owner: the owner of the records, where they are synthesized from a wildcard.
    private func answer(from node: Node, type: RecordType, owner: DomainName?) -> ZoneAnswer {
        func owned(_ records: [Record]) -> [Record] {
            guard let owner else { return records }
            return records.map { Record(owner: owner, ttl: $0.ttl, data: $0.data) }
        }
        if let records = node.set(type) {
            return .records(owned(records), additional: addresses(of: records, withGlue: type == .ns))
        }
        if let cname = node.set(.cname), let target = cname[0].data.target {
            // An alias is its own answer to ANY: nothing may stand beside it (RFC 8482 §4.2).
            return type == .any ? .records(owned(cname), additional: []) : .alias(owned(cname), target: target)
        }
        guard type == .any, let first = node.sets.first else { return .noData }
        let minimal = Record(owner: owner ?? first[0].owner, ttl: anyTTL, data: .minimalAny)
        return .records([minimal], additional: [])
    }

    private func referral(_ servers: [Record]) -> ZoneAnswer {
        .referral(servers, glue: addresses(of: servers, withGlue: true))
    }

    /// The alias that a DNAME makes of a name below it (RFC 6672 §3.2).
    private func redirect(_ name: DomainName, by dname: Record, type: RecordType) -> ZoneAnswer {
        let prefix = name.wire.prefix(name.wire.count - dname.owner.wire.count)
        // A name that would be too long is YXDOMAIN in the RFC; to an asker it does not exist either way.
        guard let newSuffix = dname.data.target, let target = DomainName(wire: prefix + newSuffix.wire) else {
            return .nxDomain
        }
        let cname = Record(owner: name, ttl: dname.ttl, data: .cname(target))
        // Who asks for the alias itself has it with that.
        let isAnswer = type == .cname || type == .any
        return isAnswer ? .records([dname, cname], additional: []) : .alias([dname, cname], target: target)
    }

    /// The addresses that the zone has for the targets of NS, MX and SRV records; those of each target once.
    ///
    /// - Parameter withGlue: whether addresses from below a zone cut count, for which the zone is no authority.
    private func addresses(of records: [Record], withGlue: Bool) -> [Record] {
        guard let type = records.first?.type, type == .ns || type == .mx || type == .srv else { return [] }
        var seen: Set<DomainName> = []
        return records.flatMap { record -> [Record] in
            guard let target = record.data.target, let node = nodes[target], seen.insert(target).inserted else {
                return []
            }
            switch node.barrier {
            case .cut where withGlue, nil: return (node.set(.a) ?? []) + (node.set(.aaaa) ?? [])
            default: return []
            }
        }
    }
}
