import NIOCore

/// The end of a connection that takes no leave.
enum ConnectionAbort {
    /// The name of the handler of TLS in a pipeline that has one.
    static let tlsHandler = "tls"
}

extension ChannelHandlerContext {
    /// Ends a connection at once: TLS takes no leave of a client that does not listen, and what waits for it goes.
    func abort() {
        if let tls = try? pipeline.syncOperations.context(name: ConnectionAbort.tlsHandler) {
            tls.close(promise: nil)
        } else {
            close(promise: nil)
        }
    }
}
