import Registry

/// Writes the text of a list in pieces: never the whole of a long one is held.
struct ListText: Sendable {
    private let head: String
    private let opening: [UInt8]
    private var hasBegun = false
    private var hasItems = false

    init(kind: ObjectKind, version: ResourceVersion, continueToken: String? = nil, remaining: Int? = nil) {
        let metadata = ListMetadata(version: version, continueToken: continueToken, remaining: remaining)
        head =
            "{\"kind\":\"\(kind.rawValue)List\",\"apiVersion\":\"\(kind.apiVersion)\",\"metadata\":"
            + JSONText.text(of: metadata.document) + ",\"items\":["
        opening = Array("{\"apiVersion\":\"\(kind.apiVersion)\",\"kind\":\"\(kind.rawValue)\",".utf8)
    }

    /// The next items, with the beginning of the list before the first ones and its end behind the last ones.
    mutating func piece(_ records: [ObjectRecord], isLast: Bool) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(records.reduce(512) { $0 + $1.text.utf8.count + 1 })
        if !hasBegun { bytes += head.utf8 }
        hasBegun = true
        for record in records {
            if hasItems { bytes.append(UInt8(ascii: ",")) }
            hasItems = true
            var text = record.text
            text.withUTF8 { appendItem($0, to: &bytes) }
        }
        if isLast { bytes += "]}".utf8 }
        return bytes
    }

    /// Most kinds have no member that sorts before `kind`, so their texts begin alike.
    private func appendItem(_ text: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
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
