/// How a query came, as far as its answer depends on it.
package enum Transport: Sendable {
    case udp
    /// A stream: answers of up to 65,535 bytes.
    /// - Parameter idleTimeout: after how long without a query the connection is closed, in units of 100 ms
    ///   (RFC 7828 §3.1).
    case tcp(idleTimeout: UInt16)
}
