import DNS
import Registry

/// Reverse zones written as networks: `10.0.0.0/8` stands for `10.in-addr.arpa`.
package enum ReverseZone {
    /// The zones that cover a network: several where the prefix ends inside a label (at most 128). nil where the text
    /// is no network. Host bits are disregarded.
    package static func zones(of text: String) -> [DomainName]? {
        guard let slash = text.firstIndex(of: "/"), let address = IPAddress(String(text[..<slash])),
            let prefix = prefix(text[text.index(after: slash)...]), prefix <= address.family.bitWidth
        else { return nil }
        let unit = address.family == .ipv4 ? 8 : 4
        let whole = (prefix + unit - 1) / unit
        let free = whole * unit - prefix
        let digits: [Int] = address.bytes.flatMap { byte in
            unit == 8 ? [Int(byte)] : [Int(byte >> 4), Int(byte & 15)]
        }
        let base = Array(digits.prefix(whole))
        return (0..<(1 << free)).compactMap { offset in
            var labels = base
            if let last = labels.popLast() { labels.append(((last >> free) << free) + offset) }
            let texts = labels.reversed().map { String($0, radix: unit == 8 ? 10 : 16) }
            return DomainName(labels: texts + (unit == 8 ? ["in-addr", "arpa"] : ["ip6", "arpa"]))
        }
    }

    /// Whether a name is the apex of, or lies in, the trees of reverse names.
    package static func contains(_ name: DomainName) -> Bool {
        roots.contains { name.isWithin($0) }
    }

    private static let roots = ["in-addr.arpa", "ip6.arpa"].compactMap { DomainName($0) }

    private static func prefix(_ text: Substring) -> Int? {
        guard (1...3).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int(text)
    }
}
