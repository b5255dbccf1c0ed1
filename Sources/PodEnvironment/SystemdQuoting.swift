/// Quoting for `EnvironmentFile=` (systemd.exec(5)).
enum SystemdQuoting {
    /// Between double quotes a backslash is needed before `"`, `\`, `` ` `` and `$`, and before nothing else.
    ///
    /// That is also how a shell reads it. Newlines, `#` and spaces stand for themselves.
    static func doubleQuoted(_ value: String) -> String {
        var bytes = [UInt8(ascii: "\"")]
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "`"), UInt8(ascii: "$"):
                bytes += [UInt8(ascii: "\\"), byte]
            default:
                bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Why systemd would not read a value back; nil where it would.
    static func obstacle(to value: String) -> String? {
        // One of them makes systemd refuse the whole file (`unichar_is_valid` in its utf8.c).
        let hasNoncharacter = value.unicodeScalars.contains { scalar in
            (0xfdd0...0xfdef).contains(scalar.value) || scalar.value & 0xfffe == 0xfffe
        }
        return hasNoncharacter ? "the value holds a Unicode noncharacter" : nil
    }
}
