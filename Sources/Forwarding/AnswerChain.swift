import DNS

/// The names that an answer is about: the one asked for, and those that its CNAME and DNAME records lead to (RFC 1034
/// §3.6.2, RFC 6672 §3.2). Says which records of a reply belong there; others were not asked for, and may be lies.
struct AnswerChain {
    /// The most aliases that are followed. Resolvers stop at 11 to 16; work for a record grows with this.
    static let aliasLimit = 64

    /// In the order of the aliases, the name asked for first.
    private let names: [DomainName]
    /// The same of a long chain, with which thousands of records may be compared; empty of a short one.
    private let index: Set<DomainName>
    private static let longChain = 8
    /// Whether the aliases lead on behind the last name: what is at their end is not known.
    let isCut: Bool

    /// - Parameter answers: the answer section of a reply.
    init(of name: DomainName, in answers: [Record]) {
        var names = [name]
        var next: DomainName?
        if answers.contains(where: { $0.type == .cname || $0.type == .dname }) {
            let aliases = Aliases(answers)
            func step() -> DomainName? {
                names.last.flatMap(aliases.target(of:)).flatMap { names.contains($0) ? nil : $0 }
            }
            next = step()
            while let name = next, names.count <= Self.aliasLimit {
                names.append(name)
                next = step()
            }
        }
        self.names = names
        index = names.count > Self.longChain ? Set(names) : []
        isCut = next != nil
    }

    private func contains(_ name: DomainName) -> Bool { index.isEmpty ? names.contains(name) : index.contains(name) }

    /// The records of the answer section that are on the chain, in their order.
    func answers(_ records: [Record]) -> [Record] {
        if let name = names.first, records.allSatisfy({ $0.owner == name }) { return records }
        let zones = records.contains { $0.keyType == .dname } ? Zones(of: self) : nil
        return records.filter { contains($0.owner) || $0.keyType == .dname && zones?.contains($0.owner) == true }
    }

    /// The records of the authority section that speak of zones which names of the chain are in: their SOA, NS and DS
    /// records, denials of names and types there (RFC 4034 §4, RFC 5155 §3), and the signatures of all these.
    ///
    /// - Parameter answers: the answer section; who signed it tells its zone.
    func authorities(_ records: [Record], beside answers: [Record]) -> [Record] {
        guard !records.isEmpty else { return records }
        let chain = Zones(of: self)
        // Zones of one name lie inside each other, so these are no more than the names.
        var zones: [DomainName] = []
        func note(_ zone: DomainName) {
            guard chain.contains(zone), !zones.contains(where: { zone.isWithin($0) }) else { return }
            zones.removeAll { $0.isWithin(zone) }
            zones.append(zone)
        }
        for record in records where [.soa, .ns, .ds].contains(record.type) { note(record.owner) }
        for section in [answers, records] {
            for record in section { if let signer = record.signer { note(signer) } }
        }
        return records.filter { record in
            switch record.keyType {
            case .soa, .ns, .ds: chain.contains(record.owner)
            case .nsec, .nsec3: zones.contains { record.owner.isWithin($0) }
            default: false
            }
        }
    }

    /// The records of the additional section that are of names which the other records send to, or of the chain itself:
    /// addresses, and what leads to these (RFC 2782, RFC 6763 §12, RFC 9460 §4).
    ///
    /// - Parameter others: those of the other sections that were kept.
    func additionals(_ records: [Record], of others: [Record]...) -> [Record] {
        guard !records.isEmpty else { return records }
        var referred = Set(names)
        for record in others.joined() { if let name = record.referredName { referred.insert(name) } }
        return records.filter { record in
            switch record.keyType {
            case .a, .aaaa, .cname, .srv, .txt, .svcb, .https: break
            default: return false
            }
            guard referred.contains(record.owner) else { return false }
            if let name = record.referredName { referred.insert(name) }
            return true
        }
    }

    /// The zones that names of a chain may be in.
    private struct Zones {
        private let names: [DomainName]
        /// All of a long chain's; looking among them costs the same for each of thousands of records.
        private let index: Set<DomainName>

        init(of chain: AnswerChain) {
            names = chain.names
            var index: Set<DomainName> = []
            if !chain.index.isEmpty {
                for name in chain.names {
                    // Above a name that is there all are.
                    for zone in name.selfAndAncestors where !index.insert(zone).inserted { break }
                }
            }
            self.index = index
        }

        func contains(_ zone: DomainName) -> Bool {
            index.isEmpty ? names.contains { $0.isWithin(zone) } : index.contains(zone)
        }
    }

    /// Where the aliases of an answer section lead.
    private struct Aliases {
        private var targets: [DomainName: DomainName] = [:]
        private var trees: [(owner: DomainName, target: DomainName)] = []

        init(_ answers: [Record]) {
            for record in answers {
                guard let target = record.data.target else { continue }
                if record.type == .cname, targets[record.owner] == nil { targets[record.owner] = target }
                if record.type == .dname { trees.append((record.owner, target)) }
            }
        }

        func target(of name: DomainName) -> DomainName? {
            if let target = targets[name] { return target }
            guard let tree = trees.first(where: { name != $0.owner && name.isWithin($0.owner) }) else { return nil }
            let kept = name.wire.count - tree.owner.wire.count
            return DomainName(wire: name.wire.prefix(kept) + tree.target.wire)
        }
    }
}

extension DNSMessage {
    /// The message without the records that the question does not lead to; nil where it leads over more aliases than
    /// are followed.
    package func cleaned(for name: DomainName) -> DNSMessage? {
        var message = self
        let chain = AnswerChain(of: name, in: answers)
        if chain.isCut { return nil }
        message.answers = chain.answers(answers)
        message.authorities = chain.authorities(authorities, beside: message.answers)
        message.additionals = chain.additionals(additionals, of: message.answers, message.authorities)
        return message
    }
}

extension RecordType {
    fileprivate static let svcb = Self(rawValue: 64)
    fileprivate static let https = Self(rawValue: 65)
}

extension Record {
    /// The type; of a signature the one that is signed (RFC 4034 §3.1.1).
    fileprivate var keyType: RecordType { signedType ?? type }

    /// Whose signature this is (RFC 4034 §3.1.7); nil for other types.
    fileprivate var signer: DomainName? { type == .rrsig ? name(at: 18) : nil }

    /// The name that who reads the record looks up next; nil for types without one.
    fileprivate var referredName: DomainName? {
        switch type.rawValue {
        // AFSDB, RT, KX: behind a number (RFC 1183, RFC 2230).
        case 18, 21, 36: return name(at: 2)
        // SVCB, HTTPS: behind a number, the root standing for the owner (RFC 9460 §2.5).
        case 64, 65: return name(at: 2).map { $0.isRoot ? owner : $0 }
        // NAPTR: behind two numbers and three strings (RFC 3403 §4.1).
        case 35:
            var offset = 4
            for _ in 0..<3 {
                guard offset < data.bytes.count else { return nil }
                offset += 1 + Int(data.bytes[offset])
            }
            return name(at: offset)
        default: return data.target
        }
    }

    private func name(at offset: Int) -> DomainName? {
        var offset = offset
        return RecordReader.name(in: data.bytes, at: &offset)
    }
}
