import NIOHTTP1

/// What HTTP/1 asks of every server, and NIO's decoder leaves to it.
extension HTTPRequestHead {
    /// Whether its client speaks HTTP/1.0 or before, and may not know of chunks and of interim responses.
    package var isOld: Bool { version.major < 1 || version.major == 1 && version.minor < 1 }

    /// Whether the client waits with the body until it is told to send it (RFC 9110 §10.1.1).
    package var expectsContinue: Bool {
        !isOld && headers[canonicalForm: "expect"].contains { $0.lowercased() == "100-continue" }
    }

    /// Whom the request is for: what its target says, else its only Host field (RFC 9112 §3.2); empty where that is, or
    /// an old client has none.
    ///
    /// nil where it is not said, said twice, or spelled as no host and port can be: it may then be meant for another
    /// server than a proxy on the way took it for.
    package var authority: String? {
        let hosts = headers["host"]
        guard hosts.count == 1 || hosts.isEmpty && isOld, hosts.allSatisfy(Self.isAuthority) else { return nil }
        guard let target = targetBehindScheme else { return hosts.first ?? "" }
        let named = target.prefix { !"/?#".contains($0) }
        return !named.isEmpty && Self.isAuthority(named) ? String(named) : nil
    }

    /// The target's path and query, which may stand behind a scheme and an authority (RFC 9112 §3.2.2).
    package var originForm: String {
        guard let target = targetBehindScheme else { return uri }
        return String(target.drop { $0 != "/" && $0 != "?" })
    }

    /// What follows the scheme of a target in absolute form; nil for other targets.
    private var targetBehindScheme: Substring? {
        let start = uri.prefix(8).lowercased()
        for scheme in ["https://", "http://"] where start.hasPrefix(scheme) { return uri.dropFirst(scheme.count) }
        return nil
    }

    /// Whether a text can be a `Host` field's value: nothing, or what a host and a port are spelled with (RFC 9110 §7.2,
    /// RFC 3986 §3.2.2).
    private static func isAuthority(_ text: some StringProtocol) -> Bool {
        text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-._~!$&'()*+,;=%:[]".utf8.contains(byte)
            }
        }
    }
}
