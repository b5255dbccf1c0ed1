import Glibc

/// A part of a file that holds one document, or one item of a list.
struct ManifestText: Sendable {
    let bytes: ArraySlice<UInt8>
    /// The line of the file that the part begins on, from 1.
    let firstLine: Int
    /// The list that the part is an item of; nil for a whole document.
    var list: ManifestList.Context?

    /// A number that parts of the same content share.
    var hash: Int {
        var hasher = Hasher()
        bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
        return hasher.finalize()
    }

    func hasSameContent(as other: ManifestText) -> Bool {
        list == other.list && bytes.count == other.bytes.count
            && bytes.withUnsafeBytes { lhs in
                other.bytes.withUnsafeBytes { rhs in
                    guard let left = lhs.baseAddress, let right = rhs.baseAddress else { return true }
                    return memcmp(left, right, lhs.count) == 0
                }
            }
    }
}

/// Cuts the text of a file where documents begin, so that each is parsed, and kept, on its own.
///
/// A line that opens with `---` or `...` and white space is a document marker wherever it stands, block scalars
/// included (YAML 1.2 §9.1.2). A file of JSON may hold one object behind the other.
enum ManifestSplitter {
    static func split(_ bytes: [UInt8]) -> [ManifestText] {
        let start = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
        var parts: [ManifestText] = []
        for part in splitAtMarkers(bytes, from: start) {
            splitObjects(of: part, into: &parts)
        }
        return parts
    }

    private static func splitAtMarkers(_ bytes: [UInt8], from start: Int) -> [ManifestText] {
        var parts: [ManifestText] = []
        var partStart = start
        var partLine = 1
        var lineStart = start
        var line = 1
        // Directives (`%YAML`) may stand only at the start and after `...`; they belong to the document behind them.
        var isPrologue = true
        var hasDirective = false
        var isBehindEnd = false
        func cut() {
            if partStart < lineStart {
                parts.append(ManifestText(bytes: bytes[partStart..<lineStart], firstLine: partLine))
            }
            partStart = lineStart
            partLine = line
        }
        bytes.withUnsafeBufferPointer { buffer in
            while lineStart < buffer.count {
                if isBehindEnd {
                    cut()
                    isBehindEnd = false
                }
                switch buffer[lineStart] {
                case UInt8(ascii: "-") where isMarker(UInt8(ascii: "-"), at: lineStart, in: buffer):
                    if !hasDirective { cut() }
                    hasDirective = false
                    isPrologue = false
                case UInt8(ascii: ".") where isMarker(UInt8(ascii: "."), at: lineStart, in: buffer):
                    isPrologue = true
                    isBehindEnd = true
                case UInt8(ascii: "%") where isPrologue:
                    hasDirective = true
                case UInt8(ascii: "#"), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: " "), UInt8(ascii: "\t"):
                    // Blank, comment or indented: an indented line of content follows one that is not.
                    break
                default:
                    isPrologue = false
                }
                lineStart = endOfLine(from: lineStart, in: buffer)
                line += 1
            }
        }
        cut()
        return parts
    }

    private static func isMarker(_ byte: UInt8, at index: Int, in buffer: UnsafeBufferPointer<UInt8>) -> Bool {
        guard index + 2 < buffer.count, buffer[index + 1] == byte, buffer[index + 2] == byte else { return false }
        return index + 3 == buffer.count || isWhitespace(buffer[index + 3])
    }

    private static func endOfLine(from index: Int, in buffer: UnsafeBufferPointer<UInt8>) -> Int {
        guard let base = buffer.baseAddress,
            let found = memchr(base + index, Int32(UInt8(ascii: "\n")), buffer.count - index)
        else { return buffer.count }
        return UnsafeRawPointer(found) - UnsafeRawPointer(base) + 1
    }

    private static func isWhitespace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d
    }

    /// Cuts a part that opens with `{` behind each object that another one follows.
    private static func splitObjects(of part: ManifestText, into parts: inout [ManifestText]) {
        guard let first = part.bytes.first(where: { !isWhitespace($0) }), first == UInt8(ascii: "{") else {
            parts.append(part)
            return
        }
        var start = part.bytes.startIndex
        var startLine = part.firstLine
        var line = part.firstLine
        var depth = 0
        var isInString = false
        var isEscaped = false
        // Where the last object of the outermost level ended, until something follows it.
        var end: (index: Int, line: Int)?
        for (index, byte) in zip(part.bytes.indices, part.bytes) {
            if byte == UInt8(ascii: "\n") { line += 1 }
            if isEscaped {
                isEscaped = false
            } else if isInString {
                if byte == UInt8(ascii: "\\") { isEscaped = true }
                if byte == UInt8(ascii: "\"") { isInString = false }
            } else if isWhitespace(byte) {
                continue
            } else {
                if let cut = end, byte == UInt8(ascii: "{") {
                    parts.append(ManifestText(bytes: part.bytes[start..<cut.index], firstLine: startLine))
                    start = cut.index
                    startLine = cut.line
                }
                end = nil
                switch byte {
                case UInt8(ascii: "\""): isInString = true
                case UInt8(ascii: "{"): depth += 1
                case UInt8(ascii: "}"):
                    depth -= 1
                    if depth == 0 { end = (index + 1, line) }
                default: break
                }
            }
        }
        parts.append(ManifestText(bytes: part.bytes[start..<part.bytes.endIndex], firstLine: startLine))
    }
}
