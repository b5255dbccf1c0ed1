import NIOHTTP2

/// Tells the errors that end one stream from those that end the connection (RFC 9113 §5.4), by what NIO's handler of
/// frames has sent before it reports them.
///
/// The handler answers an error of a stream by RST_STREAM and one of the connection by GOAWAY, but reports either by the
/// bare cause, and many causes may be of both kinds. Confined to the connection's event loop.
final class HTTP2Verdicts: NIOHTTP2FrameDelegate {
    /// Whether a stream has been reset since the last error.
    private var hasReset = false
    /// Whether the client has been told that the connection is over.
    private var isOver = false

    func wroteFrame(_ frame: HTTP2Frame) {
        switch frame.payload {
        case .rstStream: hasReset = true
        case .goAway: isOver = true
        default: break
        }
    }

    /// Whether the connection and its other streams go on; to be called once for each error, when it comes.
    func concernsOneStream(_ error: any Error) -> Bool {
        defer { hasReset = false }
        guard error is any NIOHTTP2Error, !isOver else { return false }
        return hasReset || error is NIOHTTP2Errors.StreamError
    }
}
