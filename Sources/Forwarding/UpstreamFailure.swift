import Corefile
import DNS
import Pipeline

/// Why an upstream gave no answer, in the words that CoreDNS's `errors` uses.
struct UpstreamFailure: Error, Hashable, Sendable {
    enum Reason: Hashable, Sendable {
        /// No answer in time.
        case timeout
        /// The network or the upstream's host says no.
        case network
        /// The answer cannot be read.
        case malformed
        /// Our own bounds are reached.
        case busy
    }

    var reason: Reason
    /// One line, as in `read udp 10.0.0.1:34567->192.0.2.53:53: i/o timeout`.
    var text: String

    /// As Go tells it of a socket.
    ///
    /// - Parameters:
    ///   - operation: `read`, `write` or `dial`.
    ///   - proto: `udp`, `tcp` or `tcp-tls`.
    ///   - local: our end; empty where there is none yet.
    init(_ reason: Reason, operation: String, proto: String, local: String = "", remote: String, _ what: String) {
        self.reason = reason
        text = "\(operation) \(proto) \(local.isEmpty ? "" : local + "->")\(remote): \(what)"
    }

    init(_ reason: Reason, _ text: String) {
        self.reason = reason
        self.text = text
    }

    /// What the asker is told (RFC 8914 §4.23, §4.24).
    var extendedError: ExtendedError {
        switch reason {
        case .network: ExtendedError(.networkError, String(text.prefix(200)))
        case .timeout, .malformed, .busy: ExtendedError(.noReachableAuthority)
        }
    }
}
