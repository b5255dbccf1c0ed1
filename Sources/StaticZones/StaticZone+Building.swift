import DNS

extension StaticZone {
    /// Makes a zone of records in any order.
    ///
    /// Duplicates are dropped, and an RRset of several TTLs gets the lowest (RFC 2181 §5). Of several faults the one
    /// that stands first is thrown.
    package init(origin: DomainName, records: [Record]) throws(StaticZoneError) {
        var owners: [DomainName] = []
        var gathered: [DomainName: [RecordType: [Record]]] = [:]
        for record in records {
            try Self.check(record, apex: origin)
            if gathered[record.owner] == nil { owners.append(record.owner) }
            gathered[record.owner, default: [:]][record.type, default: []].append(record)
        }

        var nodes: [DomainName: Node] = [:]
        for owner in owners {
            let sets = gathered[owner, default: [:]].sorted { $0.key.rawValue < $1.key.rawValue }
            let node = Node(sets: sets.map { Self.rrset($0.value) })
            try Self.check(node, at: owner, apex: origin)
            nodes[owner] = node
            // The names between the owner and the apex exist as well (RFC 4592 §2.2.2).
            var ancestor = owner == origin ? nil : owner.parent
            while let name = ancestor, name != origin, gathered[name] == nil, nodes[name] == nil {
                nodes[name] = Node()
                ancestor = name.parent
            }
        }
        guard let soa = nodes[origin]?.set(.soa)?.first, let authority = StartOfAuthority(soa.data) else {
            throw StaticZoneError(owner: origin, reason: .noStartOfAuthority)
        }
        Self.raiseBarriers(in: &nodes, apex: origin)

        apex = origin
        denialSOA = Record(owner: soa.owner, ttl: min(soa.ttl, authority.minimum), data: soa.data)
        anyTTL = soa.ttl
        summary = Summary(
            serial: authority.serial,
            recordCount: nodes.values.reduce(0) { $0 + $1.sets.reduce(0) { $0 + $1.count } },
            nameCount: owners.count)
        warnings = Self.warnings(of: nodes, owners: owners, apex: origin)
        self.nodes = nodes
        self.owners = owners
    }

    private static func check(_ record: Record, apex: DomainName) throws(StaticZoneError) {
        guard record.owner.isWithin(apex) else {
            throw StaticZoneError(owner: record.owner, reason: .outOfZone(apex: apex))
        }
        let isSound =
            switch record.type {
            case .a: record.data.bytes.count == 4
            case .aaaa: record.data.bytes.count == 16
            case .soa: StartOfAuthority(record.data) != nil
            case .cname, .dname, .mx, .ns, .ptr, .srv: record.data.target != nil
            default: true
            }
        guard isSound else { throw StaticZoneError(owner: record.owner, reason: .badData(record.type)) }
    }

    private static func check(_ node: Node, at owner: DomainName, apex: DomainName) throws(StaticZoneError) {
        func count(_ type: RecordType) -> Int { node.set(type)?.count ?? 0 }
        let reason: StaticZoneError.Reason
        if count(.soa) > 0, owner != apex {
            reason = .startOfAuthorityBelowApex
        } else if count(.soa) > 1 {
            reason = .severalStartsOfAuthority
        } else if count(.cname) > 1 {
            reason = .severalAliases
        } else if count(.cname) == 1, let other = node.types.first(where: { !Self.typesBesideAlias.contains($0) }) {
            reason = .aliasWithOtherData(other)
        } else if count(.dname) > 1 {
            reason = .severalRedirections
        } else if count(.dname) == 1, count(.ns) > 0, owner != apex {
            reason = .redirectionWithDelegation
        } else {
            return
        }
        throw StaticZoneError(owner: owner, reason: reason)
    }

    /// The CNAME itself, and DNSSEC's records about it: SIG, KEY, NXT, RRSIG and NSEC (RFC 2181 §10.1, RFC 4034).
    private static let typesBesideAlias: Set<RecordType> = [
        .cname, .sig, .key, .nxt, .rrsig, .nsec,
    ]

    /// Records of one owner and type as an RRset: each data once, all of one TTL.
    private static func rrset(_ records: [Record]) -> [Record] {
        guard records.count > 1 else { return records }
        var seen: Set<RecordData> = []
        var set = records.filter { seen.insert(lowercasingNames(in: $0.data)).inserted }
        // Signatures have the TTLs of what they sign (RFC 4034 §3).
        if set[0].type != .rrsig, let lowest = records.lazy.map(\.ttl).min() {
            for index in set.indices { set[index].ttl = lowest }
        }
        return set
    }

    /// Data in which a name at the end is in lower case, to tell duplicates by (RFC 4343 §3).
    private static func lowercasingNames(in data: RecordData) -> RecordData {
        guard let target = data.target else { return data }
        let fixed = data.bytes.dropLast(target.wire.count)
        return RecordData(type: data.type, bytes: fixed + target.lowercased.wire)
    }

    /// Tells every node which delegation or redirection hides it; the one nearest to the apex hides the others too.
    private static func raiseBarriers(in nodes: inout [DomainName: Node], apex: DomainName) {
        var barriers: [DomainName: Barrier] = [:]
        for (name, node) in nodes {
            if name != apex, let servers = node.set(.ns) {
                barriers[name] = .cut(servers)
            } else if let dname = node.set(.dname) {
                barriers[name] = .redirection(dname[0])
            }
        }
        guard !barriers.isEmpty else { return }
        for name in nodes.keys {
            for ancestor in name.selfAndAncestors {
                switch barriers[ancestor] {
                case .redirection where ancestor == name: break
                case let barrier?: nodes[name]?.barrier = barrier
                case nil: break
                }
                if ancestor == apex { break }
            }
        }
    }

    private static func warnings(
        of nodes: [DomainName: Node], owners: [DomainName], apex: DomainName
    ) -> [StaticZoneWarning] {
        var warnings: [StaticZoneWarning] = []
        if nodes[apex]?.set(.ns) == nil { warnings.append(.noNameServers(apex: apex)) }
        if let signed = owners.first(where: { nodes[$0]?.set(.rrsig) != nil }) {
            warnings.append(.signed(owner: signed))
        }
        for owner in owners {
            guard let node = nodes[owner] else { continue }
            switch node.barrier {
            case .cut(let servers):
                let cut = servers[0].owner
                let useful: Set<RecordType> =
                    owner == cut ? [.ns, .ds, .a, .aaaa, .rrsig, .nsec] : [.a, .aaaa, .rrsig, .nsec]
                if !useful.isSuperset(of: node.types) { warnings.append(.hidden(owner: owner, by: cut)) }
                guard owner == cut else { continue }
                for server in servers.compactMap(\.data.target) where server.isWithin(cut) {
                    guard nodes[server]?.set(.a) == nil, nodes[server]?.set(.aaaa) == nil else { continue }
                    warnings.append(.missingGlue(cut: cut, server: server))
                }
            case .redirection(let dname):
                warnings.append(.hidden(owner: owner, by: dname.owner))
            case nil: continue
            }
        }
        return warnings
    }
}

extension RecordType {
    fileprivate static let sig = Self(rawValue: 24)
    fileprivate static let key = Self(rawValue: 25)
    fileprivate static let nxt = Self(rawValue: 30)
}
