/// Splits a zone file into entries and these into fields (RFC 1035 §5.1).
///
/// ldns has such a splitter too. It names the wrong line, drops zero bytes, and takes open quotes and parentheses for
/// closed, so that a broken file can load as another zone than was meant; hence ldns gets single records only.
struct ZoneFileLexer {
    /// An entry: a record or a directive, on one line or on several within parentheses.
    struct Entry {
        /// Counted from 1: where the entry begins.
        let line: Int
        /// Whether the entry begins with white space: its owner is that of the entry before.
        let isIndented: Bool
        /// The fields in order, never none; quotes and escapes as they stand in the file.
        var fields: [ArraySlice<UInt8>]
    }

    /// A fault and its line.
    struct Fault: Error {
        let line: Int
        let reason: ZoneFileError.Reason
    }

    /// The most bytes that the fields of an entry may have: ldns takes 65,535 and silently cuts what is longer.
    static let entryLimit = 65_000

    private let bytes: [UInt8]
    private var index = 0
    private var line = 1

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        // A byte order mark is how some editors begin a file.
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) { index = 3 }
    }

    /// The next entry; nil at the end.
    mutating func next() throws(Fault) -> Entry? {
        var fields: [ArraySlice<UInt8>] = []
        var start = line
        var isIndented = false
        var size = 0
        var openCount = 0
        var openLine = line
        var isLineStart = true
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "\n"):
                index += 1
                line += 1
                if openCount == 0 {
                    if !fields.isEmpty { return Entry(line: start, isIndented: isIndented, fields: fields) }
                    (isLineStart, isIndented) = (true, false)
                    continue
                }
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), 0x0c:
                index += 1
                if isLineStart { isIndented = true }
            case UInt8(ascii: ";"):
                try skipComment()
                continue
            case UInt8(ascii: "("):
                index += 1
                if openCount == 0 { openLine = line }
                openCount += 1
            case UInt8(ascii: ")"):
                guard openCount > 0 else { throw Fault(line: line, reason: .strayParenthesis) }
                index += 1
                openCount -= 1
            default:
                if fields.isEmpty { start = line }
                let field = try readField()
                size += field.count + 1
                guard size <= Self.entryLimit else { throw Fault(line: start, reason: .entryTooLong) }
                fields.append(field)
            }
            isLineStart = false
        }
        guard openCount == 0 else { throw Fault(line: openLine, reason: .unclosedParenthesis) }
        return fields.isEmpty ? nil : Entry(line: start, isIndented: isIndented, fields: fields)
    }

    /// A field as text; bytes beyond ASCII, which may be of any encoding, as escapes.
    static func text(_ field: ArraySlice<UInt8>) -> String {
        if field.allSatisfy({ $0 < 0x80 }) { return String(decoding: field, as: UTF8.self) }
        var (text, isEscaped) = ("", false)
        for byte in field {
            // A backslash in front of such a byte has become the one of its escape.
            text += byte < 0x80 ? String(UnicodeScalar(byte)) : isEscaped ? "\(byte)" : "\\\(byte)"
            isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
        }
        return text
    }

    private mutating func skipComment() throws(Fault) {
        while index < bytes.count, bytes[index] != UInt8(ascii: "\n") {
            guard bytes[index] != 0 else { throw Fault(line: line, reason: .controlByte(0)) }
            index += 1
        }
    }

    /// Reads to the end of a field, which is white space or a special character outside of quotes.
    private mutating func readField() throws(Fault) -> ArraySlice<UInt8> {
        let start = index
        let beginsQuoted = bytes[index] == UInt8(ascii: "\"")
        var isQuoted = false
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "\""):
                index += 1
                isQuoted.toggle()
                if beginsQuoted, !isQuoted { return bytes[start..<index] }
                continue
            case UInt8(ascii: "\\"):
                // What follows stands for itself; a line's end cannot.
                index += 1
                guard index < bytes.count, bytes[index] >= 0x20 else { continue }
            case UInt8(ascii: "\n"):
                guard !isQuoted else { throw Fault(line: line, reason: .unclosedQuote) }
                return bytes[start..<index]
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), 0x0c, UInt8(ascii: ";"),
                UInt8(ascii: "("), UInt8(ascii: ")"):
                if !isQuoted { return bytes[start..<index] }
                if byte == UInt8(ascii: "\r") || byte == 0x0c { throw Fault(line: line, reason: .controlByte(byte)) }
            case 0..<0x20, 0x7f:
                throw Fault(line: line, reason: .controlByte(byte))
            default: break
            }
            index += 1
        }
        guard !isQuoted else { throw Fault(line: line, reason: .unclosedQuote) }
        return bytes[start..<index]
    }
}
