import NIOCore
import Registry

/// Counts what a client brings that TLS has made no query of yet: handshakes and records that are not whole.
///
/// Stands before TLS; confined to the connection's event loop.
final class TLSWatch: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private var records = TLSRecords()
    /// Bytes that have come since TLS made something of them last.
    private var received = 0
    private var share: ConnectionRoom.Share

    init(part: LoopResponders.Part, client: IPAddress) {
        share = ConnectionRoom.Share(of: part.room, for: client)
    }

    /// The handshake is done, or bytes of queries have come out of TLS: nothing is kept but a record that has begun.
    func noteProgress() {
        received = records.begun
        _ = share.set(received)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        records.take(bytes.readableBytesView)
        received += bytes.readableBytes
        // In front of TLS: nothing is waited for, and nothing more comes that would be counted.
        guard share.set(received) else { return context.close(promise: nil) }
        context.fireChannelRead(data)
    }

    func channelInactive(context: ChannelHandlerContext) {
        share.end()
        context.fireChannelInactive()
    }
}

/// Follows records of TLS without reading what they hold (RFC 8446 §5.1).
struct TLSRecords {
    /// Type, version and length.
    private static let headLength = 5

    /// Bytes of the record that has begun and is not whole; 0 between two.
    private(set) var begun = 0
    /// Of the record's body, in bytes, as far as its head has come.
    private var length = 0

    mutating func take(_ bytes: some RandomAccessCollection<UInt8>) {
        var rest = bytes[...]
        while let first = rest.first {
            if begun < Self.headLength {
                // The length is the last two bytes, the high one first.
                length = (length & 0xff) << 8 | Int(first)
                begun += 1
                rest = rest.dropFirst()
            } else {
                let part = min(Self.headLength + length - begun, rest.count)
                begun += part
                rest = rest.dropFirst(part)
            }
            if begun >= Self.headLength, begun == Self.headLength + length { begun = 0 }
        }
    }
}
