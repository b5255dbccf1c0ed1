import Glibc
import Registry

/// What an ERROR event of a watch says (metav1 Status).
struct WatchFailure: Hashable, Sendable {
    var code: Int
    var message: String
    var retryAfter: Duration?
}

/// One line of a watch.
enum WatchLine: Hashable, Sendable {
    case added(DecodedObject)
    case modified(DecodedObject)
    case deleted(DecodedObject)
    case bookmark(ObjectVersion, endsInitialEvents: Bool)
    case failure(WatchFailure)
    /// An event of a type that nobody knew when this was written.
    case unknown

    private enum Kind {
        case added, modified, deleted, bookmark, error, unknown
    }

    /// Reads `{"type":…,"object":…}`, in either order.
    ///
    /// - Throws: `.incomplete` for half a line, `.malformed` for one that is no event.
    init(
        _ bytes: UnsafeBufferPointer<UInt8>, kind: DiscoveryKind, selection: DiscoverySelection
    ) throws(JSONPull.Stop) {
        var reader = ObjectReader(bytes, kind: kind, selection: selection)
        var type: Kind?
        var line: WatchLine?
        /// Where an object stands that came before its type.
        var place: Int?
        var isFirst = true
        try reader.json.beginObject()
        while let name = try reader.json.nextMember(&isFirst) {
            if reader.json.matches(name, "type") {
                type = try Self.kind(&reader)
            } else if reader.json.matches(name, "object") {
                if let type {
                    line = try Self.line(type, &reader)
                } else {
                    place = reader.json.offset
                    try reader.json.skip()
                }
            } else {
                try reader.json.skip()
            }
        }
        if line == nil, let type, let place {
            var again = ObjectReader(bytes, from: place, kind: kind, selection: selection)
            line = try Self.line(type, &again)
        }
        guard let line else { throw .malformed(offset: 0) }
        self = line
    }

    private static func kind(_ reader: inout ObjectReader) throws(JSONPull.Stop) -> Kind {
        guard try reader.json.shape() == .string else { throw .malformed(offset: reader.json.offset) }
        let text = try reader.json.rawText()
        if reader.json.matches(text, "MODIFIED") { return .modified }
        if reader.json.matches(text, "ADDED") { return .added }
        if reader.json.matches(text, "DELETED") { return .deleted }
        if reader.json.matches(text, "BOOKMARK") { return .bookmark }
        if reader.json.matches(text, "ERROR") { return .error }
        return .unknown
    }

    private static func line(_ kind: Kind, _ reader: inout ObjectReader) throws(JSONPull.Stop) -> WatchLine {
        switch kind {
        case .added: return .added(try reader.object())
        case .modified: return .modified(try reader.object())
        case .deleted: return .deleted(try reader.object())
        case .bookmark:
            let bookmark = try reader.bookmark()
            return .bookmark(bookmark.version, endsInitialEvents: bookmark.endsInitialEvents)
        case .error: return .failure(try reader.status())
        case .unknown:
            try reader.json.skip()
            return .unknown
        }
    }
}

/// Cuts bytes that come in pieces into lines; holds no more than the line that is not complete.
struct LineCutter {
    /// The longest line that is put together, in bytes.
    static let limit = 16 << 20

    private var rest: [UInt8] = []

    /// Whether the line under way is longer than it may be.
    var isOverLimit: Bool { rest.count > Self.limit }

    /// Whether a line has begun and not ended.
    var isWithinLine: Bool { !rest.isEmpty }

    /// Hands over the lines that a piece completes, without their newlines; empty ones too.
    mutating func feed<Failure: Error>(
        _ piece: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        var start = 0
        while let end = Self.newline(in: piece, from: start) {
            let line = UnsafeBufferPointer(rebasing: piece[start..<end])
            start = end + 1
            if rest.isEmpty {
                try body(line)
                continue
            }
            var whole: [UInt8] = []
            swap(&whole, &rest)
            whole += line
            let result: Result<Void, Failure> = whole.withUnsafeBufferPointer { bytes in
                Result { () throws(Failure) in try body(bytes) }
            }
            try result.get()
        }
        rest += UnsafeBufferPointer(rebasing: piece[start...])
    }

    private static func newline(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        guard start < bytes.count, let base = bytes.baseAddress,
            let found = memchr(base + start, Int32(UInt8(ascii: "\n")), bytes.count - start)
        else { return nil }
        return UnsafeRawPointer(found) - UnsafeRawPointer(base)
    }
}
