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
    /// Another number whenever the secrets are others.
    private let version = Atomic(0)

    /// Random secrets, each good for a day and accepted for another.
    package convenience init() { self.init([]) }

    /// Given secrets, of which the first one makes cookies; random ones where there is none.
    package init(_ secrets: [ServerCookie]) {
        state = Mutex(Self.state(secrets))
    }

    /// Takes other secrets in the place of those there are; clients whose cookie fits none get a new one.
    package func exchange(_ secrets: [ServerCookie]) {
        state.withLock { $0 = Self.state(secrets) }
        version.wrappingAdd(1, ordering: .releasing)
    }

    private static func state(_ secrets: [ServerCookie]) -> State {
        State(
            first: secrets.first ?? ServerCookie(), others: Array(secrets.dropFirst().prefix(maximum - 1)),
            isRandom: secrets.isEmpty)
    }

    /// The secrets that are good at a time, in Unix seconds: for one thread, which then counts no references and takes
    /// no lock until `isCurrent` says no.
    func snapshot(now: UInt32) -> Snapshot {
        let version = version.load(ordering: .acquiring)
        return state.withLock { state in
            if state.isRandom {
                if let end = state.end {
                    // A clock that is set back makes a secret live longer, by as much as it is set back.
                    if Int32(bitPattern: now &- end) >= 0 {
                        (state.first, state.others) = (ServerCookie(), [state.first])
                        state.end = now &+ Self.lifetime
                    }
                } else {
                    state.end = now &+ Self.lifetime
                }
            }
            var others = state.others.makeIterator()
            return Snapshot(
                first: state.first, others: (others.next(), others.next(), others.next()), end: state.end,
                version: version)
        }
    }

    func isCurrent(_ snapshot: Snapshot, now: UInt32) -> Bool {
        guard version.load(ordering: .acquiring) == snapshot.version else { return false }
        return snapshot.end.map { Int32(bitPattern: now &- $0) < 0 } ?? true
    }

    /// The secrets of a moment.
    struct Snapshot: Sendable {
        fileprivate let first: ServerCookie
        fileprivate let others: (ServerCookie?, ServerCookie?, ServerCookie?)
        fileprivate let end: UInt32?
        fileprivate let version: Int

        /// The server cookie that a client gets, and whether the one that it brought was ours to it.
        ///
        /// - Parameters:
        ///   - clientCookie: its 8 bytes as they stand in memory.
        ///   - brought: nil where it brought none, or one of another length.
        ///   - now: Unix seconds.
        func answer(
            clientCookie: UInt64, brought: ServerCookie.Words?, address: IPAddress, now: UInt32
        ) -> (cookie: ServerCookie.Words, isValid: Bool) {
            var isValid = false
            if let brought {
                switch first.verdict(on: brought, clientCookie: clientCookie, address: address, now: now) {
                case .fresh: return (brought, true)
                case .aging: isValid = true
                // One of another secret is replaced, however young it is.
                case .invalid:
                    func accepts(_ secret: ServerCookie?) -> Bool {
                        secret.map {
                            $0.verdict(on: brought, clientCookie: clientCookie, address: address, now: now) != .invalid
                        } ?? false
                    }
                    isValid = accepts(others.0) || accepts(others.1) || accepts(others.2)
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

    /// See `Snapshot.answer`, for who asks rarely.
    func answer(to option: [UInt8], address: IPAddress, now: UInt32) -> (option: [UInt8], isValid: Bool) {
        snapshot(now: now).answer(to: option, address: address, now: now)
    }
}
