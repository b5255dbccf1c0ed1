/// Quoting for a POSIX shell (POSIX 2.2.2).
enum ShellQuoting {
    /// Between single quotes everything stands for itself; a single quote steps outside of them.
    static func singleQuoted(_ value: String) -> String {
        var bytes = [UInt8(ascii: "'")]
        for byte in value.utf8 {
            if byte == UInt8(ascii: "'") {
                bytes += Array("'\\''".utf8)
            } else {
                bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "'"))
        return String(decoding: bytes, as: UTF8.self)
    }
}
