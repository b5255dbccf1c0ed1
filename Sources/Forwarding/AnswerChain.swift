import DNS

/// Which records of an answer section belong to the question: those of its name, and of the names that its CNAME and
/// DNAME records lead to (RFC 1034 §3.6.2, RFC 6672 §3.2). Others were not asked for, and may be lies.
enum AnswerChain {
    /// The most aliases that are followed.
    static let aliasLimit = 16

    /// The records on the chain, in their order; the very same array where that is all of them.
    static func records(_ answers: [Record], for name: DomainName) -> [Record] {
        if answers.allSatisfy({ $0.type != .cname && $0.owner == name }) { return answers }
        var names: Set<DomainName> = [name]
        var current = name
        for _ in 0..<aliasLimit {
            guard let target = target(of: current, in: answers), names.insert(target).inserted else { break }
            current = target
        }
        return answers.filter { record in
            if names.contains(record.owner) { return true }
            guard record.type == .dname || record.isSignature(of: .dname) else { return false }
            return names.contains { $0 != record.owner && $0.isWithin(record.owner) }
        }
    }

    private static func target(of name: DomainName, in answers: [Record]) -> DomainName? {
        for record in answers where record.type == .cname && record.owner == name { return record.data.target }
        for record in answers where record.type == .dname && name != record.owner && name.isWithin(record.owner) {
            guard let target = record.data.target else { return nil }
            let kept = name.wire.count - record.owner.wire.count
            return DomainName(wire: name.wire.prefix(kept) + target.wire)
        }
        return nil
    }
}

extension Record {
    /// Whether this is an RRSIG record over a type (RFC 4034 §3.1.1).
    fileprivate func isSignature(of covered: RecordType) -> Bool {
        type.rawValue == 46 && data.bytes.count >= 2
            && UInt16(data.bytes[0]) << 8 | UInt16(data.bytes[1]) == covered.rawValue
    }
}
