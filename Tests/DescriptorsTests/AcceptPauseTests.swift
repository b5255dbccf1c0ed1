import Glibc
import NIOCore
import NIOPosix
import Testing

@testable import Descriptors

@Suite("Accepting without descriptors")
struct AcceptPauseTests {
    /// In a process of its own, whose descriptors are used up and then are not any more.
    @Test("A listener tries again after a pause, not at once, and accepts when there is a descriptor")
    func pause() async {
        await #expect(processExitsWith: .success) {
            let failures = Failures()
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            let listener = try await ServerBootstrap(group: group)
                .serverChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandlers(AcceptPause(), failures)
                    }
                }
                .childChannelInitializer { channel in
                    // Of two failures each, a pause lay between; then there was room.
                    exit(failures.times.count == 3 && failures.areApart ? 0 : 4)
                }
                .bind(host: "127.0.0.1", port: 0).get()
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(listener.localAddress?.port ?? 0).bigEndian
            address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
            let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            Failures.limit(to: 0)
            let result = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            guard result == 0 else { exit(2) }
            try await listener.closeFuture.get()
        }
    }
}

/// The failures of a listener; gives its process descriptors again after the third.
///
/// `@unchecked Sendable`: used by the listener's one event loop only, whose group has no other.
private final class Failures: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = any Channel

    private(set) var times: [NIODeadline] = []

    var areApart: Bool { zip(times, times.dropFirst()).allSatisfy { $1 - $0 >= AcceptPause.length } }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? IOError, error.errnoCode == EMFILE else { exit(3) }
        times.append(.now())
        if times.count == 3 { Self.limit(to: 256) }
    }

    /// The soft limit, so that it can be raised again.
    static func limit(to most: rlim_t) {
        var limit = rlimit()
        let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard getrlimit(kind, &limit) == 0 else { exit(5) }
        limit.rlim_cur = most
        guard setrlimit(kind, &limit) == 0 else { exit(6) }
    }
}
