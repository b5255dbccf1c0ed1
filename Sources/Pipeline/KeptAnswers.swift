import DNS

/// Answers that a stage has kept in wire form, for a listener's threads to give without asking the stages.
package protocol KeptAnswers: Sendable {
    /// A thread's way to the answers; nil where the stage must see every question.
    ///
    /// - Parameter server: the server block that the thread answers for, as metrics name it.
    func makeReader(server: String) -> (any KeptAnswerReader)?
}

/// One thread's way to kept answers; not for more than one thread at a time.
package protocol KeptAnswerReader: AnyObject {
    /// Takes the time, for all answers until the next call.
    func takeTime()

    /// Writes what follows the question, and counts the answer; nil, with nothing counted, where the stages must be
    /// asked.
    ///
    /// - Parameters:
    ///   - target: room for the records, of `room` bytes.
    ///   - kinds: others are not given.
    ///   - order: a random number by which addresses are given in another order; nil for their own.
    func take(
        _ question: KeptQuestion, into target: UnsafeMutableRawPointer, room: Int, kinds: ReadyPassage.Kinds,
        order: UInt64?
    ) -> KeptAnswer?
}

/// A question of class IN, as far as kept answers depend on it.
package struct KeptQuestion {
    /// The name as `NameKey.make` writes it; the asker's memory, valid during the call.
    package let words: UnsafePointer<UInt64>
    /// The name's length in bytes.
    package let nameLength: Int
    package let type: RecordType
    package let isDNSSECOK: Bool
    package let isCheckingDisabled: Bool

    package init(
        words: UnsafePointer<UInt64>, nameLength: Int, type: RecordType, isDNSSECOK: Bool, isCheckingDisabled: Bool
    ) {
        self.words = words
        self.nameLength = nameLength
        self.type = type
        self.isDNSSECOK = isDNSSECOK
        self.isCheckingDisabled = isCheckingDisabled
    }
}

/// What was written behind a question, and what belongs into the header.
package struct KeptAnswer {
    package var code: ResponseCode
    package var kind: ReadyPassage.Kinds
    package var isAuthoritative: Bool
    package var isRecursionAvailable: Bool
    /// AD, for who understands it.
    package var isAuthenticData: Bool
    package var answers: UInt16
    package var authorities: UInt16
    package var additionals: UInt16
    /// Of the records, in bytes.
    package var length: Int

    package init(
        code: ResponseCode, kind: ReadyPassage.Kinds, isAuthoritative: Bool, isRecursionAvailable: Bool,
        isAuthenticData: Bool,
        answers: UInt16, authorities: UInt16, additionals: UInt16, length: Int
    ) {
        self.code = code
        self.kind = kind
        self.isAuthoritative = isAuthoritative
        self.isRecursionAvailable = isRecursionAvailable
        self.isAuthenticData = isAuthenticData
        self.answers = answers
        self.authorities = authorities
        self.additionals = additionals
        self.length = length
    }
}
