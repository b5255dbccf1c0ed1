import NIOCore
import NIOSSL

extension ChannelHandlerContext {
    /// Ends a connection at once: TLS takes no leave of a client that does not listen, and what waits for it goes.
    func abort() {
        if let tls = try? pipeline.syncOperations.context(handlerType: NIOSSLServerHandler.self) {
            tls.close(promise: nil)
        } else {
            close(promise: nil)
        }
    }
}

extension NIOSSLContext {
    /// How long an end is waited for once ours is told. A client need not tell its own (RFC 8446 §6.1), and one that has
    /// gone without a word leaves some 60 KiB here until then.
    private static let shutdownTimeout = TimeAmount.seconds(1)

    /// What connections of DNS clients are made with.
    ///
    /// - Parameters:
    ///   - configuration: the certificate, its key, and what is offered by them.
    ///   - protocols: names of ALPN, the one we want most first (RFC 7301).
    convenience init(serving configuration: TLSConfiguration, protocols: [String]) throws {
        var configuration = configuration
        configuration.applicationProtocols = protocols
        configuration.shutdownTimeout = Self.shutdownTimeout
        try self.init(configuration: configuration)
    }
}
