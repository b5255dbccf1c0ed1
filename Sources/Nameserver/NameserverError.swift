import Glibc

/// Why listening failed: the address, and what the system said.
package struct NameserverError: Error, Hashable, Sendable, CustomStringConvertible {
    package let address: ListenAddress
    /// What was tried, as in "cannot … ADDRESS".
    package let attempt: String
    /// An `errno` value.
    package let code: Int32
    /// Why, where it was not the system that refused.
    package let reason: String?

    init(_ attempt: String, _ address: ListenAddress, code: Int32 = errno) {
        self.attempt = attempt
        self.address = address
        self.code = code
        reason = nil
    }

    init(_ attempt: String, _ address: ListenAddress, reason: String) {
        self.attempt = attempt
        self.address = address
        self.reason = reason
        code = 0
    }

    package var description: String {
        let hint =
            switch code {
            case EADDRINUSE: ": another program listens there"
            case EACCES: ": ports below 1024 need the right CAP_NET_BIND_SERVICE"
            case EADDRNOTAVAIL: ": this host has no such address"
            default: ""
            }
        if let reason { return "cannot \(attempt) \(address): \(reason)" }
        return "cannot \(attempt) \(address): \(String(cString: strerror(code)))\(hint)"
    }
}
