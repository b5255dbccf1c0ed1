import Glibc

/// Cuts a long `kind: List` into its items, so that an edit of one costs no parsing of the others.
///
/// The cut goes by indentation, or by brackets in JSON. It could go wrong only within a quoted text that spans lines;
/// then a piece does not parse, and whoever cut parses the document whole.
enum ManifestList {
    /// What a list says beside its items.
    struct Context: Hashable, Sendable {
        let apiVersion: String
        let kind: String
    }

    /// Shorter documents are quick to parse.
    static let minimumSize = 4096

    /// The list without its items, then each item; nil where this is no list or better parsed whole.
    static func split(_ text: ManifestText) -> [ManifestText]? {
        guard text.bytes.count >= minimumSize, text.list == nil, !ManifestAliases(in: text.bytes).areUsed,
            let cut = text.bytes.withUnsafeBufferPointer({ isFlow($0) ? flowItems(of: $0) : blockItems(of: $0) }),
            cut.items.count > 1
        else { return nil }
        let start = text.bytes.startIndex
        func bytes(_ range: Range<Int>) -> ArraySlice<UInt8> {
            text.bytes[start + range.lowerBound..<start + range.upperBound]
        }
        let rest = Array(bytes(0..<cut.all.lowerBound) + bytes(cut.all.upperBound..<text.bytes.count))
        let frame = ManifestText(bytes: rest[...], firstLine: text.firstLine)
        guard let context = try? ManifestDocument.listContext(of: frame) else { return nil }
        return [frame]
            + cut.items.map { item in
                ManifestText(bytes: bytes(item.range), firstLine: text.firstLine + item.line, list: context)
            }
    }

    private struct Cut {
        /// From the first item to the last.
        var all: Range<Int>
        var items: [(range: Range<Int>, line: Int)]
    }

    private static func isFlow(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        bytes.first { !isBlank($0) } == UInt8(ascii: "{")
    }

    /// The entries of the block sequence under `items:` at the margin.
    private static func blockItems(of bytes: UnsafeBufferPointer<UInt8>) -> Cut? {
        var starts: [(offset: Int, line: Int)] = []
        var hasKey = false
        var indentation: Int?
        var line = 0
        var offset = 0
        var end = bytes.count
        while offset < bytes.count {
            let next = endOfLine(from: offset, in: bytes)
            var content = offset
            while content < next, bytes[content] == UInt8(ascii: " ") { content += 1 }
            let isEmpty = content == next || isBlank(bytes[content]) || bytes[content] == UInt8(ascii: "#")
            if !hasKey {
                hasKey =
                    bytes[offset..<next].elementsEqual("items:\n".utf8)
                    || bytes[offset..<next].elementsEqual("items:\r\n".utf8)
            } else if !isEmpty {
                let isItem = bytes[content] == UInt8(ascii: "-") && (content + 1 == next || isBlank(bytes[content + 1]))
                let column = content - offset
                if column == indentation ?? column, isItem {
                    indentation = column
                    starts.append((offset, line))
                } else if column <= indentation ?? column {
                    end = offset
                    break
                }
            }
            offset = next
            line += 1
        }
        guard let first = starts.first else { return nil }
        let ends = starts.dropFirst().map(\.offset) + [end]
        return Cut(
            all: first.offset..<end, items: zip(starts, ends).map { start, end in (start.offset..<end, start.line) })
    }

    /// The objects in the array that is the member `items` of the outermost object.
    private static func flowItems(of bytes: UnsafeBufferPointer<UInt8>) -> Cut? {
        var items: [(range: Range<Int>, line: Int)] = []
        var depth = 0
        var line = 0
        var stringStart: Int?
        /// The last string at depth 1, while only white space and a colon follow it.
        var key: Range<Int>?
        var arrayStart: Int?
        var item: (offset: Int, line: Int)?
        var offset = 0
        while offset < bytes.count {
            let byte = bytes[offset]
            if byte == UInt8(ascii: "\n") { line += 1 }
            if let start = stringStart {
                if byte == UInt8(ascii: "\\") {
                    offset += 1
                } else if byte == UInt8(ascii: "\"") {
                    if depth == 1 { key = start + 1..<offset }
                    stringStart = nil
                }
            } else if !isBlank(byte), byte != UInt8(ascii: ":") {
                switch byte {
                case UInt8(ascii: "\""): stringStart = offset
                case UInt8(ascii: "["):
                    if depth == 1, arrayStart == nil, let key, bytes[key].elementsEqual("items".utf8) {
                        arrayStart = offset + 1
                    }
                    depth += 1
                case UInt8(ascii: "{"):
                    if depth == 2, arrayStart != nil { item = (offset, line) }
                    depth += 1
                case UInt8(ascii: "]"), UInt8(ascii: "}"):
                    depth -= 1
                    if depth == 2, let start = item {
                        items.append((start.offset..<offset + 1, start.line))
                        item = nil
                    } else if depth == 1, let start = arrayStart {
                        return Cut(all: start..<offset, items: items)
                    }
                case UInt8(ascii: ","): break
                default:
                    // An item that is no object.
                    if depth == 2, arrayStart != nil { return nil }
                }
                key = nil
            }
            offset += 1
        }
        return nil
    }

    private static func endOfLine(from index: Int, in bytes: UnsafeBufferPointer<UInt8>) -> Int {
        guard let base = bytes.baseAddress,
            let found = memchr(base + index, Int32(UInt8(ascii: "\n")), bytes.count - index)
        else { return bytes.count }
        return UnsafeRawPointer(found) - UnsafeRawPointer(base) + 1
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d
    }
}
