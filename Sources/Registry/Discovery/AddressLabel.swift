/// Addresses as a single label of a name.
package enum AddressLabel {
    /// Dots and colons become dashes; a trailing dash, which no host name may have, gets a zero.
    package static func text(of address: String) -> String {
        let text = podText(of: address)
        return text.hasSuffix("-") ? text + "0" : text
    }

    /// Names of Pods have no such zero: what they stand for is read back from the label.
    package static func podText(of address: String) -> String {
        String(address.map { $0 == "." || $0 == ":" ? "-" : $0 }).lowercased()
    }

    /// The label of an address that is not written in its canonical form (RFC 5952); empty for one that is.
    static func own(of text: String, _ address: IPAddress, isPod: Bool) -> String {
        // Dotted decimal has one form only.
        guard address.family == .ipv6, text.lowercased() != address.description else { return "" }
        return isPod ? podText(of: text) : Self.text(of: text)
    }
}
