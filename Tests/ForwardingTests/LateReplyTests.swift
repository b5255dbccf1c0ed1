import CDatagram
import Glibc
import NIOCore
import Testing

@testable import Forwarding

@Suite struct LateReplyTests {
    /// An upstream's socket, of which the test reads and writes every datagram itself.
    private final class Upstream {
        let descriptor: Int32
        let address: SocketAddress

        init() throws {
            let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
            self.descriptor = descriptor
            var own = sockaddr_in()
            own.sin_family = sa_family_t(AF_INET)
            own.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            withUnsafeMutablePointer(to: &own) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    _ = bind(descriptor, $0, length)
                    _ = getsockname(descriptor, $0, &length)
                }
            }
            let port = UInt16(bigEndian: own.sin_port)
            address = try SocketAddress(ipAddress: "127.0.0.1", port: Int(port))
        }

        deinit { close(descriptor) }

        /// Waits for a question and sends it back to where it came from.
        func echoNext() -> Bool {
            var peer = sockaddr_in()
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            var bytes = [UInt8](repeating: 0, count: 512)
            return withUnsafeMutablePointer(to: &peer) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    let count = recvfrom(descriptor, &bytes, bytes.count, 0, $0, &length)
                    return count > 0 && sendto(descriptor, bytes, count, 0, $0, length) == count
                }
            }
        }
    }

    @Test("A reply that comes when its socket is done wakes nobody, who else may hold the socket")
    func lateReply() async throws {
        let upstream = try Upstream()
        let loop = DatagramLoop()
        let socket = try DatagramSocket(upstream.address) { _ in }
        #expect(loop.add(socket))
        let message: [UInt8] = [0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 97, 0, 0, 1, 0, 1]
        // Its time is over before it goes out: the loop's next look at it ends it.
        let result = await socket.exchange(message, questionEnd: message.count, isExact: false, until: .now)
        #expect(throws: DatagramFailure.timeout(sawOtherCase: false)) { try result.get() }
        socket.retire()
        while loop.isReading(socket) { await Task.yield() }
        #expect(upstream.echoNext())
        // It is there, and stays there.
        var there = pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0)
        #expect(poll(&there, 1, -1) == 1)
        var token: UInt64 = 0
        #expect(datagram_poller_wait(loop.poller, &token, 1, 0) == 0)
    }

    @Test("A socket that is done is closed with the last who holds it, which is not the loop")
    func loopLetsGo() async throws {
        let upstream = try Upstream()
        let loop = DatagramLoop()
        weak var former: DatagramSocket?
        do {
            let socket = try DatagramSocket(upstream.address) { _ in }
            #expect(loop.add(socket))
            socket.retire()
            former = socket
        }
        while former != nil { await Task.yield() }
    }
}
