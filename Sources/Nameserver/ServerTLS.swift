import ConnectionRules
import NIOCore
import NIOSSL

extension NIOSSLContext {
    /// What connections of DNS clients are made with.
    ///
    /// - Parameters:
    ///   - configuration: the certificate, its key, and what is offered by them.
    ///   - protocols: names of ALPN, the one we want most first (RFC 7301).
    convenience init(serving configuration: TLSConfiguration, protocols: [String]) throws {
        var configuration = configuration
        configuration.applicationProtocols = protocols
        configuration.shutdownTimeout = TLSConfiguration.endPatience
        try self.init(configuration: configuration)
    }
}

extension ChannelPipeline.SynchronousOperations {
    /// Adds the handler that TLS is spoken by, where `abort` finds it.
    func addTLS(_ context: NIOSSLContext) throws {
        try addHandler(NIOSSLServerHandler(context: context), name: ConnectionAbort.tlsHandler)
    }
}
