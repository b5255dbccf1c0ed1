extension IPAddress {
    /// Reads the same texts from UTF-8; dotted decimal without anything being made.
    package init?(utf8 text: UnsafeBufferPointer<UInt8>) {
        if let value = Self.dottedDecimal(text) {
            self = .v4(value)
        } else {
            // Longer texts are no addresses.
            guard text.count <= 45, let address = Self(String(decoding: text, as: UTF8.self)) else { return nil }
            self = address
        }
    }

    /// Four numbers without leading zeros; nil for anything else.
    private static func dottedDecimal(_ text: UnsafeBufferPointer<UInt8>) -> UInt32? {
        guard text.count >= 7, text.count <= 15 else { return nil }
        var (value, octet, digits, dots) = (UInt32(0), UInt32(0), 0, 0)
        for byte in text {
            if byte == UInt8(ascii: ".") {
                guard digits > 0, dots < 3 else { return nil }
                value = value << 8 | octet
                (octet, digits, dots) = (0, 0, dots + 1)
                continue
            }
            let digit = UInt32(byte &- 0x30)
            guard digit < 10, digits == 0 || octet > 0 else { return nil }
            octet = octet * 10 + digit
            digits += 1
            guard octet < 256 else { return nil }
        }
        return dots == 3 && digits > 0 ? value << 8 | octet : nil
    }
}
