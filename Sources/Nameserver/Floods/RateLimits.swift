import DNS
import Registry

/// Which limit counts for which names of a listener.
package final class RateLimits: Sendable {
    private let scopes: [(zone: DomainName, limit: ResponseRateLimit?)]

    /// nil where nothing is limited.
    ///
    /// - Parameter scopes: zones, and what limits replies about their names; nil for nothing, as in a server block that
    ///   has no `rrl`. The longest zone that a name is in decides.
    package init?(_ scopes: [(zone: DomainName, limit: ResponseRateLimit?)]) {
        guard scopes.contains(where: { $0.limit != nil }) else { return nil }
        self.scopes = scopes.sorted { $0.zone.wire.count > $1.zone.wire.count }
    }

    /// See `ResponseRateLimit.decide`.
    func decide(_ reply: UnsafeMutableRawBufferPointer, to client: IPAddress) -> ResponseRateLimit.Verdict {
        guard let limit = limit(of: reply) else { return .send }
        return limit.decide(reply, to: client, now: Int64(truncatingIfNeeded: MonotonicTime.nanoseconds()))
    }

    private func limit(of reply: UnsafeMutableRawBufferPointer) -> ResponseRateLimit? {
        if scopes.count == 1, let only = scopes.first, only.zone.isRoot { return only.limit }
        // A header alone has no name; it counts for the root, or for nothing.
        let name = Self.name(in: reply) ?? .root
        return scopes.first { name.isWithin($0.zone) }?.limit
    }

    private static func name(in reply: UnsafeMutableRawBufferPointer) -> DomainName? {
        var index = 12
        while index < reply.count, reply[index] != 0, reply[index] < 64 { index += 1 + Int(reply[index]) }
        guard reply.count > 12, index < reply.count, reply[index] == 0 else { return nil }
        return DomainName(wire: reply[12...index])
    }

    /// Decides on a reply and counts what comes of it.
    ///
    /// - Parameter isProven: whether the client has shown that the address is its own (RFC 7873 §5.2.3); nothing is
    ///   limited then.
    /// - Returns: the number of its bytes that are to be sent; nil for none.
    func lengthToSend(
        of reply: UnsafeMutableRawBufferPointer, to client: IPAddress, isProven: Bool,
        _ count: (QueryCounters.Drop) -> Void
    ) -> Int? {
        guard !isProven else { return reply.count }
        switch decide(reply, to: client) {
        case .send: return reply.count
        case .sendReported:
            count(.rateLimitReported)
            return reply.count
        case .sendCut(let length):
            count(.rateLimitCut)
            return length
        case .drop:
            count(.rateLimit)
            return nil
        }
    }
}
