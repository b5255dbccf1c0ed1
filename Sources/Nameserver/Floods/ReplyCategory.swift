/// What kind of answer a finished reply is, for the limits of `rrl`, and what of it is counted together.
struct ReplyCategory: Equatable {
    enum Kind: UInt8, CaseIterable {
        case response
        case noData
        case nxDomain
        case referral
        case error
    }

    var kind: Kind
    /// What tells one account of the kind from another: the lower-cased name, and the type where it matters.
    var subject: [UInt8]

    private static let headerLength = 12

    /// nil for what is no reply to one question, and for a reply that is cut (TC) and holds nothing.
    init?(_ reply: UnsafeRawBufferPointer) {
        guard reply.count > Self.headerLength, reply[4] == 0, reply[5] == 1,
            let questionEnd = Self.questionEnd(reply)
        else { return nil }
        let answers = UInt16(reply[6]) << 8 | UInt16(reply[7])
        let authorities = UInt16(reply[8]) << 8 | UInt16(reply[9])
        let isCut = reply[2] & 2 != 0
        let name = Self.lowercased(reply[Self.headerLength..<(questionEnd - 4)])
        let type = Array(reply[(questionEnd - 4)..<(questionEnd - 2)])
        switch reply[3] & 15 {
        case 0 where answers > 0:
            (kind, subject) = (.response, name + type)
        case 0 where authorities > 0:
            let owner = Self.name(in: reply, at: questionEnd)
            if let owner, owner.end + 2 <= reply.count, reply[owner.end] == 0, reply[owner.end + 1] == 2 {
                (kind, subject) = (.referral, owner.name)
            } else {
                (kind, subject) = (.noData, name)
            }
        case 0 where isCut: return nil
        case 0: (kind, subject) = (.noData, name)
        case 3: (kind, subject) = (.nxDomain, authorities > 0 ? Self.name(in: reply, at: questionEnd)?.name ?? [] : [])
        default: (kind, subject) = (.error, [])
        }
    }

    private static func questionEnd(_ reply: UnsafeRawBufferPointer) -> Int? {
        var index = headerLength
        while index < reply.count, reply[index] != 0 {
            guard reply[index] < 64 else { return nil }
            index += 1 + Int(reply[index])
        }
        return index + 5 <= reply.count ? index + 5 : nil
    }

    /// A name that may lead, by one pointer at its end, to another place: that is how replies name their zones.
    private static func name(in reply: UnsafeRawBufferPointer, at start: Int) -> (name: [UInt8], end: Int)? {
        var bytes: [UInt8] = []
        var (index, end) = (start, 0)
        var pointers = 0
        while index < reply.count, bytes.count <= 255 {
            let length = Int(reply[index])
            if length == 0 { return (lowercased(bytes[...] + [0]), end > 0 ? end : index + 1) }
            if length >= 0xc0 {
                guard index + 1 < reply.count, pointers < 8 else { return nil }
                if end == 0 { end = index + 2 }
                pointers += 1
                index = (length & 0x3f) << 8 | Int(reply[index + 1])
                continue
            }
            guard length < 64, index + length < reply.count else { return nil }
            bytes += reply[index...(index + length)]
            index += 1 + length
        }
        return nil
    }

    private static func lowercased(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        bytes.map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }
    }
}
