/// The one escape of JSON that is none of YAML: a character beyond U+FFFF as a pair, `\ud83d\ude00` (RFC 8259 §7).
enum ManifestSurrogates {
    /// A JSON text with such pairs replaced by the characters they stand for; any other text as it is.
    static func joined(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard let first = bytes.first(where: { $0 > 0x20 }), first == UInt8(ascii: "{"),
            bytes.contains(UInt8(ascii: "\\"))
        else { return bytes }
        var joined: [UInt8] = []
        joined.reserveCapacity(bytes.count)
        var rest = bytes
        while let byte = rest.first {
            guard byte == UInt8(ascii: "\\") else {
                joined.append(byte)
                rest = rest.dropFirst()
                continue
            }
            if let high = codeUnit(rest), (0xd800...0xdbff).contains(high),
                let low = codeUnit(rest.dropFirst(6)), (0xdc00...0xdfff).contains(low),
                let scalar = Unicode.Scalar(0x10000 + (high - 0xd800) << 10 + (low - 0xdc00))
            {
                joined += Array(String(scalar).utf8)
                rest = rest.dropFirst(12)
            } else {
                // An escaped backslash opens no escape.
                joined += rest.prefix(2)
                rest = rest.dropFirst(2)
            }
        }
        return joined[...]
    }

    /// The number in `\uXXXX` at the beginning of `bytes`.
    private static func codeUnit(_ bytes: ArraySlice<UInt8>) -> UInt32? {
        guard bytes.count >= 6, bytes.prefix(2).elementsEqual([UInt8(ascii: "\\"), UInt8(ascii: "u")]) else {
            return nil
        }
        return UInt32(String(decoding: bytes.dropFirst(2).prefix(4), as: UTF8.self), radix: 16)
    }
}
