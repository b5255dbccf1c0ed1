import Corefile
import DNS
import Pipeline

/// What is to be done to the answer after a question was rewritten.
struct RewriteReversal {
    /// A change of names in records.
    private enum NameStep {
        /// One name, and those below it, become another.
        case subtree(from: DomainName, to: DomainName)
        /// The end of names' texts.
        case suffix(from: [UInt8], to: [UInt8])
        case pattern(RewriteSettings.AnswerRewrite)
    }

    let original: PipelineQuery
    /// TTLs are brought into these ranges, one after the other.
    var ttls: [ClosedRange<UInt32>] = []
    var codes: [(from: ResponseCode, to: ResponseCode)] = []
    var aliasTargets: [(RewriteSettings.NamePattern, RewriteSettings.NameReplacement)] = []
    /// EDNS options that get back what the question had.
    var options: [OptionCode] = []
    /// What undoes each change of the name, the last change first.
    private var steps: [[NameStep]] = []

    init(original: PipelineQuery) {
        self.original = original
    }

    /// Notes that a rule made `new` of `old`.
    mutating func note(_ rewrite: RewriteSettings.NameRewrite, from old: DomainName, to new: DomainName) {
        var undoing: [NameStep] = []
        if rewrite.isReverted {
            if case .suffix(let suffix) = rewrite.pattern {
                undoing.append(.suffix(from: rewrite.replacement.bytes(), to: suffix))
            } else {
                undoing.append(.subtree(from: new, to: old))
            }
        }
        undoing += rewrite.answers.map(NameStep.pattern)
        if !undoing.isEmpty { steps.insert(undoing, at: 0) }
    }

    func apply(to response: inout Response) {
        for (from, to) in codes where response.code == from { response.code = to }
        for code in options { revert(code, in: &response.options) }
        guard !steps.isEmpty || !ttls.isEmpty else { return }
        func change(_ records: inout [Record]) {
            for index in records.indices { change(&records[index]) }
        }
        func change(_ record: inout Record) {
            for range in ttls { record.ttl = min(max(record.ttl, range.lowerBound), range.upperBound) }
            guard !steps.isEmpty else { return }
            record.owner = changed(record.owner, .name)
            // The asker's own spelling (0x20).
            if record.owner == original.name { record.owner = original.name }
            record.data = record.data.changingName { changed($0, .value) }
        }
        change(&response.answers)
        change(&response.authorities)
        change(&response.additionals)
    }

    private func changed(_ name: DomainName, _ part: RewriteSettings.AnswerRewrite.Part) -> DomainName {
        steps.joined().reduce(name) { name, step in
            switch step {
            case .subtree(let from, let to):
                guard name.isWithin(from) else { return name }
                return DomainName(wire: name.wire.dropLast(from.wire.count) + to.wire) ?? name
            case .suffix(let from, let to):
                let text = NameText.bytes(of: name)
                guard text.suffix(from.count).elementsEqual(from) else { return name }
                return NameText.name(text.dropLast(from.count) + to) ?? name
            case .pattern(let rewrite):
                guard rewrite.part == part else { return name }
                let pattern = RewriteSettings.NamePattern.regex(rewrite.pattern)
                let new = pattern.replaced(in: NameText.bytes(of: name), by: rewrite.replacement)
                return new.flatMap(NameText.name) ?? name
            }
        }
    }

    private func revert(_ code: OptionCode, in options: inout [EDNSOption]) {
        let former = original.edns?.options.first { $0.code == code }
        options = options.compactMap { $0.code == code ? former : $0 }
    }
}

extension RecordData {
    /// The data with another name in the place of the one it holds: the target, or the primary server of an SOA
    /// record; as it is for other types, and where the new data would be none.
    func changingName(_ change: (DomainName) -> DomainName) -> RecordData {
        guard let start = nameOffset, let name = Self.name(in: bytes[start...]) else { return self }
        let new = change(name)
        guard new.wire != name.wire else { return self }
        let changed = bytes[..<start] + new.wire + bytes[(start + name.wire.count)...]
        guard changed.count <= 65535 else { return self }
        return RecordData(type: type, bytes: Array(changed))
    }

    /// Where the name lies; nil where there is none that is rewritten.
    private var nameOffset: Int? {
        switch type.rawValue {
        case RecordType.cname.rawValue, RecordType.ns.rawValue, RecordType.ptr.rawValue, RecordType.dname.rawValue,
            RecordType.soa.rawValue:
            return 0
        // MX, SVCB and HTTPS: behind a number (RFC 9460 §2.2).
        case 15, 64, 65: return bytes.count > 2 ? 2 : nil
        case RecordType.srv.rawValue: return bytes.count > 6 ? 6 : nil
        // NAPTR: behind two numbers and three strings (RFC 3403 §4.1).
        case 35:
            var offset = 4
            for _ in 0..<3 {
                guard offset < bytes.count else { return nil }
                offset += 1 + Int(bytes[offset])
            }
            return offset < bytes.count ? offset : nil
        default: return nil
        }
    }

    /// The name that bytes begin with.
    private static func name(in bytes: ArraySlice<UInt8>) -> DomainName? {
        var index = bytes.startIndex
        while index < bytes.endIndex, bytes[index] != 0 {
            guard bytes[index] <= 63 else { return nil }
            index += 1 + Int(bytes[index])
        }
        guard index < bytes.endIndex else { return nil }
        return DomainName(wire: bytes[...index])
    }
}
