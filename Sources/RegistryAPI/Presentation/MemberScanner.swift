/// Finds the members of an object in a text of `JSONText`: compact, so that no space stands between them.
///
/// Knows where values end, not what they say. No text makes it read beyond the end.
struct MemberScanner {
    /// Borrowed from a `withUTF8` that the scanner does not outlive; never read at or behind its end.
    let text: UnsafeBufferPointer<UInt8>
    private var offset = 0

    init(text: UnsafeBufferPointer<UInt8>) {
        self.text = text
    }

    private var next: UInt8? { offset < text.count ? text[offset] : nil }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        offset += 1
        return true
    }

    /// Appends the object without `apiVersion` and `kind`; false where the text is no compact JSON as far as it had to
    /// be looked at.
    mutating func appendWithoutType(to bytes: inout [UInt8]) -> Bool {
        guard take("{") else { return false }
        bytes.append(UInt8(ascii: "{"))
        var isFirst = true
        var sought = 2
        while true {
            let start = offset
            guard skipString() else { return false }
            let name = text[start..<offset]
            guard take(":"), skipValue() else { return false }
            if Self.isType(name) {
                sought -= 1
            } else {
                if !isFirst { bytes.append(UInt8(ascii: ",")) }
                isFirst = false
                bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[start..<offset]))
            }
            if take("}") {
                bytes.append(UInt8(ascii: "}"))
                return offset == text.count
            }
            guard take(",") else { return false }
            if sought == 0 {
                if !isFirst { bytes.append(UInt8(ascii: ",")) }
                bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[offset...]))
                return true
            }
        }
    }

    private static let typeNames = ["\"apiVersion\"", "\"kind\""].map { Array($0.utf8) }

    private static func isType(_ name: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        typeNames.contains { $0.count == name.count && name.elementsEqual($0) }
    }

    private mutating func skipString() -> Bool {
        guard take("\"") else { return false }
        while let byte = next {
            offset += 1
            if byte == UInt8(ascii: "\"") { return true }
            if byte == UInt8(ascii: "\\") { offset += 1 }
        }
        return false
    }

    private mutating func skipValue() -> Bool {
        let start = offset
        var depth = 0
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                guard skipString() else { return false }
                if depth == 0 { return true }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return offset > start }
                depth -= 1
                if depth == 0 {
                    offset += 1
                    return true
                }
            case UInt8(ascii: ",") where depth == 0:
                return offset > start
            default:
                break
            }
            offset += 1
        }
        return false
    }
}
