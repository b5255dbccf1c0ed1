import Registry

/// The text of a list in pieces: what has been handed out is no longer held, and never the whole of a long list.
struct ListPieces: Sequence, IteratorProtocol, Sendable {
    /// A piece is handed out once it has so many bytes.
    private static let pieceSize = 1 << 16

    private let head: String
    private let opening: [UInt8]
    /// The last one first.
    private var rest: [ObjectRecord]
    private var hasBegun = false
    private var hasEnded = false

    init(
        kind: ObjectKind, records: [ObjectRecord], version: ResourceVersion, continueToken: String?, remaining: Int?
    ) {
        let metadata = ListMetadata(version: version, continueToken: continueToken, remaining: remaining)
        head =
            "{\"kind\":\"\(kind.rawValue)List\",\"apiVersion\":\"\(kind.apiVersion)\",\"metadata\":"
            + JSONText.text(of: metadata.document) + ",\"items\":["
        opening = Array("{\"apiVersion\":\"\(kind.apiVersion)\",\"kind\":\"\(kind.rawValue)\",".utf8)
        rest = records.reversed()
    }

    mutating func next() -> [UInt8]? {
        guard !hasEnded else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.pieceSize + (Self.pieceSize >> 2))
        if !hasBegun { bytes += head.utf8 }
        while bytes.count < Self.pieceSize, let record = rest.popLast() {
            if hasBegun { bytes.append(UInt8(ascii: ",")) }
            hasBegun = true
            var text = record.text
            text.withUTF8 { appendItem($0, to: &bytes) }
        }
        guard rest.isEmpty else { return bytes }
        bytes += "]}".utf8
        hasEnded = true
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
