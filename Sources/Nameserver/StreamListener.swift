import Descriptors
import NIOCore
import NIOPosix
import NIOSSL
import Pipeline
import Registry
import Synchronization

/// Listens for connections on one address: DNS over TLS or HTTPS.
final class StreamListener: Sendable {
    /// What the listeners of a process share.
    struct Environment: Sendable {
        let group: MultiThreadedEventLoopGroup
        let limits: ServingLimits
        let connections: ConnectionLimits
        let counts: [Transport: ConnectionCount]
        let inherited: InheritedSockets

        /// What the connections of one listener on one event loop may keep, all together.
        var bytesPerLoop: Int { limits.streamBytes(ofEach: group.makeIterator().count { _ in true }) }
    }

    /// The memory that a connection reads into, and keeps while it is idle: what came last and little more, a record of
    /// TLS at most.
    private static let reading = AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 1024, maximum: 16 << 10)

    let address: ListenAddress
    private let channel: any Channel
    private let open: OpenChannels

    private init(_ channel: any Channel, _ address: ListenAddress, _ open: OpenChannels) {
        self.channel = channel
        self.address = address
        self.open = open
    }

    /// Binds; connections are accepted from then on.
    ///
    /// - Parameters:
    ///   - isShared: whether another process may listen on the port already.
    ///   - setUp: makes an accepted channel one that answers, on its event loop.
    static func start(
        _ wanted: ListenAddress, _ transport: Transport, isShared: Bool, _ environment: Environment,
        setUp: @escaping @Sendable (any Channel, IPAddress) throws -> Void
    ) async throws(NameserverError) -> StreamListener {
        let socket = try environment.inherited.stream(wanted, isShared: isShared)
        let (descriptor, address) = (try socket.duplicate(), socket.address)
        let open = OpenChannels()
        let connections = environment.connections
        let count = environment.counts[transport]
        let bootstrap = ServerBootstrap(group: environment.group)
            .serverChannelOption(ChannelOptions.backlog, value: 1024)
            .serverChannelInitializer { listener in
                listener.eventLoop.makeCompletedFuture {
                    try listener.pipeline.syncOperations.addHandler(AcceptPause())
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(ChannelOptions.allowRemoteHalfClosure, value: true)
            .childChannelOption(ChannelOptions.maxMessagesPerRead, value: 1)
            .childChannelOption(ChannelOptions.recvAllocator, value: reading)
            .childChannelInitializer { channel in
                guard let client = PipelineQuery.Peer(channel.remoteAddress)?.address,
                    connections.enter(client, transport)
                else {
                    return channel.eventLoop.makeFailedFuture(ChannelError.ioOnClosedChannel)
                }
                count?.enter()
                open.add(channel)
                channel.closeFuture.whenComplete { _ in
                    connections.leave(client, transport)
                    count?.leave()
                    open.remove(channel)
                }
                return channel.eventLoop.makeCompletedFuture { try setUp(channel, client) }
            }
        do {
            return StreamListener(try await bootstrap.withBoundSocket(descriptor).get(), address, open)
        } catch {
            throw NameserverError("listen on TCP", address, code: (error as? IOError)?.errnoCode ?? 0)
        }
    }

    /// Accepts no more, and closes connections once what they brought is answered, or `limit` is over.
    func stop(_ limit: Duration) async {
        try? await channel.close()
        open.endGracefully()
        await open.none.waitUntilNone(limit)
        open.close()
        await open.none.waitUntilNone(limit)
    }
}

/// The connections of a listener.
private final class OpenChannels: Sendable {
    let none = Outstanding()
    private let channels = Mutex<(open: [ObjectIdentifier: any Channel], isEnding: Bool)>(([:], false))

    func add(_ channel: any Channel) {
        none.enter()
        let isEnding = channels.withLock { channels in
            channels.open[ObjectIdentifier(channel)] = channel
            return channels.isEnding
        }
        // Accepted just before the listener ended.
        if isEnding { channel.eventLoop.execute { Self.end(channel) } }
    }

    func remove(_ channel: any Channel) {
        channels.withLock { $0.open[ObjectIdentifier(channel)] = nil }
        none.leave()
    }

    func endGracefully() {
        let all = channels.withLock { channels in
            channels.isEnding = true
            return Array(channels.open.values)
        }
        for channel in all { Self.end(channel) }
    }

    func close() {
        for channel in channels.withLock({ Array($0.open.values) }) { channel.close(mode: .all, promise: nil) }
    }

    private static func end(_ channel: any Channel) {
        channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    }
}
