import ObjectRules
import Registry
import Synchronization

/// The text of a list, read and written piece by piece: what has been written is not kept while its client reads it.
struct ListPieces: Sendable {
    private let store: any ObjectStore
    private let selector: ObjectSelector
    private let makeText: @Sendable (ListMetadata) -> ListText
    private var request: ListRequest
    /// nil before the first page, of whose version the list is.
    private var list: ListText?
    private(set) var isAtEnd = false

    /// - Parameters:
    ///   - request: of the first page.
    ///   - makeText: The text of a list in the form that is asked for.
    init(
        of request: ListRequest, selector: ObjectSelector, in store: any ObjectStore,
        _ makeText: @escaping @Sendable (ListMetadata) -> ListText
    ) {
        self.store = store
        self.selector = selector
        self.makeText = makeText
        self.request = request
    }

    /// The next piece; nil behind the last one.
    mutating func next() async throws -> [UInt8]? {
        guard !isAtEnd else { return nil }
        let page = try await store.objects(request)
        var list = list ?? makeText(ListMetadata(version: page.version))
        isAtEnd = page.remaining == 0 || page.records.isEmpty
        let piece = try list.piece(selector.selected(of: page.records), isLast: isAtEnd)
        self.list = list
        request.version = page.version
        request.after = page.records.last?.key.id
        return piece
    }
}

/// The piece that a list was begun with, before anything was written: not kept for as long as the rest takes.
final class OpeningPiece: Sendable {
    private let bytes: Mutex<[UInt8]?>

    init(_ bytes: [UInt8]) {
        self.bytes = Mutex(bytes)
    }

    /// nil where it has been taken.
    func take() -> [UInt8]? { bytes.withLock { $0.take() } }
}
