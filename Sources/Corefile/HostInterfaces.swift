import Glibc
import Registry

/// The machine's network interfaces, as `bind` names them.
package enum HostInterfaces {
    /// The addresses of an interface, link-local ones left out, which need a scope to be bound; nil where there is no
    /// interface of that name.
    package static func addresses(of name: String) -> [IPAddress]? {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return nil }
        defer { freeifaddrs(list) }
        var addresses: [IPAddress]?
        // The list is owned by `getifaddrs` until it is freed above; only its copies leave.
        var next = list
        while let entry = next?.pointee {
            next = entry.ifa_next
            guard String(cString: entry.ifa_name) == name else { continue }
            var found = addresses ?? []
            if let address = entry.ifa_addr.flatMap(address), !isLinkLocal(address) { found.append(address) }
            addresses = found
        }
        return addresses?.unrepeated
    }

    private static func address(_ pointer: UnsafeMutablePointer<sockaddr>) -> IPAddress? {
        let raw = UnsafeRawPointer(pointer)
        switch CInt(pointer.pointee.sa_family) {
        case AF_INET:
            return .v4(UInt32(bigEndian: raw.loadUnaligned(as: sockaddr_in.self).sin_addr.s_addr))
        case AF_INET6:
            var address = raw.loadUnaligned(as: sockaddr_in6.self).sin6_addr
            return withUnsafeBytes(of: &address) { .v6(UInt128(bigEndian: $0.loadUnaligned(as: UInt128.self))) }
        default: return nil
        }
    }

    private static func isLinkLocal(_ address: IPAddress) -> Bool {
        switch address {
        case .v4(let value): value >> 16 == 0xa9fe
        case .v6(let value): value >> 118 == 0x3fa
        }
    }
}
