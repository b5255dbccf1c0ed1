import CDatagram
import Glibc
import NIOPosix
import NIOSSL
import Pipeline
import ServiceLifecycle
import Synchronization

/// All listeners of the process: opened and closed while it runs, bounded and counted together.
package actor Listeners: Service {
    /// What has been counted, of listeners that are closed as well.
    package nonisolated let counters: ServerCounters
    /// The queries that wait for a stage.
    package nonisolated let underWay: QueriesUnderWay
    private let environment: StreamListener.Environment
    /// Shared by all listeners: clients bring their cookies to any of them.
    private let cookies: CookieSecrets
    private var open: [ObjectIdentifier: Listener] = [:]
    /// Listeners that are being opened, on the threads that `stop` ends.
    private let opening = Outstanding()
    private var isEnding = false
    private var sweeper: Task<Void, Never>?

    /// How often queries are looked at that may have taken too long.
    private static let sweepInterval: Duration = .milliseconds(250)

    package init(
        limits: ServingLimits = ServingLimits(), cookies: CookieSecrets = CookieSecrets(),
        inherited: InheritedSockets = InheritedSockets()
    ) {
        self.cookies = cookies
        let counts = Dictionary(
            uniqueKeysWithValues: [Transport.tcp, .tls, .https].map { ($0, ConnectionCount()) })
        underWay = QueriesUnderWay(limit: limits.queriesUnderWay, time: limits.queryTime)
        counters = ServerCounters(underWay: underWay, connections: counts)
        environment = StreamListener.Environment(
            group: MultiThreadedEventLoopGroup(numberOfThreads: Int(datagram_processor_count())), limits: limits,
            connections: ConnectionLimits(limits), counts: counts, inherited: inherited)
    }

    /// Whether another socket of this host has the address for UDP, one that would share it included; none where the
    /// socket was passed.
    package nonisolated func isTaken(_ address: ListenAddress) -> Bool {
        guard !environment.inherited.has(address, isStream: false) else { return false }
        do {
            _ = try UDPSocket.probe(address)
            return false
        } catch {
            return error.code == EADDRINUSE
        }
    }

    /// Binds and begins to answer.
    ///
    /// - Parameter tls: the certificate and its key, for `tls` and `https`; without, those are served in plain text. The
    ///   application protocols (ALPN) are set here.
    /// - Throws: `NameserverError`, with nothing left open.
    package func open(
        _ settings: ListenerSettings, _ content: ListenerContent, tls: TLSConfiguration? = nil
    ) async throws(NameserverError) -> Listener {
        func ended() -> NameserverError {
            NameserverError(
                "listen on", settings.addresses.first ?? .loopback(isIPv6: false), reason: "the server ends")
        }
        guard !isEnding else { throw ended() }
        opening.enter()
        defer { opening.leave() }
        let state = ListenerState(content, underWay: underWay, counters: counters, cookies: cookies)
        let listener = try await Listener.open(settings, tls: tls, environment, state: state)
        guard !isEnding else {
            await listener.stop()
            throw ended()
        }
        open[ObjectIdentifier(listener)] = listener
        if sweeper == nil {
            sweeper = Task { [underWay] in
                while (try? await Task.sleep(for: Self.sweepInterval)) != nil { underWay.expire(now: .now) }
            }
        }
        return listener
    }

    /// Ends one listener (`Listener.stop`) and forgets it.
    package func close(_ listener: Listener) async {
        open[ObjectIdentifier(listener)] = nil
        await listener.stop()
    }

    /// Waits until the service is asked to end, and then ends.
    package func run() async throws {
        try? await gracefulShutdown()
        await stop()
    }

    /// Ends all listeners, and the threads that they share; nothing can be opened from then on.
    package func stop() async {
        guard !isEnding else { return }
        isEnding = true
        let all = Array(open.values)
        open = [:]
        await withTaskGroup(of: Void.self) { group in
            for listener in all { group.addTask { await listener.stop() } }
        }
        await opening.waitUntilNone(environment.limits.endTime)
        sweeper?.cancel()
        try? await environment.group.shutdownGracefully()
    }
}
