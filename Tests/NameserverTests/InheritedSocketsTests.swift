import Glibc
import Testing

@testable import Nameserver

@Suite("Sockets that a process is started with", .timeLimit(.minutes(2)))
struct InheritedSocketsTests {
    /// A bound socket, closed with the last reference to it.
    private final class Bound {
        let descriptor: Int32
        let address: ListenAddress

        init(_ kind: TestSocket.Kind, _ wanted: ListenAddress = Loopback.address, isV6Only: Bool = true) throws {
            let type = kind == .stream ? SOCK_STREAM : SOCK_DGRAM
            let descriptor = socket(wanted.isIPv6 ? AF_INET6 : AF_INET, Int32(type.rawValue), 0)
            self.descriptor = descriptor
            address = ListenAddress(bytes: wanted.bytes, port: try Self.bound(descriptor, kind, wanted, isV6Only))
        }

        /// The port that the socket is bound to.
        private static func bound(
            _ descriptor: Int32, _ kind: TestSocket.Kind, _ wanted: ListenAddress, _ isV6Only: Bool
        ) throws -> UInt16 {
            try #require(descriptor >= 0)
            var isOn: Int32 = isV6Only ? 1 : 0
            if wanted.isIPv6 {
                setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &isOn, socklen_t(MemoryLayout<Int32>.size))
            }
            try #require(wanted.withSocketAddress { bind(descriptor, $0, $1) } == 0)
            if kind == .stream { try #require(listen(descriptor, 16) == 0) }
            return ListenAddress.boundPort(of: descriptor)
        }

        deinit { close(descriptor) }
    }

    /// UDP and TCP at one port.
    private static func pair() throws -> (udp: Bound, tcp: Bound) {
        let tcp = try Bound(.stream)
        return (try Bound(.datagram, tcp.address), tcp)
    }

    @Test("A listener answers on them; what comes after its end waits for the next one")
    func successor() async throws {
        let (udp, tcp) = try Self.pair()
        let inherited = try InheritedSockets([udp.descriptor, tcp.descriptor])
        #expect(inherited.unused == ["\(tcp.address) (TCP)", "\(tcp.address) (UDP)"])
        let early = try TestSocket(.datagram, to: udp.address)
        let stream = try TestSocket(.stream, to: tcp.address)
        defer {
            early.close()
            stream.close()
        }
        for round in 1...3 as ClosedRange<UInt8> {
            // Before there is anybody: the sockets are bound, so nothing is refused.
            early.send(TestQuery("a.test.").bytes)
            let listeners = Listeners(inherited: inherited)
            let listener = try await listeners.open(
                ListenerSettings(.dns, [tcp.address], workers: 2), content(StubStage.address(round)))
            #expect(listener.addresses == [tcp.address])
            #expect(inherited.unused.isEmpty)
            let reply = try TestReply(await onThread { early.receive() })
            #expect(reply.answers.first?.data.bytes.last == round)
            let connection = try TestSocket(.stream, to: tcp.address)
            connection.send(TestSocket.framed(TestQuery("b.test.").bytes))
            #expect(
                try TestReply(await onThread { connection.receiveMessage() }).answers.first?.data.bytes.last == round)
            connection.close()
            await listeners.stop()
        }
        withExtendedLifetime((udp, tcp)) {}
    }

    @Test("Addresses that none was passed for are bound as ever")
    func others() async throws {
        let (udp, tcp) = try Self.pair()
        let inherited = try InheritedSockets([udp.descriptor, tcp.descriptor])
        let listeners = Listeners(inherited: inherited)
        let listener = try await listeners.open(
            ListenerSettings(.dns, [Loopback.address], workers: 1), content(StubStage.address(1)))
        #expect(listener.addresses[0].port != tcp.address.port)
        #expect(inherited.unused.count == 2)
        await listeners.stop()
        withExtendedLifetime((udp, tcp)) {}
    }

    @Test("Replies on a passed socket of all addresses leave from the one that was asked")
    func wildcard() async throws {
        let tcp = try Bound(.stream, Loopback.wildcard)
        let udp = try Bound(.datagram, tcp.address)
        let listeners = Listeners(inherited: try InheritedSockets([udp.descriptor, tcp.descriptor]))
        _ = try await listeners.open(
            ListenerSettings(.dns, [tcp.address], workers: 1), content(StubStage.address(1)))
        let client = try TestSocket(
            .datagram, to: ListenAddress(bytes: [127, 0, 0, 9], port: tcp.address.port))
        client.send(TestQuery("a.test.").bytes)
        #expect(try TestReply(await onThread { client.receive() }).answers.count == 1)
        client.close()
        await listeners.stop()
        withExtendedLifetime((udp, tcp)) {}
    }

    @Test("What is no socket of UDP or TCP, and one of both families, is refused")
    func refused() throws {
        #expect(throws: InheritedSockets.Failure.self) { try InheritedSockets([-1]) }
        let file = open("/dev/null", O_RDONLY)
        defer { close(file) }
        #expect(throws: InheritedSockets.Failure.self) { try InheritedSockets([file]) }
        let pipe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(pipe) }
        #expect(throws: InheritedSockets.Failure.self) { try InheritedSockets([pipe]) }
        let bound = try Bound(.stream)
        #expect(throws: InheritedSockets.Failure.self) {
            try InheritedSockets([bound.descriptor, bound.descriptor])
        }
        guard let both = try? Bound(.datagram, Loopback.wildcard6, isV6Only: false) else { return }
        #expect(throws: InheritedSockets.Failure.self) { try InheritedSockets([both.descriptor]) }
        let one = try Bound(.datagram, Loopback.wildcard6)
        _ = try InheritedSockets([one.descriptor])
        withExtendedLifetime((bound, both, one)) {}
    }

    @Test("Only what is meant for this process is looked at (sd_listen_fds(3))")
    func environment() throws {
        for environment in [
            [:], ["LISTEN_FDS": "2"], ["LISTEN_PID": "1", "LISTEN_FDS": "2"], ["LISTEN_PID": "7", "LISTEN_FDS": "0"],
            ["LISTEN_PID": "7", "LISTEN_FDS": "-1"], ["LISTEN_PID": "7", "LISTEN_FDS": "many"],
            ["LISTEN_PID": "7"],
        ] {
            #expect(try InheritedSockets(environment: environment, processIdentifier: 7).unused.isEmpty)
        }
    }
}
