import Foundation

/// Where an API server is: `https://HOST:PORT`, possibly with a path that all others go behind.
package struct ServerURL: Hashable, Sendable {
    package let isSecure: Bool
    /// A name or an address, IPv6 without brackets.
    package let host: String
    package let port: Int
    /// Begins with a slash or is empty; no slash at the end.
    package let path: String

    /// nil where the text is no such URL: http or https with a host, without user, query or fragment.
    package init?(_ text: String) {
        guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(),
            scheme == "http" || scheme == "https", var host = parts.host, !host.isEmpty, parts.query == nil,
            parts.fragment == nil, parts.user == nil
        else { return nil }
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        isSecure = scheme == "https"
        self.host = host
        port = parts.port ?? (isSecure ? 443 : 80)
        var path = parts.percentEncodedPath
        while path.hasSuffix("/") { path.removeLast() }
        self.path = path
        guard (1...65535).contains(port) else { return nil }
    }

    /// Host and port as they stand in a URL.
    package var authority: String { Self.authority(host: host, port: port) }

    static func authority(host: String, port: Int) -> String {
        host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}

extension ServerURL: CustomStringConvertible {
    package var description: String { "\(isSecure ? "https" : "http")://\(authority)\(path)" }
}
