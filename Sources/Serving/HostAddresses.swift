import Glibc
import Registry

/// The addresses that others reach this host by.
package enum HostAddresses {
    /// All addresses of interfaces that are up, but for loopback and link-local ones, in the system's order.
    package static func all() -> [IPAddress] {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return [] }
        defer { freeifaddrs(first) }
        var addresses: [IPAddress] = []
        for entry in sequence(first: first, next: { $0?.pointee.ifa_next }) {
            guard let entry, entry.pointee.ifa_flags & UInt32(IFF_UP) != 0,
                let socketAddress = entry.pointee.ifa_addr, let address = address(of: socketAddress),
                !address.isUnfitForEndpoint, !addresses.contains(address)
            else { continue }
            addresses.append(address)
        }
        return addresses
    }

    private static func address(of pointer: UnsafePointer<sockaddr>) -> IPAddress? {
        switch Int32(pointer.pointee.sa_family) {
        case AF_INET:
            pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                .v4(UInt32(bigEndian: $0.pointee.sin_addr.s_addr))
            }
        case AF_INET6:
            pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                withUnsafeBytes(of: $0.pointee.sin6_addr) {
                    .v6(UInt128(bigEndian: $0.loadUnaligned(as: UInt128.self)))
                }
            }
        default: nil
        }
    }
}
