import Glibc
import Registry

/// An address and port to listen on.
package struct ListenAddress: Hashable, Sendable {
    /// 4 or 16 bytes, network order.
    package let bytes: [UInt8]
    package let port: UInt16

    /// Reads `127.0.0.1:53` or `[::1]:53`; `localhost` stands for 127.0.0.1. nil for anything else.
    package init?(_ text: String) {
        guard !text.utf8.contains(0), let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...]
        guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = UInt16(digits), let bytes = Self.address(text[..<colon])
        else { return nil }
        self.init(bytes: bytes, port: port)
    }

    package init(bytes: [UInt8], port: UInt16) {
        self.bytes = bytes
        self.port = port
    }

    /// As `init`, and `:53` or `*:53` for all addresses of both families; empty where the text is neither.
    package static func addresses(_ text: String) -> [ListenAddress] {
        guard text.hasPrefix(":") || text.hasPrefix("*:") else { return [ListenAddress(text)].compactMap { $0 } }
        let port = text.drop { $0 == "*" }
        return ["0.0.0.0\(port)", "[::]\(port)"].compactMap { ListenAddress($0) }
    }

    private static func address(_ host: Substring) -> [UInt8]? {
        if host == "localhost" { return [127, 0, 0, 1] }
        if host.hasPrefix("["), host.hasSuffix("]") {
            var address = in6_addr()
            guard inet_pton(AF_INET6, String(host.dropFirst().dropLast()), &address) == 1 else { return nil }
            return withUnsafeBytes(of: address) { Array($0) }
        }
        var address = in_addr()
        guard inet_pton(AF_INET, String(host), &address) == 1 else { return nil }
        return withUnsafeBytes(of: address) { Array($0) }
    }

    package var isIPv6: Bool { bytes.count == 16 }

    /// Whether this stands for all addresses of the host.
    package var isWildcard: Bool { bytes.allSatisfy { $0 == 0 } }

    package func with(port: UInt16) -> ListenAddress { ListenAddress(bytes: bytes, port: port) }

    /// The address without the port.
    package var host: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        _ = bytes.withUnsafeBytes {
            inet_ntop(isIPv6 ? AF_INET6 : AF_INET, $0.baseAddress, &text, socklen_t(text.count))
        }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    package var ipAddress: IPAddress {
        let value = bytes.reduce(0 as UInt128) { $0 << 8 | UInt128($1) }
        return isIPv6 ? .v6(value) : .v4(UInt32(truncatingIfNeeded: value))
    }

    static func loopback(isIPv6: Bool) -> ListenAddress {
        ListenAddress(bytes: isIPv6 ? [UInt8](repeating: 0, count: 15) + [1] : [127, 0, 0, 1], port: 0)
    }

    /// The port that a socket was bound to.
    static func boundPort(of descriptor: Int32) -> UInt16 {
        var address = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        _ = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        // The port stands at the same place for both families.
        return UInt16(bigEndian: address.sin6_port)
    }

    /// Calls with the address in the kernel's form.
    func withSocketAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        if isIPv6 {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            withUnsafeMutableBytes(of: &address.sin6_addr) { $0.copyBytes(from: bytes) }
            return withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    body($0, socklen_t(MemoryLayout<sockaddr_in6>.size))
                }
            }
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        withUnsafeMutableBytes(of: &address.sin_addr) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}

extension ListenAddress: CustomStringConvertible {
    package var description: String { isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
