import Corefile
import Glibc
import NIOCore
import NIOPosix
import NIOSSL

/// The TCP or TLS connections to one upstream: kept while they are used, few, each with many questions under way.
///
/// `@unchecked Sendable`: `connections` and `pace` are used on the event loop alone, all else never changes.
final class StreamPool: @unchecked Sendable {
    /// The most connections at a time.
    static let connectionLimit = 8

    /// What a line says about connections.
    struct Terms: Sendable {
        /// How long an unused connection is kept.
        var expiry: Duration
        /// How long a connection is used at most; zero for no such limit.
        var age: Duration
        /// The most unused connections; 0 for no such limit.
        var idleLimit: Int
        /// nil for TCP without TLS.
        var tls: NIOSSLContext?
        /// The name in the upstream's certificate; nil for its address.
        var serverName: String?
        /// How long a connection may take to stand, the handshake of TLS included.
        var dialTime: Duration
        /// See `StreamPace.leastPatience`.
        var leastPatience = StreamPace.leastPatience
    }

    private let place: UpstreamPlace
    private let terms: Terms
    private let metrics: UpstreamMetrics
    private let eventLoop: any EventLoop
    private let proto: UpstreamProtocol
    private let areDescriptorsScarce: @Sendable () -> Bool
    private var connections: [StreamConnection] = []
    private var pace: StreamPace

    /// - Parameter areDescriptorsScarce: no further connection is opened then, where there is one.
    init(
        _ place: UpstreamPlace, _ terms: Terms, on group: any EventLoopGroup, metrics: UpstreamMetrics,
        areDescriptorsScarce: @escaping @Sendable () -> Bool
    ) {
        self.place = place
        self.areDescriptorsScarce = areDescriptorsScarce
        self.terms = terms
        pace = StreamPace(leastPatience: terms.leastPatience)
        self.metrics = metrics
        eventLoop = group.next()
        proto = terms.tls == nil ? .tcp : .tls
    }

    /// Asks over a connection that stands, or over a new one.
    ///
    /// - Parameters:
    ///   - message: the message; its ID is written here.
    ///   - questionEnd: the length of header and question.
    nonisolated(nonsending) func exchange(
        _ message: [UInt8], questionEnd: Int, until deadline: ContinuousClock.Instant
    ) async -> Result<DatagramReply, UpstreamFailure> {
        // An upstream may close a connection in the moment that we use it again: one more attempt, on a later one.
        let start = NIODeadline.now()
        for isRetry in [false, true] {
            let rest = ContinuousClock.now.duration(to: deadline)
            guard rest > .zero else { break }
            let outcome: StreamConnection.Outcome? = await withCheckedContinuation { continuation in
                let until = NIODeadline.now() + TimeAmount(rest)
                eventLoop.execute {
                    guard let connection = self.connection(bornSince: isRetry ? start : nil) else {
                        return continuation.resume(returning: nil)
                    }
                    connection.ask(
                        StreamConnection.Question(message: message, questionEnd: questionEnd, deadline: until) {
                            continuation.resume(returning: $0)
                        })
                }
            }
            switch outcome {
            case .reply(let reply)?: return .success(reply)
            case .closed(_, wasUsed: true)? where !isRetry: continue
            case .closed(let reason, _)?:
                return .failure(
                    UpstreamFailure(
                        .network, operation: "read", proto: proto.rawValue, remote: "\(place)", reason))
            case nil: return .failure(UpstreamFailure(.busy, "too many questions for \(place) under way"))
            case .timeout?: break
            }
            break
        }
        return .failure(
            UpstreamFailure(.timeout, operation: "read", proto: proto.rawValue, remote: "\(place)", "i/o timeout"))
    }

    /// Closes all connections once their questions are done; for an upstream that is given up.
    func retire() {
        eventLoop.execute {
            for connection in self.connections {
                connection.becameIdle = { [weak connection] in connection?.close("retired") }
                if connection.load == 0 { connection.close("retired") }
            }
        }
    }

    // MARK: On the event loop

    /// - Parameter start: earlier connections are used only where no later one may be opened.
    private func connection(bornSince start: NIODeadline?) -> StreamConnection? {
        let now = NIODeadline.now()
        let all = connections.filter { isYoung($0) && !$0.isSpent }
        let late = start.map { start in all.filter { $0.born >= start } } ?? all
        let mayOpen = { [self] in
            connections.count < Self.connectionLimit && (connections.isEmpty || !areDescriptorsScarce())
        }
        let usable = late.isEmpty && !mayOpen() ? all : late
        let candidates = usable.map {
            StreamChoice.Candidate(load: $0.load, owedSince: $0.owedSince, isConnecting: $0.isConnecting)
        }
        switch StreamChoice.make(candidates, &pace, at: now, mayOpen: mayOpen) {
        case .use(let index):
            metrics.countReuse(proto)
            return index < usable.count ? usable[index] : nil
        case .open:
            metrics.countConnection(proto)
            return dial()
        case .refuse: return nil
        }
    }

    private func isYoung(_ connection: StreamConnection) -> Bool {
        terms.age == .zero || NIODeadline.now() - connection.born < TimeAmount(terms.age)
    }

    private func dial() -> StreamConnection {
        let connection = StreamConnection(on: eventLoop) { [metrics] cause in metrics.countIgnored(cause) }
        connection.ended = { [weak self, weak connection] in
            connection?.expiry?.cancel()
            self?.connections.removeAll { $0 === connection }
        }
        connection.becameIdle = { [weak self, weak connection] in
            guard let connection else { return }
            if let self { tidy(connection) } else { connection.close("retired") }
        }
        connection.answered = { [weak self] time, hasOvertaken in
            self?.pace.noteAnswer(after: time)
            if hasOvertaken { self?.pace.noteOvertaking() }
        }
        connection.timedOut = { [weak self, weak connection] in
            // What an upstream is silent about may be all that it does on this connection.
            guard let self, let connection, let since = connection.owedSince else { return }
            let now = NIODeadline.now()
            guard now - since > pace.patience else { return }
            connection.isSpent = true
            pace.noteHoldUp(at: now)
        }
        connections.append(connection)
        guard let address = place.socketAddress else {
            connection.close("dial: \(SocketErrorText.text(ENODEV))")
            return connection
        }
        eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(terms.dialTime)) { [weak connection] in
            if let connection, connection.isConnecting { connection.close("i/o timeout") }
        }
        let (tls, serverName) = (terms.tls, terms.serverName)
        let handler = NIOLoopBound(connection, eventLoop: eventLoop)
        ClientBootstrap(group: eventLoop)
            .connectTimeout(.seconds(2))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        try channel.pipeline.syncOperations.addHandler(
                            try NIOSSLClientHandler(context: tls, serverHostname: serverName))
                    }
                    try channel.pipeline.syncOperations.addHandler(handler.value)
                }
            }
            .connect(to: address)
            .assumeIsolated()
            .whenFailure { error in connection.close("connect: \(StreamErrorText.text(error))") }
        return connection
    }

    /// Lets go of a connection that has nothing to do: at once where it is old or one too many, later where it stays
    /// unused.
    private func tidy(_ connection: StreamConnection) {
        let idle = connections.filter { $0.load == 0 }.count
        if !isYoung(connection) || connection.isSpent || terms.idleLimit > 0 && idle > terms.idleLimit {
            return connection.close("expired")
        }
        if connection.expiry == nil { expire(connection) }
    }

    /// Closes a connection once it is unused for so long: by one timer, which looks again when it fires rather than being
    /// made anew each time that there is nothing to do.
    private func expire(_ connection: StreamConnection) {
        let expiry = TimeAmount(terms.expiry)
        connection.expiry = eventLoop.assumeIsolated().scheduleTask(deadline: connection.lastUse + expiry) {
            [weak self, weak connection] in
            guard let connection else { return }
            connection.expiry = nil
            // One that is in use sets its timer when it is not any more.
            guard connection.load == 0 else { return }
            if let self, connection.lastUse + expiry > .now() {
                expire(connection)
            } else {
                connection.close("expired")
            }
        }
    }
}
