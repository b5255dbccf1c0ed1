import Registry

extension RegistryObject {
    /// The object as far as its endpoint addresses are to be judged: those that it has stored already, and that only
    /// the server could have put there, pass as sound. nil where there are none.
    ///
    /// The server's own `default/kubernetes` may lead to a loopback address, which no user may write anew; whoever
    /// changes a label of it leaves the address as it was.
    func sparing(addressesOf stored: JSONValue) -> RegistryObject? {
        guard let former = try? RegistryObject(stored, kind: kind) else { return nil }
        switch (self, former) {
        case (.endpointSlice(var slice), .endpointSlice(let former)):
            let known = Set(former.endpoints.flatMap(\.addresses)).filter(Self.isUnfit)
            guard slice.addressType == former.addressType, !known.isEmpty else { return nil }
            for index in slice.endpoints.indices {
                slice.endpoints[index].addresses = slice.endpoints[index].addresses.map {
                    known.contains($0) ? Self.soundAddress(insteadOf: $0) : $0
                }
            }
            return .endpointSlice(slice)
        case (.endpoints(var endpoints), .endpoints(let former)):
            let addresses = former.subsets.flatMap { $0.addresses + $0.notReadyAddresses }
            let known = Set(addresses.map(\.ip)).filter(Self.isUnfit)
            guard !known.isEmpty else { return nil }
            func spared(_ address: Endpoints.Address) -> Endpoints.Address {
                var address = address
                if known.contains(address.ip) { address.ip = Self.soundAddress(insteadOf: address.ip) }
                return address
            }
            for index in endpoints.subsets.indices {
                endpoints.subsets[index].addresses = endpoints.subsets[index].addresses.map(spared)
                endpoints.subsets[index].notReadyAddresses = endpoints.subsets[index].notReadyAddresses.map(spared)
            }
            return .endpoints(endpoints)
        default:
            return nil
        }
    }

    /// Whether a text is an address that endpoints may not have.
    private static func isUnfit(_ text: String) -> Bool {
        IPAddress(text) != nil && !AddressRules.endpointFaults(text).isEmpty
    }

    /// An address of documentation (RFC 5737, RFC 3849), of the family of another.
    private static func soundAddress(insteadOf text: String) -> String {
        IPAddress(text)?.family == .ipv6 ? "2001:db8::1" : "192.0.2.1"
    }
}
