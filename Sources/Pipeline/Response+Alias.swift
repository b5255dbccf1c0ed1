import DNS

extension Response {
    /// Adds what the server itself says to the target of an alias that leads out of the zone.
    ///
    /// The whole has the target's code (RFC 6604 §3), and the SOA record of its denial (RFC 2308 §2.1). Where nobody
    /// here answers for the target, the alias is all: the asker's resolver goes on from it.
    /// - Parameters:
    ///   - found: the answer to the question for the target.
    ///   - type: the type asked for.
    package mutating func goOn(with found: Response, type: RecordType) {
        guard found.code != .refused, !found.isSilent else { return }
        code = found.code
        answers += found.answers
        isRecursionAvailable = found.isRecursionAvailable
        isTruncated = found.isTruncated
        extendedError = found.extendedError
        failure = found.failure
        if !found.answers.contains(where: { $0.type == type }) { authorities = found.authorities }
    }
}
