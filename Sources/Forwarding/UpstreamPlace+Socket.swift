import Corefile
import Glibc
import NIOCore
import Registry

extension UpstreamPlace {
    /// The address for a socket; nil where its interface is not there.
    var socketAddress: SocketAddress? {
        switch address {
        case .v4(let value):
            var raw = sockaddr_in()
            raw.sin_family = sa_family_t(AF_INET)
            raw.sin_port = port.bigEndian
            raw.sin_addr.s_addr = value.bigEndian
            return SocketAddress(raw)
        case .v6(let value):
            var raw = sockaddr_in6()
            raw.sin6_family = sa_family_t(AF_INET6)
            raw.sin6_port = port.bigEndian
            withUnsafeMutableBytes(of: &raw.sin6_addr) { $0.storeBytes(of: value.bigEndian, as: UInt128.self) }
            if let interface {
                let index = UInt32(interface) ?? if_nametoindex(interface)
                guard index > 0 else { return nil }
                raw.sin6_scope_id = index
            }
            return SocketAddress(raw)
        }
    }
}

/// The words that Go has for what the system says of a socket.
enum SocketErrorText {
    static func text(_ code: Int32) -> String {
        switch code {
        case ECONNREFUSED: "connection refused"
        case ENETUNREACH: "network is unreachable"
        case EHOSTUNREACH: "no route to host"
        case ECONNRESET: "connection reset by peer"
        case EPIPE: "broken pipe"
        case EPERM: "operation not permitted"
        case EMFILE: "too many open files"
        default: String(cString: strerror(code)).lowercased()
        }
    }
}
