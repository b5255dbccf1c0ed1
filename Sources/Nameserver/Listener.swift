import CDatagram
import Glibc
import NIOCore
import NIOPosix
import NIOSSL
import Pipeline

/// The sockets of one scheme and its addresses, answering from `Listeners.open` to `stop`.
package final class Listener: Sendable {
    package let scheme: ListenerSettings.Scheme
    /// The addresses listened on, with the ports that were given for port 0.
    package let addresses: [ListenAddress]
    private let state: ListenerState
    private let connections: [TCPListener]
    private let workers: [UDPWorker]
    private let ends: [ThreadEnd]
    private let setUp: ConnectionSetUp
    private let limits: ServingLimits

    /// Binds all addresses and begins to answer.
    ///
    /// - Throws: `NameserverError`, with nothing left open.
    static func open(
        _ settings: ListenerSettings, tls: TLSConfiguration?, _ environment: TCPListener.Environment,
        state: ListenerState
    ) async throws(NameserverError) -> Listener {
        var connections: [TCPListener] = []
        var sockets: [UDPSocket] = []
        let setUp: ConnectionSetUp
        do {
            setUp = try ConnectionSetUp(settings, state, tls, environment.limits)
            for address in settings.addresses {
                let bound = try await bind(address, settings, environment, setUp)
                connections.append(bound)
                guard settings.scheme == .dns else { continue }
                for _ in 0..<max(1, settings.workers ?? Int(datagram_processor_count())) {
                    sockets.append(try UDPSocket(bound.address))
                }
            }
        } catch {
            for listener in connections { await listener.stop(.zero) }
            throw error
        }
        return Listener(settings.scheme, state, connections, sockets, setUp, environment.limits)
    }

    private init(
        _ scheme: ListenerSettings.Scheme, _ state: ListenerState, _ connections: [TCPListener],
        _ sockets: [UDPSocket], _ setUp: ConnectionSetUp, _ limits: ServingLimits
    ) {
        self.scheme = scheme
        self.state = state
        self.connections = connections
        self.setUp = setUp
        self.limits = limits
        addresses = connections.map(\.address)
        workers = sockets.map { UDPWorker($0, state) }
        for socket in sockets { state.counters.watch(socket) }
        ends = workers.map { worker in ThreadEnd { worker.run() } }
    }

    /// Listens for connections, on a port that is free for UDP too where that is wanted.
    private static func bind(
        _ address: ListenAddress, _ settings: ListenerSettings, _ environment: TCPListener.Environment,
        _ setUp: ConnectionSetUp
    ) async throws(NameserverError) -> TCPListener {
        var attempts = address.port == 0 ? 16 : 1
        while true {
            var candidate = address
            if settings.scheme == .dns, !settings.takesOver || address.port == 0 {
                candidate = try UDPSocket.probe(address)
            }
            attempts -= 1
            do {
                return try await TCPListener.start(
                    candidate, setUp.transport, isShared: settings.takesOver, environment
                ) { channel in try setUp.prepare(channel) }
            } catch {
                guard error.code == EADDRINUSE, attempts > 0 else { throw error }
            }
        }
    }

    /// Has everything from now on answered with other content; queries under way end with what they began with.
    ///
    /// UDP threads take it with their next batch, connections with their next query; a certificate is used for new
    /// connections.
    /// - Parameter tls: as in `Listeners.open`.
    /// - Throws: `NameserverError` where the certificate cannot be used; the former content and certificate stay.
    package func exchange(_ content: ListenerContent, tls: TLSConfiguration? = nil) throws(NameserverError) {
        try setUp.exchange(tls)
        state.exchange(content)
    }

    /// Takes no more queries, answers those that have come, and closes; bounded by `ServingLimits.endTime`.
    package func stop() async {
        for worker in workers { worker.stop() }
        await withTaskGroup(of: Void.self) { group in
            for listener in connections { group.addTask { [limits] in await listener.stop(limits.endTime) } }
            for end in ends { group.addTask { await end.wait() } }
        }
        await state.outstanding.waitUntilNone(limits.endTime)
    }
}

/// Makes accepted channels ones that answer, with the certificate there is at the time.
final class ConnectionSetUp: Sendable {
    private enum Kind: Sendable {
        case dns(NIOSSLContext?)
        case https(HTTPQueries.Channels)
    }

    let transport: Transport
    private let scheme: ListenerSettings.Scheme
    private let address: ListenAddress
    private let loops: LoopResponders
    private let queries: HTTPQueries
    private let most: Int
    private let kind: Exchangeable<Kind>

    init(
        _ settings: ListenerSettings, _ state: ListenerState, _ tls: TLSConfiguration?, _ limits: ServingLimits
    ) throws(NameserverError) {
        scheme = settings.scheme
        transport =
            switch settings.scheme {
            case .dns: .tcp
            case .tls: .tls
            case .https: .https
            }
        address = settings.addresses.first ?? ListenAddress.loopback(isIPv6: false)
        loops = LoopResponders(state, transport: transport)
        queries = HTTPQueries(loops, state)
        most = limits.queriesPerConnection
        kind = Exchangeable(try Self.kind(scheme, tls, queries, address))
    }

    private static func kind(
        _ scheme: ListenerSettings.Scheme, _ tls: TLSConfiguration?, _ queries: HTTPQueries, _ address: ListenAddress
    ) throws(NameserverError) -> Kind {
        do {
            switch scheme {
            case .dns: return .dns(nil)
            case .tls:
                guard var tls else { return .dns(nil) }
                tls.applicationProtocols = ["dot"]
                return .dns(try NIOSSLContext(configuration: tls))
            case .https: return .https(try queries.channels(tls))
            }
        } catch {
            throw NameserverError("use the TLS certificate on", address, reason: "\(error)")
        }
    }

    func exchange(_ tls: TLSConfiguration?) throws(NameserverError) {
        kind.exchange(try Self.kind(scheme, tls, queries, address))
    }

    /// Called on the channel's event loop.
    func prepare(_ channel: any Channel) throws -> EventLoopFuture<Void> {
        switch kind.current {
        case .https(let channels): return try queries.setUp(channel, channels)
        case .dns(let context):
            if let context {
                try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
            }
            try channel.pipeline.syncOperations.addHandler(
                TCPConnection(part: loops.part(of: channel.eventLoop), most: most))
            return channel.eventLoop.makeSucceededVoidFuture()
        }
    }
}
