import Registry

/// Reads a list (`ServiceList`, …) from bytes that come in pieces.
///
/// Objects are handed over as soon as they are complete; of the bytes no more is held than the object under way and the
/// piece that came last. What could not be read for want of bytes is tried again when there are twice as many, so that
/// each byte is looked at a bounded number of times.
struct ListDecoder {
    /// The longest object, in bytes.
    static let itemLimit = 16 << 20

    enum Failure: Error, Hashable, Sendable {
        /// No JSON, or no list.
        case malformed
        /// The answer ended within the list.
        case cut
        case itemTooLong
    }

    private enum Place {
        case start, members, items, end
    }

    private let kind: DiscoveryKind
    private let selection: DiscoverySelection
    private var rest: [UInt8] = []
    /// How many bytes there must be before reading is tried again.
    private var needed = 1
    private var place = Place.start
    private var isFirst = true
    private var isFirstItem = true
    private(set) var metadata = ListMetadata()
    /// How many objects were in the list, whatever became of them.
    private(set) var count = 0

    init(kind: DiscoveryKind, selection: DiscoverySelection) {
        self.kind = kind
        self.selection = selection
    }

    /// Takes a piece and hands over the objects that it completes.
    mutating func feed(
        _ piece: UnsafeBufferPointer<UInt8>, _ body: (DecodedObject) -> Void
    ) throws(Failure) {
        rest += piece
        guard rest.count >= needed else {
            guard rest.count <= Self.itemLimit else { throw .itemTooLong }
            return
        }
        try read(body)
    }

    /// Says that all has come.
    mutating func finish(_ body: (DecodedObject) -> Void) throws(Failure) {
        if place != .end { try read(body) }
        guard place == .end else { throw .cut }
    }

    private mutating func read(_ body: (DecodedObject) -> Void) throws(Failure) {
        // Taken out while it is read, as reading changes the other members.
        var bytes: [UInt8] = []
        swap(&bytes, &rest)
        var done = 0
        var isMalformed = false
        bytes.withUnsafeBufferPointer { buffer in
            var reader = ObjectReader(buffer, kind: kind, selection: selection)
            do throws(JSONPull.Stop) {
                while place != .end {
                    try step(&reader, body)
                    done = reader.json.offset
                }
                done = buffer.count
            } catch .incomplete {
                // The rest is read with what comes.
            } catch {
                isMalformed = true
            }
        }
        guard !isMalformed else { throw .malformed }
        bytes.removeFirst(done)
        needed = bytes.count * 2
        guard bytes.count <= Self.itemLimit else { throw .itemTooLong }
        rest = bytes
    }

    /// Reads one member or one object; leaves all as it was where the bytes end before.
    private mutating func step(
        _ reader: inout ObjectReader, _ body: (DecodedObject) -> Void
    ) throws(JSONPull.Stop) {
        switch place {
        case .start:
            try reader.json.beginObject()
            place = .members
        case .members:
            var first = isFirst
            guard let name = try reader.json.nextMember(&first) else {
                place = .end
                return
            }
            if reader.json.matches(name, "items"), try reader.json.shape() == .array {
                try reader.json.beginArray()
                place = .items
                isFirstItem = true
            } else if reader.json.matches(name, "metadata") {
                metadata = try reader.listMetadata()
            } else {
                try reader.json.skip()
            }
            isFirst = first
        case .items:
            var first = isFirstItem
            guard try reader.json.nextElement(&first) else {
                place = .members
                return
            }
            let object = try reader.object()
            isFirstItem = first
            count &+= 1
            body(object)
        case .end:
            break
        }
    }
}
