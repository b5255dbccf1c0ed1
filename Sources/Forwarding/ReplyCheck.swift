import DNS

/// Whether a message answers a question of ours (RFC 5452 §4.2); address and port are the socket's business.
enum ReplyCheck {
    /// Why a message is not taken.
    enum Cause: String, Hashable, Sendable, CaseIterable {
        /// Shorter than a header.
        case short
        /// No question of that ID is under way on the socket.
        case id
        /// It is itself a question.
        case query
        case opcode
        case question
        /// The name in it is not spelled as it was asked.
        case letterCase = "case"
    }

    enum Verdict: Hashable, Sendable {
        /// - Parameter isSpelledAlike: whether the question is repeated byte for byte.
        case accepted(isSpelledAlike: Bool)
        case ignored(Cause)
    }

    /// The ID of a message; nil where it is shorter than a header.
    static func id(_ message: UnsafeRawBufferPointer) -> UInt16? {
        message.count >= 12 ? UInt16(message[0]) << 8 | UInt16(message[1]) : nil
    }

    /// - Parameters:
    ///   - sent: the message that went out, from which `questionEnd` bytes are header and question.
    ///   - isExact: whether the question's spelling must be the same.
    static func verdict(
        on reply: UnsafeRawBufferPointer, to sent: [UInt8], questionEnd: Int, isExact: Bool
    ) -> Verdict {
        guard reply.count >= 12, sent.count >= questionEnd, questionEnd >= 12 else { return .ignored(.short) }
        guard reply[0] == sent[0], reply[1] == sent[1] else { return .ignored(.id) }
        guard reply[2] & 0x80 != 0 else { return .ignored(.query) }
        guard reply[2] & 0x78 == sent[2] & 0x78 else { return .ignored(.opcode) }
        let questions = Int(reply[4]) << 8 | Int(reply[5])
        if questions == 0 {
            // A server that could not read the question, or would not, may leave it out; such a reply has no records.
            let code = reply[3] & 0x0f
            guard [1, 4].contains(code), reply[6..<10].allSatisfy({ $0 == 0 }) else { return .ignored(.question) }
            return .accepted(isSpelledAlike: true)
        }
        guard questions == 1, reply.count >= questionEnd else { return .ignored(.question) }
        var isSpelledAlike = true
        let nameEnd = questionEnd - 4
        for index in 12..<nameEnd where reply[index] != sent[index] {
            guard DomainName.lowercased(reply[index]) == DomainName.lowercased(sent[index]) else {
                return .ignored(.question)
            }
            isSpelledAlike = false
        }
        for index in nameEnd..<questionEnd where reply[index] != sent[index] { return .ignored(.question) }
        return !isSpelledAlike && isExact ? .ignored(.letterCase) : .accepted(isSpelledAlike: isSpelledAlike)
    }
}
