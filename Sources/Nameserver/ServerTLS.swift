import NIOCore
import NIOSSL

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

extension ChannelPipeline.SynchronousOperations {
    /// Adds the handler that TLS is spoken by, where `abort` finds it.
    func addTLS(_ context: NIOSSLContext) throws {
        try addHandler(NIOSSLServerHandler(context: context), name: ConnectionAbort.tlsHandler)
    }
}
