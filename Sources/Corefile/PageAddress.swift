/// Where an HTTP service of a directive listens: `:8080`, `localhost:9153`, `[::1]:8181`.
package struct PageAddress: Hashable, Sendable, CustomStringConvertible {
    /// An address or a name; empty for all addresses of the machine.
    package let host: String
    package let port: UInt16

    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    package init(_ token: Token) throws(CorefileError) {
        guard let address = Self.parsed(token.text) else {
            throw token.error("is no address to listen at", wanted: "write one as :8080, localhost:8080 or [::1]:8080")
        }
        self = address
    }

    private static func parsed(_ text: String) -> PageAddress? {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...]
        guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = UInt16(digits)
        else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
            guard host.contains(":") else { return nil }
        } else if host.contains(":") {
            return nil
        }
        guard !host.contains(where: { "[]/".contains($0) || $0.isWhitespace }) else { return nil }
        return PageAddress(host: String(host), port: port)
    }

    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
