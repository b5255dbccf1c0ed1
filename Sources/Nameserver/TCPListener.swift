import AnswerTable
import NIOCore
import NIOPosix
import Synchronization

/// Listens for TCP connections on one address.
final class TCPListener: Sendable {
    /// Bounds of what connections may cost.
    package struct Limits: Sendable {
        /// Connections at a time, over all addresses; further ones are closed at once.
        package var connections = 4096
        /// Without a complete query for so long, a connection is closed (RFC 7766 §6.2.3).
        package var idleTimeout = TimeAmount.seconds(10)
    }

    private let channel: any Channel

    private init(_ channel: any Channel) {
        self.channel = channel
    }

    /// Binds; connections are accepted from then on.
    static func start(
        _ address: ListenAddress, group: MultiThreadedEventLoopGroup, limits: Limits, open: ConnectionCount,
        loops: TCPLoops
    ) async throws(NameserverError) -> TCPListener {
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(ChannelOptions.backlog, value: 1024)
            .serverChannelOption(ChannelOptions.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(ChannelOptions.socketOption(.tcp_nodelay), value: 1)
            .childChannelOption(ChannelOptions.allowRemoteHalfClosure, value: true)
            .childChannelOption(ChannelOptions.maxMessagesPerRead, value: 1)
            .childChannelInitializer { channel in
                guard open.enter(limit: limits.connections) else {
                    return channel.eventLoop.makeFailedFuture(ChannelError.connectPending)
                }
                channel.closeFuture.whenComplete { _ in open.leave() }
                return channel.eventLoop.makeCompletedFuture {
                    let (responder, scratch) = loops.resources(of: channel.eventLoop)
                    try channel.pipeline.syncOperations.addHandler(
                        TCPConnection(responder: responder, scratch: scratch, idleTimeout: limits.idleTimeout))
                }
            }
        do {
            let target = try SocketAddress(ipAddress: address.host, port: Int(address.port))
            return TCPListener(try await bootstrap.bind(to: target).get())
        } catch {
            throw NameserverError("listen on TCP", address, code: (error as? IOError)?.errnoCode ?? 0)
        }
    }

    func stop() async {
        try? await channel.close()
    }
}

/// The number of connections that are open.
final class ConnectionCount: Sendable {
    private let count = Atomic(0)

    /// Counts one more; false, and not counted, where that would be too many.
    func enter(limit: Int) -> Bool {
        guard count.wrappingAdd(1, ordering: .relaxed).newValue <= limit else {
            leave()
            return false
        }
        return true
    }

    func leave() { count.wrappingSubtract(1, ordering: .relaxed) }
}

/// What all connections of one event loop share: a responder and memory to answer in.
///
/// `@unchecked Sendable`: each loop's part is handed out to channels of that loop only and so used by its thread
/// alone; the dictionary itself is behind a lock.
final class TCPLoops: @unchecked Sendable {
    private struct Resources {
        let responder: Responder
        let scratch: UnsafeMutableRawPointer
    }

    private let lock = Mutex(())
    private var resources: [ObjectIdentifier: Resources] = [:]
    private let makeResponder: @Sendable () -> Responder

    init(makeResponder: @escaping @Sendable () -> Responder) {
        self.makeResponder = makeResponder
    }

    deinit {
        for entry in resources.values { entry.scratch.deallocate() }
    }

    func resources(of loop: any EventLoop) -> (Responder, UnsafeMutableRawPointer) {
        lock.withLock { _ in
            if let known = resources[ObjectIdentifier(loop)] { return (known.responder, known.scratch) }
            let scratch = UnsafeMutableRawPointer.allocate(byteCount: TCPConnection.scratchLength, alignment: 16)
            scratch.initializeMemory(as: UInt8.self, repeating: 0, count: TCPConnection.scratchLength)
            let made = Resources(responder: makeResponder(), scratch: scratch)
            resources[ObjectIdentifier(loop)] = made
            return (made.responder, made.scratch)
        }
    }
}
