/// Texts from strangers made fit for one line of a log.
package enum LogText {
    /// The most bytes of one text that are written.
    package static let limit = 1024

    /// The text with control characters and line ends as escapes, cut where it is too long.
    package static func line(_ text: String) -> String {
        guard text.utf8.count > limit || !text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) else { return text }
        var line = ""
        for scalar in text.unicodeScalars {
            guard line.utf8.count < limit else { return line + "…" }
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator, .format, .surrogate, .privateUse, .unassigned:
                let digits = String(scalar.value, radix: 16)
                line += scalar.value < 256 ? "\\x" + (digits.count < 2 ? "0" : "") + digits : "\\u{\(digits)}"
            default: line.unicodeScalars.append(scalar)
            }
        }
        return line
    }

    /// The name of the first fault in what BoringSSL says of a handshake; nil where it names none. The rest is of no help
    /// to who reads it: numbers, and places in BoringSSL's sources.
    package static func handshakeFault(in text: String) -> String? {
        guard let start = text.firstRange(of: "OPENSSL_internal:")?.upperBound else { return nil }
        let name = text[start...].prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        return name.isEmpty ? nil : String(name)
    }
}
