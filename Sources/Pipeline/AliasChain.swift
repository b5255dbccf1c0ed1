import DNS

/// The aliases followed so far for one question (RFC 1034 §3.6.2): never in a circle, never too many.
package struct AliasChain: Sendable {
    /// The most aliases that one answer follows.
    package static let maximum = 8

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

    /// Goes on to a target; false where that would be a circle or one alias too many.
    package mutating func follow(to target: DomainName) -> Bool {
        guard length + 1 < limit, seen.insert(target).inserted else { return false }
        length += 1
        name = target
        return true
    }
}
