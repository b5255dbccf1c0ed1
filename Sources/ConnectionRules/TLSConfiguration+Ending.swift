import NIOCore
import NIOSSL

extension TLSConfiguration {
    /// How long a client's end is waited for once ours is told, whatever the connection was for. A client need not tell
    /// its own (RFC 8446 §6.1), and one that has gone without a word leaves some 60 KiB here until then.
    package static let endPatience = TimeAmount.seconds(1)
}
