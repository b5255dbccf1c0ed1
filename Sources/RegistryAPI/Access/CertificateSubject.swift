/// The subject of a certificate: who a client is that the authority of the server has vouched for (RFC 5280 §4.1.2.6).
///
/// Reads the bytes of a certificate that TLS has verified; anything unexpected makes it nil, never a trap.
package struct CertificateSubject: Hashable, Sendable {
    /// The last common name; what upstream takes as the user.
    package private(set) var commonName = ""
    /// All organizations; what upstream takes as the groups.
    package private(set) var organizations: [String] = []

    /// - Parameter der: The whole certificate.
    package init?(der: [UInt8]) {
        var outer = DERReader(der[...])
        guard var certificate = outer.enter(0x30), var body = certificate.enter(0x30) else { return nil }
        // The version is optional and stands under a tag of its own.
        if body.nextTag == 0xa0 { _ = body.enter(0xa0) }
        // Serial number, signature algorithm, issuer, validity; then the subject.
        for tag: UInt8 in [0x02, 0x30, 0x30, 0x30] {
            guard body.enter(tag) != nil else { return nil }
        }
        guard var subject = body.enter(0x30) else { return nil }
        while subject.nextTag != nil {
            guard var set = subject.enter(0x31) else { return nil }
            while set.nextTag != nil {
                guard var attribute = set.enter(0x30), let type = attribute.enter(0x06),
                    let tag = attribute.nextTag, let value = attribute.enter(tag)
                else { return nil }
                take(type.bytes, tag: tag, value.bytes)
            }
        }
    }

    private mutating func take(_ type: ArraySlice<UInt8>, tag: UInt8, _ value: ArraySlice<UInt8>) {
        // UTF8String, PrintableString and IA5String; the others are not made any more.
        guard [0x0c, 0x13, 0x16].contains(tag), let text = String(validating: value, as: UTF8.self) else { return }
        switch Array(type) {
        case [0x55, 0x04, 0x03]: commonName = text
        case [0x55, 0x04, 0x0a]: organizations.append(text)
        default: break
        }
    }

    /// Who that is: each organization that names a role adds it, `system:masters` stands for admin.
    package var identity: Identity {
        Identity(
            name: commonName,
            roles: organizations.compactMap { $0 == "system:masters" ? .admin : Identity.Role($0) })
    }
}

/// Steps through values of the distinguished encoding rules (X.690 §8.1): definite lengths, tags of one byte.
private struct DERReader {
    private(set) var bytes: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
    }

    var nextTag: UInt8? { bytes.first }

    /// The content of the next value, which must have this tag; steps over it.
    mutating func enter(_ tag: UInt8) -> DERReader? {
        guard bytes.popFirst() == tag, let first = bytes.popFirst() else { return nil }
        var length = Int(first)
        if first >= 0x80 {
            let count = Int(first & 0x7f)
            guard (1...3).contains(count), bytes.count >= count else { return nil }
            length = bytes.prefix(count).reduce(0) { $0 << 8 | Int($1) }
            bytes.removeFirst(count)
        }
        guard length <= bytes.count else { return nil }
        let content = bytes.prefix(length)
        bytes.removeFirst(length)
        return DERReader(content)
    }
}
