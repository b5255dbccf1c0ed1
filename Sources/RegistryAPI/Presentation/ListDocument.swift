import Registry

/// Lists of objects as they are stored, written from their texts without reading them.
enum ListDocument {
    /// The text of a list: `XList` with the objects as items, which carry neither `apiVersion` nor `kind` there
    /// (Kubernetes API concepts, "Collections").
    static func text(
        kind: ObjectKind, records: [ObjectRecord], version: ResourceVersion, continueToken: String?, remaining: Int?
    ) -> [UInt8] {
        let metadata = ListMetadata(version: version, continueToken: continueToken, remaining: remaining)
        let size = records.reduce(512) { $0 + $1.text.utf8.count + 1 }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size)
        bytes += "{\"kind\":\"\(kind.rawValue)List\",\"apiVersion\":\"\(kind.apiVersion)\",\"metadata\":".utf8
        bytes += JSONText.text(of: metadata.document).utf8
        bytes += ",\"items\":[".utf8
        let opening = Array("{\"apiVersion\":\"\(kind.apiVersion)\",\"kind\":\"\(kind.rawValue)\",".utf8)
        for (index, record) in records.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            var text = record.text
            text.withUTF8 { appendItem($0, opening: opening, to: &bytes) }
        }
        bytes += "]}".utf8
        return bytes
    }

    /// The list as a tree, for those who have read the objects anyway.
    static func document(kind: ObjectKind, items: [JSONValue], metadata: ListMetadata) -> JSONValue {
        .object([
            "kind": .string("\(kind.rawValue)List"), "apiVersion": .string(kind.apiVersion),
            "metadata": metadata.document,
            "items": .array(
                items.map { item in
                    var item = item
                    item["apiVersion"] = nil
                    item["kind"] = nil
                    return item
                }),
        ])
    }

    /// Most kinds have no member that sorts before `kind`, so their texts begin alike.
    private static func appendItem(_ text: UnsafeBufferPointer<UInt8>, opening: [UInt8], to bytes: inout [UInt8]) {
        if text.count > opening.count, text.prefix(opening.count).elementsEqual(opening) {
            bytes.append(UInt8(ascii: "{"))
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[opening.count...]))
            return
        }
        let length = bytes.count
        var scanner = MemberScanner(text: text)
        guard scanner.appendWithoutType(to: &bytes) else {
            // Not as `JSONText` writes: it goes out as it is rather than being lost.
            bytes.removeSubrange(length...)
            bytes.append(contentsOf: text)
            return
        }
    }
}

/// Finds the members of an object in a text of `JSONText`: compact, so that no space stands between them.
///
/// Knows where values end, not what they say. No text makes it read beyond the end.
private struct MemberScanner {
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
