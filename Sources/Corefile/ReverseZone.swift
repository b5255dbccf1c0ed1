import DNS
import Registry

/// Reverse zones written as networks: `10.0.0.0/8` stands for `10.in-addr.arpa`.
package enum ReverseZone {
    /// The zones that cover a network; several where the prefix ends inside a label. nil where the text is no network.
    package static func zones(of text: String) -> [DomainName]? {
        guard let slash = text.firstIndex(of: "/"), let address = IPAddress(String(text[..<slash])),
            let prefix = Int(text[text.index(after: slash)...]), (0...address.family.bitWidth).contains(prefix)
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
}
