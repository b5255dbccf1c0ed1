import Registry
import Synchronization

/// The secrets of a server's cookies: one that new cookies are made with, and others that are accepted beside it.
///
/// Random ones take turns by time (RFC 7873 §7.1). Servers that share an address share secrets, which an operator rolls
/// over in three steps, so that no cookie is refused (RFC 9018 §5): the new one second, then first, then alone.
package final class CookieSecrets: Sendable {
    /// How long a random secret makes cookies, in seconds; it is accepted for as long again.
    package static let lifetime: UInt32 = 86_400
    /// The most secrets that are accepted at a time.
    package static let maximum = 4

    private struct State {
        /// The one that makes cookies.
        var first: ServerCookie
        var others: [ServerCookie]
        /// When another random secret is due, in Unix seconds; nil for given ones, and for a random one not yet used.
        var end: UInt32?
        var isRandom: Bool
    }

    private let state: Mutex<State>

    /// Random secrets, each good for a day and accepted for another.
    package init() {
        state = Mutex(Self.state([]))
    }

    /// Given secrets, of which the first one makes cookies; random ones where there is none.
    package init(_ secrets: [ServerCookie]) {
        state = Mutex(Self.state(secrets))
    }

    /// Takes other secrets in the place of those there are; clients whose cookie fits none get a new one.
    package func exchange(_ secrets: [ServerCookie]) {
        state.withLock { $0 = Self.state(secrets) }
    }

    private static func state(_ secrets: [ServerCookie]) -> State {
        State(
            first: secrets.first ?? ServerCookie(), others: Array(secrets.dropFirst().prefix(maximum - 1)),
            isRandom: secrets.isEmpty)
    }

    /// Those that are good at a time, in Unix seconds.
    private func current(now: UInt32) -> (first: ServerCookie, others: [ServerCookie]) {
        state.withLock { state in
            guard state.isRandom else { return (state.first, state.others) }
            if let end = state.end {
                // A clock that is set back makes a secret live longer, by as much as it is set back.
                if Int32(bitPattern: now &- end) >= 0 {
                    (state.first, state.others) = (ServerCookie(), [state.first])
                    state.end = now &+ Self.lifetime
                }
            } else {
                state.end = now &+ Self.lifetime
            }
            return (state.first, state.others)
        }
    }

    /// The server cookie that a client gets, and whether the one that it brought was ours to it.
    ///
    /// - Parameters:
    ///   - clientCookie: its 8 bytes as they stand in memory.
    ///   - brought: nil where it brought none, or one of another length.
    ///   - now: Unix seconds.
    func answer(
        clientCookie: UInt64, brought: ServerCookie.Words?, address: IPAddress, now: UInt32
    ) -> (cookie: ServerCookie.Words, isValid: Bool) {
        let (first, others) = current(now: now)
        var isValid = false
        if let brought {
            switch first.verdict(on: brought, clientCookie: clientCookie, address: address, now: now) {
            case .fresh: return (brought, true)
            case .aging: isValid = true
            // One of another secret is replaced, however young it is.
            case .invalid:
                isValid = others.contains {
                    $0.verdict(on: brought, clientCookie: clientCookie, address: address, now: now) != .invalid
                }
            }
        }
        return (first.make(clientCookie: clientCookie, address: address, now: now), isValid)
    }

    /// What goes back for a cookie option, and whether its server cookie was ours to this client.
    ///
    /// - Parameters:
    ///   - option: the option's data, of a legal length.
    ///   - now: Unix seconds.
    func answer(to option: [UInt8], address: IPAddress, now: UInt32) -> (option: [UInt8], isValid: Bool) {
        let client = option.prefix(ServerCookie.clientLength)
        guard client.count == ServerCookie.clientLength else { return ([], false) }
        let answer = answer(
            clientCookie: client.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) },
            brought: ServerCookie.Words(option.dropFirst(ServerCookie.clientLength)), address: address, now: now)
        return (client + answer.cookie.bytes, answer.isValid)
    }
}
