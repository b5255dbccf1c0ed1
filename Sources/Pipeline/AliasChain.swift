import DNS

/// The aliases followed so far for one question (RFC 1034 §3.6.2): never in a circle, never too many.
package struct AliasChain: Sendable {
    /// The most aliases that one answer follows, as many as CoreDNS does.
    package static let maximum = 11

    /// Where the chain has led.
    package private(set) var name: DomainName
    /// The number of aliases followed, without those that led to the question.
    package private(set) var length = 0
    private var seen: Set<DomainName>
    private let limit: Int

    package init(of query: PipelineQuery) {
        name = query.name
        seen = [query.name]
        limit = Self.maximum - query.aliasCount
    }

    /// Whether no further alias has room in the answer.
    package var isFull: Bool { length >= limit }

    /// Goes on to a target; false where that would be a circle or one alias too many.
    package mutating func follow(to target: DomainName) -> Bool {
        guard !isFull, seen.insert(target).inserted else { return false }
        length += 1
        name = target
        return true
    }

    /// Whether the asker may be told of the name that the chain has led to, where who asks for that in the server's other
    /// zones would meet the rules again; notes in the answer whether that goes by the asker.
    package func mayBeTold(to query: PipelineQuery, in response: inout Response) -> Bool {
        guard let verdict = query.access?.verdict(onTarget: name, of: query) else { return true }
        response.dependsOnAsker = response.dependsOnAsker || verdict.dependsOnAsker
        return verdict.isAllowed
    }

    /// Asks the server's other zones for the name the chain has led to, and adds what they say to the answer.
    ///
    /// What they say of the target is what is said of the alias (RFC 6604 §3), without their SOA record, and without RA:
    /// the whole is an answer from authority. A SERVFAIL says why (RFC 8914).
    nonisolated(nonsending) package func continued(_ query: PipelineQuery, after partial: Response) async -> Response {
        var response = partial
        let found = await query.ask(name, query.type, aliases: length)
        response.dependsOnAsker = response.dependsOnAsker || found.dependsOnAsker
        // Nobody here knows the name: the asker's resolver goes on from the alias.
        guard !found.isUnanswered else { return response }
        response.code = found.code
        response.answers += found.answers
        response.isTruncated = found.isTruncated
        response.extendedError = found.extendedError
        response.failure = found.failure
        if found.code == .serverFailure, found.extendedError == nil {
            response.extendedError = ExtendedError(
                found.failure == nil ? .noReachableAuthority : .other, "SERVFAIL for the target of the alias")
        }
        return response
    }
}
