import NIOCore
import NIOEmbedded
import NIOHPACK

@testable import Nameserver

/// Feeds any bytes to a connection of DNS over HTTPS, behind its TLS: HTTP/1.1 as it is, HTTP/2 as it is behind a good
/// start, and frames of HTTP/2 whose lengths are right, so that HPACK and the streams are reached.
///
/// The first byte of the input says which, the second one how many bytes come at a time.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    var input = bytes(data, size)[...]
    let form = input.takeByte()
    let pieceSize = input.takeByte()
    weak var gone: AnyObject?
    switch form % 3 {
    case 0:
        gone = run(http1Connection, Array(input), pieceSize) { demand(isHTTP1($0), "responses that are none") }
    case 1: gone = run(http2Connection, start + input, pieceSize, check: checkFrames)
    default: gone = run(http2Connection, start + frames(of: input), pieceSize, check: checkFrames)
    }
    demand(gone == nil, "a connection that is kept after its end")
    return 0
}

/// What all runs share; used by one thread only, the one that libFuzzer calls from.
nonisolated(unsafe) private let server = AnsweringServer()
private let loop = EmbeddedEventLoop()
private let loops = LoopResponders(server.state, transport: .https, room: ServingLimits().streamBytes)

// MARK: Connections

private func http1Connection(_ channel: EmbeddedChannel, _ part: LoopResponders.Part) throws -> AnyObject {
    let watch = HTTPConnectionWatch(part: part, client: .v4(0xc000_0202))
    let connection = HTTP1Connection(part: part, watch: watch, state: server.state)
    try channel.pipeline.syncOperations.addHandler(watch)
    try connection.add(to: channel.pipeline.syncOperations)
    return connection
}

private func http2Connection(_ channel: EmbeddedChannel, _ part: LoopResponders.Part) throws -> AnyObject {
    let watch = HTTPConnectionWatch(part: part, client: .v4(0xc000_0202))
    let connection = HTTP2Connection(part: part, watch: watch, state: server.state, most: 16)
    try channel.pipeline.syncOperations.addHandler(watch)
    try connection.add(to: channel.pipeline.syncOperations)
    return connection
}

/// Has a connection read all bytes, and checks what it has sent by then.
///
/// - Returns: the connection, which nothing but the caller should hold.
private func run(
    _ make: (EmbeddedChannel, LoopResponders.Part) throws -> AnyObject, _ bytes: [UInt8], _ pieceSize: Int,
    check: ([UInt8]) -> Void
) -> AnyObject? {
    weak var connection: AnyObject?
    do {
        let channel = EmbeddedChannel(loop: loop)
        channel.localAddress = try SocketAddress(ipAddress: "192.0.2.1", port: 443)
        channel.remoteAddress = try SocketAddress(ipAddress: "192.0.2.2", port: 4000)
        try channel.connect(to: try SocketAddress(ipAddress: "192.0.2.1", port: 443)).wait()
        connection = try make(channel, loops.part(of: loop))
        var rest = bytes[...]
        while !rest.isEmpty, channel.isActive {
            let piece = rest.prefix(pieceSize == 0 ? rest.count : pieceSize)
            // An error of the connection has ended it by then.
            _ = try? channel.writeInbound(ByteBuffer(bytes: piece))
            loop.run()
            rest = rest.dropFirst(piece.count)
        }
        var sent: [UInt8] = []
        while let buffer = try? channel.readOutbound(as: ByteBuffer.self) { sent += buffer.readableBytesView }
        demand(sent.count < 1 << 20, "\(sent.count) bytes for \(bytes.count)")
        check(sent)
        _ = try? channel.finish(acceptAlreadyClosed: true)
        loop.run()
    } catch {
        demand(false, "\(error)")
    }
    return connection
}

// MARK: HTTP/1.1

/// Whether the first response begins as one.
private func isHTTP1(_ sent: [UInt8]) -> Bool { sent.isEmpty || sent.starts(with: Array("HTTP/1.1 ".utf8)) }

// MARK: HTTP/2

/// The client's preface and empty SETTINGS.
private let start = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0]

/// Frames, each from type, flags, stream and length of one byte each and what it carries.
private func frames(of input: ArraySlice<UInt8>) -> [UInt8] {
    var input = input
    var frames: [UInt8] = []
    while !input.isEmpty {
        let head = (0..<4).map { _ in UInt8(input.takeByte()) }
        let payload = input.prefix(Int(head[3]))
        input = input.dropFirst(payload.count)
        frames += [0, 0, UInt8(payload.count), head[0], head[1], 0, 0, 0, head[2]] + payload
    }
    return frames
}

/// Reads what the server has sent: whole frames, for each stream one response at most, whose head HPACK reads and whose
/// body is a message.
private func checkFrames(_ sent: [UInt8]) {
    var decoder = HPACKDecoder(allocator: ByteBufferAllocator())
    // The client's SETTINGS may allow for more than the 4,096 bytes of the beginning.
    decoder.maxDynamicTableLength = Int(UInt32.max)
    var bodies: [UInt32: [UInt8]] = [:]
    var ended: Set<UInt32> = []
    var rest = sent[...]
    while !rest.isEmpty {
        guard rest.count >= 9 else { return demand(false, "a frame that is cut") }
        let head = Array(rest.prefix(9)).map(UInt32.init)
        let length = Int(head[0] << 16 | head[1] << 8 | head[2])
        let (type, flags) = (head[3], head[4])
        let stream = head[5] << 24 | head[6] << 16 | head[7] << 8 | head[8]
        rest = rest.dropFirst(9)
        demand(length <= rest.count && length <= 16384, "a frame of \(length) bytes")
        let payload = rest.prefix(length)
        rest = rest.dropFirst(length)
        switch type {
        case 0:
            guard var body = bodies[stream] else { return demand(false, "a body without a head") }
            demand(!ended.contains(stream), "a body behind its end")
            body += payload
            bodies[stream] = body
        case 1:
            demand(stream % 2 == 1 && bodies[stream] == nil, "two heads on one stream")
            demand(flags & 4 != 0, "a head in several frames")
            var buffer = ByteBuffer(bytes: payload)
            let fields = try? decoder.decodeHeaders(from: &buffer)
            let status = demanded(fields?.first(name: ":status"), "a head without status")
            demand(status == "200" || status.hasPrefix("4"), "status \(status) for a client's fault")
            demand(status != "200" || flags & 1 == 0, "success without a body")
            bodies[stream] = []
        case 3: bodies[stream] = bodies[stream] ?? []
        default: break
        }
        if type <= 1, flags & 1 != 0 {
            ended.insert(stream)
            // What goes out whole is a message.
            let body = bodies[stream] ?? []
            demand(body.isEmpty || body.count >= 12 && body[2] & 0x80 != 0, "a body that is no response")
        }
    }
}
