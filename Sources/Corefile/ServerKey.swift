import DNS
import Registry

/// One address of a server block: `dns://example.org:53`.
package struct ServerKey: Hashable, Sendable {
    package enum Scheme: String, Hashable, Sendable, CaseIterable {
        case dns, tls, https

        /// The port where none is written.
        package var port: UInt16 {
            switch self {
            case .dns: 53
            case .tls: 853
            case .https: 443
            }
        }
    }

    package var scheme: Scheme
    package var zone: DomainName
    package var port: UInt16

    package init(scheme: Scheme, zone: DomainName, port: UInt16) {
        self.scheme = scheme
        self.zone = zone
        self.port = port
    }

    /// The keys that one word stands for: several where it is a network whose prefix ends inside a label.
    ///
    /// - Parameter defaultPort: for the scheme `dns`; the others have their own.
    package static func keys(
        _ token: Token, defaultPort: UInt16 = Scheme.dns.port
    ) throws(CorefileError) -> [ServerKey] {
        let (scheme, place) = try scheme(of: token)
        let (zone, port) = try port(of: place, token)
        guard !zone.isEmpty else {
            throw token.error("names no zone", wanted: "write the root zone as .:\(port.map(String.init) ?? "53")")
        }
        guard !zone.contains(","), !zone.contains(where: \.isWhitespace) else {
            throw token.error("is no zone", wanted: "part zones by white space")
        }
        guard !zone.contains(":") || zone.contains("/") else {
            throw token.error("is no zone", wanted: "write a name, as in example.org:53; bind says where to listen")
        }
        var word = token
        word.text = zone
        word.spelling = token.shown
        return try word.zones().map { zone in
            ServerKey(scheme: scheme, zone: zone, port: port ?? (scheme == .dns ? defaultPort : scheme.port))
        }
    }

    private static func scheme(of token: Token) throws(CorefileError) -> (Scheme, Substring) {
        guard let mark = token.text.firstRange(of: "://") else { return (.dns, token.text[...]) }
        let name = token.text[..<mark.lowerBound]
        if let scheme = Scheme(rawValue: String(name)) { return (scheme, token.text[mark.upperBound...]) }
        let isKnown = ["grpc", "quic", "https3"].contains(name)
        throw token.error(
            isKnown ? "has the scheme \(name), which is not supported here" : "has an unknown scheme",
            wanted: "write \(Scheme.allCases.map { "\($0.rawValue)://" }.joined(separator: ", "))")
    }

    /// Takes a port from the end; what follows the last colon of an IPv6 network is none.
    private static func port(of place: Substring, _ token: Token) throws(CorefileError) -> (String, UInt16?) {
        guard let colon = place.lastIndex(of: ":") else { return (String(place), nil) }
        let digits = place[place.index(after: colon)...]
        guard !digits.isEmpty else { throw token.error("lacks a port behind the colon", wanted: "write one as .:53") }
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return (String(place), nil) }
        guard let port = UInt16(digits) else {
            throw token.error("has a port that is out of range", wanted: "write 0 to 65535")
        }
        return (String(place[..<colon]), port)
    }
}

extension ServerKey: CustomStringConvertible {
    /// `dns://example.org.:53`, as CoreDNS writes it.
    package var description: String { "\(scheme.rawValue)://\(zone):\(port)" }
}
