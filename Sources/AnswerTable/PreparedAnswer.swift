import DNS

/// The answer to one name and type, made into the bytes that follow the question.
package struct PreparedAnswer: Sendable {
    package let type: RecordType
    package let flags: Body.Flags
    package let answers: UInt16
    package let additionals: UInt16
    package let body: [UInt8]

    /// Writes the records of one type behind a question of `name`.
    package init(to name: DomainName, _ answer: TypedAnswer) {
        self.init(
            to: name, type: answer.type, answers: answer.records, additionals: answer.additionals,
            isAlias: answer.isAlias)
    }

    /// Writes the records behind a question of `name`.
    ///
    /// Additional records that do not fit the largest message are left out; answers that do not fit set `cut`.
    /// - Parameters:
    ///   - answers: the RRset; for an alias its CNAME.
    ///   - isAlias: the type asked is to be looked up at the CNAME's target.
    package init(
        to name: DomainName, type: RecordType, answers: [Record], additionals: [Record] = [], isAlias: Bool = false
    ) {
        self.type = type
        var flags: Body.Flags = isAlias ? .alias : []
        if answers.count > 1, type == .a || type == .aaaa { flags.insert(.rotates) }
        if let plain = PlainBody(to: name, answers: answers, additionals: additionals) {
            // Fewer than fit a message, so they can be counted.
            self.flags = flags
            self.answers = UInt16(answers.count)
            self.additionals = UInt16(additionals.count)
            body = plain.bytes
            return
        }
        var writer = MessageWriter(for: name)
        let start = writer.bytes.count
        var answerCount: UInt16 = 0
        for record in answers {
            guard writer.append(record) else {
                flags.insert(.cut)
                break
            }
            answerCount += 1
        }
        var additionalCount: UInt16 = 0
        if !flags.contains(.cut) {
            for record in additionals {
                guard writer.append(record) else { break }
                additionalCount += 1
            }
        }
        self.flags = flags
        self.answers = answerCount
        self.additionals = additionalCount
        body = Array(writer.bytes[start...])
    }
}
