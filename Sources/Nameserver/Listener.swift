import CDatagram
import Glibc
import NIOCore
import NIOPosix
import NIOSSL
import Pipeline
import Registry

/// The sockets of one scheme and its addresses, answering from `Listeners.open` to `stop`.
package final class Listener: Sendable {
    package let scheme: ListenerSettings.Scheme
    /// The addresses listened on, with the ports that were given for port 0.
    package let addresses: [ListenAddress]
    private let state: ListenerState
    private let connections: [StreamListener]
    private let tcp: TCPServer?
    private let workers: [UDPWorker]
    private let ends: [ThreadEnd]
    private let setUp: ConnectionSetUp?
    private let limits: ServingLimits

    /// TCP threads where nobody says how many, at most: one carries more than 100,000 queries a second.
    private static let tcpWorkers = 4

    /// Binds all addresses and begins to answer.
    ///
    /// - Throws: `NameserverError`, with nothing left open.
    static func open(
        _ settings: ListenerSettings, tls: TLSConfiguration?, _ environment: StreamListener.Environment,
        state: ListenerState
    ) async throws(NameserverError) -> Listener {
        settings.scheme == .dns
            ? try openPlain(settings, environment, state)
            : try await openStreams(settings, tls: tls, environment, state)
    }

    private static func openPlain(
        _ settings: ListenerSettings, _ environment: StreamListener.Environment, _ state: ListenerState
    ) throws(NameserverError) -> Listener {
        let processors = Int(datagram_processor_count())
        var streams: [TCPSocket] = []
        var datagrams: [UDPSocket] = []
        for address in settings.addresses {
            let stream = try bind(address, settings, environment)
            streams.append(stream)
            for _ in 0..<max(1, settings.workers ?? processors) {
                datagrams.append(try environment.inherited.datagrams(stream.address))
            }
        }
        for stream in streams { try stream.listen() }
        let addresses = streams.map(\.address)
        let tcp = try TCPServer(
            streams, count: settings.workers ?? min(processors, tcpWorkers), state, environment)
        return Listener(.dns, addresses, state, [], tcp, datagrams, nil, environment.limits)
    }

    private static func openStreams(
        _ settings: ListenerSettings, tls: TLSConfiguration?, _ environment: StreamListener.Environment,
        _ state: ListenerState
    ) async throws(NameserverError) -> Listener {
        let setUp = try ConnectionSetUp(settings, state, tls, environment)
        var connections: [StreamListener] = []
        do {
            for address in settings.addresses {
                let bound = try await StreamListener.start(
                    address, setUp.transport, isShared: settings.takesOver, environment
                ) { channel, client in try setUp.prepare(channel, for: client) }
                connections.append(bound)
            }
        } catch {
            for listener in connections { await listener.stop(.zero) }
            throw error
        }
        return Listener(
            settings.scheme, connections.map(\.address), state, connections, nil, [], setUp, environment.limits)
    }

    private init(
        _ scheme: ListenerSettings.Scheme, _ addresses: [ListenAddress], _ state: ListenerState,
        _ connections: [StreamListener], _ tcp: TCPServer?, _ sockets: [UDPSocket], _ setUp: ConnectionSetUp?,
        _ limits: ServingLimits
    ) {
        self.scheme = scheme
        self.addresses = addresses
        self.state = state
        self.connections = connections
        self.tcp = tcp
        self.setUp = setUp
        self.limits = limits
        workers = sockets.map { UDPWorker($0, state) }
        for socket in sockets { state.counters.watch(socket) }
        ends = workers.map { worker in ThreadEnd { worker.run() } }
    }

    /// A TCP socket on a port that is free for UDP too where that is wanted.
    private static func bind(
        _ address: ListenAddress, _ settings: ListenerSettings, _ environment: StreamListener.Environment
    ) throws(NameserverError) -> TCPSocket {
        var attempts = address.port == 0 ? 16 : 1
        while true {
            var candidate = address
            if !environment.inherited.has(address, isStream: false), !settings.takesOver || address.port == 0 {
                candidate = try UDPSocket.probe(address)
            }
            attempts -= 1
            do {
                return try environment.inherited.stream(candidate, isShared: settings.takesOver)
            } catch {
                guard error.code == EADDRINUSE, attempts > 0 else { throw error }
            }
        }
    }

    /// Has everything from now on answered with other content; queries under way end with what they began with.
    ///
    /// UDP threads take it with their next batch, connections with their next query; those that nobody asks let go of
    /// the former content all the same, within a second. A certificate is used for new connections.
    /// - Parameter tls: as in `Listeners.open`.
    /// - Throws: `NameserverError` where the certificate cannot be used; the former content and certificate stay.
    package func exchange(_ content: ListenerContent, tls: TLSConfiguration? = nil) throws(NameserverError) {
        try setUp?.exchange(tls)
        state.exchange(content)
        tcp?.renew()
        setUp?.renew()
    }

    /// Takes no more queries, answers those that have come, and closes; bounded by `ServingLimits.endTime`.
    package func stop() async {
        for worker in workers { worker.stop() }
        setUp?.end()
        await withTaskGroup(of: Void.self) { group in
            for listener in connections { group.addTask { [limits] in await listener.stop(limits.endTime) } }
            if let tcp { group.addTask { [limits] in await tcp.stop(limits.endTime) } }
            for end in ends { group.addTask { await end.wait() } }
        }
        await state.outstanding.waitUntilNone(limits.endTime)
    }
}

/// Makes accepted channels ones that answer over TLS or HTTPS, with the certificate there is at the time.
final class ConnectionSetUp: Sendable {
    private enum Kind: Sendable {
        /// In plain text without a context.
        case tls(NIOSSLContext?)
        case https(HTTPQueries)
    }

    let transport: Transport
    private let scheme: ListenerSettings.Scheme
    private let address: ListenAddress
    private let loops: LoopResponders
    private let state: ListenerState
    private let most: Int
    private let kind: Exchangeable<Kind>

    init(
        _ settings: ListenerSettings, _ state: ListenerState, _ tls: TLSConfiguration?,
        _ environment: StreamListener.Environment
    ) throws(NameserverError) {
        scheme = settings.scheme
        transport =
            switch settings.scheme {
            case .dns, .tls: .tls
            case .https: .https
            }
        address = settings.addresses.first ?? ListenAddress.loopback(isIPv6: false)
        loops = LoopResponders(state, transport: transport, room: environment.bytesPerLoop)
        self.state = state
        most = environment.limits.queriesPerConnection
        kind = Exchangeable(try Self.kind(scheme, tls, loops, state, address, most))
    }

    private static func kind(
        _ scheme: ListenerSettings.Scheme, _ tls: TLSConfiguration?, _ loops: LoopResponders, _ state: ListenerState,
        _ address: ListenAddress, _ most: Int
    ) throws(NameserverError) -> Kind {
        do {
            switch scheme {
            case .dns, .tls:
                return .tls(try tls.map { try NIOSSLContext(serving: $0, protocols: ["dot"]) })
            case .https: return .https(try HTTPQueries(loops, state, tls, most: most))
            }
        } catch {
            throw NameserverError("use the TLS certificate on", address, reason: "\(error)")
        }
    }

    func exchange(_ tls: TLSConfiguration?) throws(NameserverError) {
        kind.exchange(try Self.kind(scheme, tls, loops, state, address, most))
    }

    func renew() { loops.renew() }

    func end() { loops.end() }

    /// Called on the channel's event loop.
    func prepare(_ channel: any Channel, for client: IPAddress) throws {
        switch kind.current {
        case .https(let queries): try queries.setUp(channel, for: client)
        case .tls(let context):
            let part = loops.part(of: channel.eventLoop)
            let pipeline = channel.pipeline.syncOperations
            let watch = context.map { _ in TLSWatch(part: part, client: client) }
            if let watch { try pipeline.addHandler(watch) }
            if let context { try pipeline.addTLS(context) }
            try pipeline.addHandler(TLSConnection(part: part, client: client, watch: watch, most: most))
        }
    }
}
