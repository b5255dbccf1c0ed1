import DNS
import Registry

/// Presentation forms of names in lower case, which patterns are matched against (RFC 1035 §5.1).
enum NameText {
    /// The form as bytes, with the last dot.
    static func bytes(of name: DomainName) -> [UInt8] {
        guard !name.isRoot else { return [UInt8(ascii: ".")] }
        var text: [UInt8] = []
        text.reserveCapacity(name.wire.count)
        for label in name.labels {
            for byte in label {
                switch byte {
                case _ where isPlain(byte): text.append(byte)
                case 0x41...0x5a: text.append(byte | 0x20)
                default: return Array(name.lowercased.description.utf8)
                }
            }
            text.append(UInt8(ascii: "."))
        }
        return text
    }

    /// Whether a byte of a lower-cased name stands for itself.
    static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x61...0x7a, 0x30...0x39, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "*"): true
        default: false
        }
    }

    /// The name that a form stands for; nil where it is none.
    static func name(_ bytes: [UInt8]) -> DomainName? {
        guard bytes.count > 1, bytes.last == UInt8(ascii: "."), !bytes.contains(UInt8(ascii: "\\")) else {
            return DomainName(String(decoding: bytes, as: UTF8.self))
        }
        // Without escapes each dot, and the beginning, becomes the length of the label behind it.
        var wire = [0] + bytes
        var start = 0
        for index in 1..<wire.count where wire[index] == UInt8(ascii: ".") {
            guard let length = UInt8(exactly: index - start - 1), length > 0 else { return nil }
            wire[start] = length
            start = index
        }
        wire[start] = 0
        return DomainName(wire: wire)
    }
}

extension LogText {
    /// A name in lower case, as CoreDNS writes it; its own escapes leave nothing but printable ASCII.
    static func name(_ name: DomainName) -> String {
        String(decoding: NameText.bytes(of: name), as: UTF8.self)
    }
}
