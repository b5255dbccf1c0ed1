import Registry

/// Writes the text of a list in pieces: never the whole of a long one is held.
struct ListText: Sendable {
    /// What becomes of an object.
    private enum Item {
        /// The object as it is stored, which carries neither `apiVersion` nor `kind` as an item of its own kind's list;
        /// the bytes that most texts begin with up to there.
        case stored(opening: [UInt8])
        case row(TablePrinter)
        case metadata(ResponseForm.MetaVersion)
    }

    private let head: String
    private let item: Item
    private var hasBegun = false
    private var hasItems = false

    /// - Parameters:
    ///   - now: The instant that ages in tables are counted to.
    ///   - includeObject: What of an object comes with its row in a table.
    init(
        _ form: ResponseForm = .object, kind: ObjectKind, metadata: ListMetadata, now: Timestamp,
        includeObject: TablePrinter.IncludedObject = .metadata
    ) {
        let shown: (kind: String, apiVersion: String, items: String)
        switch form {
        case .object:
            item = .stored(opening: Array("{\"apiVersion\":\"\(kind.apiVersion)\",\"kind\":\"\(kind.rawValue)\",".utf8))
            shown = ("\(kind.rawValue)List", kind.apiVersion, "\"items\"")
        case .table(let version):
            let printer = TablePrinter(kind: kind, version: version, now: now, includeObject: includeObject)
            item = .row(printer)
            let columns = JSONText.text(of: printer.columnDefinitions)
            shown = ("Table", version.apiVersion, "\"columnDefinitions\":\(columns),\"rows\"")
        case .partialMetadata(let version), .partialMetadataList(let version):
            item = .metadata(version)
            shown = ("PartialObjectMetadataList", version.apiVersion, "\"items\"")
        }
        head =
            "{\"kind\":\"\(shown.kind)\",\"apiVersion\":\"\(shown.apiVersion)\",\"metadata\":"
            + JSONText.text(of: metadata.document) + ",\(shown.items):["
    }

    /// The next items, with the beginning of the list before the first ones and its end behind the last ones.
    ///
    /// - Throws: where an object has to be read for its item, and cannot be.
    mutating func piece(_ records: [ObjectRecord], isLast: Bool) throws -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(records.reduce(512) { $0 + $1.text.utf8.count + 1 })
        if !hasBegun { bytes += head.utf8 }
        hasBegun = true
        for record in records {
            if hasItems { bytes.append(UInt8(ascii: ",")) }
            hasItems = true
            switch item {
            case .stored(let opening):
                var text = record.text
                text.withUTF8 { Self.append($0, opening: opening, to: &bytes) }
            case .row(let printer):
                bytes += JSONText.text(of: printer.row(of: try record.document())).utf8
            case .metadata(let version):
                bytes += JSONText.text(of: version.partialMetadata(of: try record.document())).utf8
            }
        }
        if isLast { bytes += "]}".utf8 }
        return bytes
    }

    /// Most kinds have no member that sorts before `kind`, so their texts begin alike.
    private static func append(_ text: UnsafeBufferPointer<UInt8>, opening: [UInt8], to bytes: inout [UInt8]) {
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
