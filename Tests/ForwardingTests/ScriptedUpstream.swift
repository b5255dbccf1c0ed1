import DNS
import Foundation
import Glibc
import NIOCore
import NIOPosix
import Synchronization

/// A server in the test's own process that answers as a script says, by UDP and TCP at one port of the loopback
/// address: the way to meet upstreams that lie.
final class ScriptedUpstream: Sendable {
    enum Way: Hashable, Sendable {
        case udp, tcp
    }

    /// A question that came.
    struct Asked: Sendable {
        var way: Way
        var bytes: [UInt8]
        var message: DNSMessage
        /// How many questions came this way before.
        var number: Int
        /// Which connection it came over, from 1 on; 0 for UDP.
        var connection: Int

        /// A reply to it, changed by `change`.
        func reply(_ change: (inout DNSMessage) -> Void = { _ in }) -> [UInt8] {
            var reply = DNSMessage(id: message.id, question: message.question)
            reply.isResponse = true
            reply.isRecursionDesired = message.isRecursionDesired
            reply.isRecursionAvailable = true
            if message.edns != nil { reply.edns = EDNS(udpPayload: 1232) }
            change(&reply)
            return reply.wire()
        }

        /// A reply with one address of the name asked for.
        func address(_ last: UInt8 = 1) -> [UInt8] {
            reply { reply in
                reply.answers = [
                    Record(
                        owner: message.question?.name ?? .root, ttl: 300, data: .address([192, 0, 2, last]))
                ]
            }
        }
    }

    enum Act: Sendable {
        case send([UInt8])
        /// From another port (UDP).
        case sendFromElsewhere([UInt8])
        /// Bytes without a length in front (TCP).
        case sendRaw([UInt8])
        case close
    }

    typealias Script = @Sendable (Asked) -> [Act]

    struct Failure: Error {}

    let port: UInt16
    private let log = Mutex<[Asked]>([])
    private let udp: any Channel
    private let tcp: any Channel
    private let connectionCount: Connections

    /// Counts connections accepted, and those that have ended.
    final class Connections: Sendable {
        let count = Mutex(0)
        let ended = Mutex(0)
    }

    /// What came so far, in order.
    var asked: [Asked] { log.withLock { $0 } }
    var connections: Int { connectionCount.count.withLock { $0 } }
    /// Connections that stand yet.
    var openConnections: Int { connections - connectionCount.ended.withLock { $0 } }
    var address: String { "127.0.0.1:\(port)" }

    init(_ script: @escaping Script) async throws {
        let connections = Connections()
        connectionCount = connections
        let relay = Relay(script)
        let (tcp, udp) = try await Self.bind(relay, connections)
        guard let port = tcp.localAddress?.port else { throw Failure() }
        (self.tcp, self.udp) = (tcp, udp)
        self.port = UInt16(port)
        relay.log.withLock { $0 = { [weak self] asked in self?.note(asked) } }
    }

    /// Takes a port for both ways; one that is free by TCP may be taken by UDP.
    private static func bind(_ relay: Relay, _ connections: Connections) async throws -> (any Channel, any Channel) {
        let group = MultiThreadedEventLoopGroup.singleton
        var attempts = 0
        while true {
            let tcp = try await ServerBootstrap(group: group)
                .childChannelInitializer { channel in
                    let number = connections.count.withLock { count in
                        count += 1
                        return count
                    }
                    return channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(StreamSide(relay, connections, number))
                    }
                }
                .bind(host: "127.0.0.1", port: 0).get()
            do {
                let udp = try await DatagramBootstrap(group: group)
                    .channelInitializer { channel in
                        channel.eventLoop.makeCompletedFuture {
                            try channel.pipeline.syncOperations.addHandler(DatagramSide(relay))
                        }
                    }
                    .bind(host: "127.0.0.1", port: tcp.localAddress?.port ?? 0).get()
                return (tcp, udp)
            } catch {
                try await tcp.close()
                attempts += 1
                if attempts == 50 { throw error }
            }
        }
    }

    private func note(_ asked: Asked) { log.withLock { $0.append(asked) } }

    /// Refuses datagrams from now on; the port stays taken for TCP, so that no other server comes there.
    func refuseDatagrams() async {
        try? await udp.close()
    }

    deinit {
        udp.close(promise: nil)
        tcp.close(promise: nil)
    }

    /// Numbers the questions and asks the script.
    fileprivate final class Relay: Sendable {
        private let script: Script
        private let counts = Mutex<[Way: Int]>([:])
        let log = Mutex<(@Sendable (Asked) -> Void)?>(nil)

        init(_ script: @escaping Script) { self.script = script }

        func acts(on bytes: [UInt8], _ way: Way, connection: Int = 0) -> [Act] {
            guard let message = DNSMessage.read(bytes) else { return [] }
            let number = counts.withLock { counts in
                defer { counts[way, default: 0] += 1 }
                return counts[way, default: 0]
            }
            let asked = Asked(way: way, bytes: bytes, message: message, number: number, connection: connection)
            log.withLock { $0 }?(asked)
            return script(asked)
        }
    }

    private final class DatagramSide: ChannelInboundHandler {
        typealias InboundIn = AddressedEnvelope<ByteBuffer>
        typealias OutboundOut = AddressedEnvelope<ByteBuffer>
        private let relay: Relay

        init(_ relay: Relay) { self.relay = relay }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let envelope = unwrapInboundIn(data)
            for act in relay.acts(on: Array(envelope.data.readableBytesView), .udp) {
                switch act {
                case .send(let bytes):
                    let reply = AddressedEnvelope(
                        remoteAddress: envelope.remoteAddress, data: ByteBuffer(bytes: bytes))
                    context.writeAndFlush(wrapOutboundOut(reply), promise: nil)
                case .sendFromElsewhere(let bytes): Self.send(bytes, to: envelope.remoteAddress)
                case .sendRaw, .close: break
                }
            }
        }

        private static func send(_ bytes: [UInt8], to address: SocketAddress) {
            let other = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
            defer { close(other) }
            address.withSockAddr { pointer, size in
                _ = bytes.withUnsafeBytes { sendto(other, $0.baseAddress, $0.count, 0, pointer, socklen_t(size)) }
            }
        }
    }

    private final class StreamSide: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let relay: Relay
        private let connections: Connections
        private let number: Int
        private var inbound = ByteBuffer()

        init(_ relay: Relay, _ connections: Connections, _ number: Int) {
            self.relay = relay
            self.connections = connections
            self.number = number
        }

        func channelInactive(context: ChannelHandlerContext) {
            connections.ended.withLock { $0 += 1 }
            context.fireChannelInactive()
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var buffer = unwrapInboundIn(data)
            inbound.writeBuffer(&buffer)
            while let length = inbound.getInteger(at: inbound.readerIndex, as: UInt16.self),
                inbound.readableBytes >= Int(length) + 2
            {
                inbound.moveReaderIndex(forwardBy: 2)
                for act in relay.acts(on: inbound.readBytes(length: Int(length)) ?? [], .tcp, connection: number) {
                    switch act {
                    case .send(let bytes): write([UInt8(bytes.count >> 8), UInt8(bytes.count & 255)] + bytes, context)
                    case .sendRaw(let bytes): write(bytes, context)
                    case .close: context.close(promise: nil)
                    case .sendFromElsewhere: break
                    }
                }
            }
        }

        private func write(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
        }
    }
}
