import Registry

extension Token {
    /// The word as a network in CIDR form; bits behind the prefix are taken as zero, as Go's `net.ParseCIDR` does.
    package func network() throws(CorefileError) -> CIDR {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPAddress(String(parts[0])), let length = Int(parts[1]),
            (0...address.family.bitWidth).contains(length)
        else { throw error("is no network", wanted: "write one as 10.0.0.0/8 or fd00::/8") }
        let free = UInt128(address.family.bitWidth - length)
        let base = free == 128 ? 0 : (address.value >> free) << free
        guard let masked = IPAddress(family: address.family, value: base), let network = CIDR("\(masked)/\(length)")
        else { throw error("is no network", wanted: "write one as 10.0.0.0/8 or fd00::/8") }
        return network
    }
}
