import ObjectRules
import ObjectSchema
import Registry

/// Answers requests for objects: what a verb means for a kind, and how answers look.
///
/// Values in, values out; the connection is the server's business. Safe to call from any number of tasks.
struct RegistryHandlers: Sendable {
    let store: any ObjectStore
    let hub: WatchHub
    let bodies: BodyReader
    let clock: WallClock

    /// The name that objects written through the API belong to.
    static let feeder = Feeder.api

    /// Answers a request for an object or a collection.
    func respond(to request: APIRequest, target: ResourceTarget) async throws -> APIResponse {
        switch (request.method, target.name, target.subresource) {
        case ("GET", nil, nil), ("HEAD", nil, nil):
            let options = try ListOptions(request.query, kind: target.kind)
            return options.isWatch
                ? try await watch(request, target, options) : try await list(request, target, options)
        case ("GET", _?, _) where Self.isServed(target), ("HEAD", _?, _) where Self.isServed(target):
            return try await get(request, target)
        case ("POST", nil, nil) where target.kind.isNamespaced == (target.namespace != nil):
            return try await create(request, target)
        case ("PUT", _?, _) where Self.isServed(target):
            return try await replace(request, target)
        case ("PATCH", _?, _) where Self.isServed(target):
            return try await patch(request, target)
        case ("DELETE", _?, nil):
            return try await delete(request, target)
        // One Namespace at a time, and never all Namespaces.
        case ("DELETE", nil, nil)
        where target.kind != .namespace && target.kind.isNamespaced == (target.namespace != nil):
            return try await deleteCollection(request, target)
        default:
            guard Self.isServed(target) else { throw APIStatus.unknownPath }
            throw APIStatus.methodNotAllowed
        }
    }

    /// Whether the part of the object that is named exists for its kind.
    private static func isServed(_ target: ResourceTarget) -> Bool {
        switch target.subresource {
        case nil: true
        case "status": target.kind.hasStatus
        case "finalize": target.kind == .namespace
        default: false
        }
    }

    // MARK: Reading

    private func get(_ request: APIRequest, _ target: ResourceTarget) async throws -> APIResponse {
        let form = try Self.form(of: request)
        // A watch through the path of one object is one of the collection with a field selector.
        if request.query.flag("watch") {
            throw APIStatus.badRequest("watch the collection with fieldSelector=metadata.name instead")
        }
        if let version = try ListOptions.objectVersion(request.query) { try await awaitVersion(version) }
        guard let key = target.key, let record = try await store.object(key) else {
            throw APIStatus.notFound(target.kind, name: target.name ?? "")
        }
        return try response(record, form: form, request)
    }

    private func list(
        _ request: APIRequest, _ target: ResourceTarget, _ options: ListOptions
    ) async throws -> APIResponse {
        let makeText = try listText(request, target.kind)
        let one = try await onlyOne(target.scope, options)
        if one == nil, options.isWhole {
            return try await wholeList(target.scope, options, request.answer, makeText)
        }
        let page = if let one { one } else { try await collect(target.scope, options, request.answer) }
        var list = makeText(page.metadata)
        return APIResponse(body: .bytes(try list.piece(page.items, isLast: true)))
    }

    /// How a list of a kind is written in the form that a request asks for.
    func listText(
        _ request: APIRequest, _ kind: ObjectKind
    ) throws -> @Sendable (ListMetadata) -> ListText {
        let (form, now) = (try Self.form(of: request), clock.now())
        let included = form == .object ? .none : try Self.includedObject(request)
        return { ListText(form, kind: kind, metadata: $0, now: now, includeObject: included) }
    }

    /// All objects of a scope; many of them are read while they are sent, so that no client holds more than a page.
    private func wholeList(
        _ scope: ObjectScope, _ options: ListOptions, _ answer: AnswerBudget.Hold,
        _ makeText: @escaping @Sendable (ListMetadata) -> ListText
    ) async throws -> APIResponse {
        var request = Self.piecemeal(scope)
        request.version = try await version(of: options)
        try await Self.makeRoom(for: request, answer)
        var pieces = ListPieces(of: request, selector: options.selector, in: store, makeText)
        guard var first = try await pieces.next() else { throw APIStatus.internalError("the list has no page") }
        // Of much that is read a selector may let little through.
        while !pieces.isAtEnd, first.count < Self.readBytes, let more = try await pieces.next() { first += more }
        // Before anything is said: later there is no other answer.
        if first.count > answer.size {
            guard await answer.take(first.count - answer.size) else { throw APIStatus.answersWait }
        }
        guard !pieces.isAtEnd else { return APIResponse(body: .bytes(first)) }
        let (opening, rest) = (OpeningPiece(first), pieces)
        return APIResponse(
            body: .stream { write in
                var pieces = rest
                if let first = opening.take() { try await write(first) }
                while let piece = try await pieces.next() { try await write(piece) }
            })
    }

    /// Waits until the answer has room for a page of a list.
    static func makeRoom(for page: ListRequest, _ answer: AnswerBudget.Hold) async throws {
        guard await answer.take(page.size ?? readBytes) else { throw APIStatus.answersWait }
    }

    /// How many objects are read at once where a client asks for any number.
    private static let readSize = 500
    /// And of how many bytes, unless a single one has more.
    private static let readBytes = 1 << 19
    /// The same for an answer that is made as a whole: fewer reads, as most clients ask for 500 objects at a time.
    private static let collectedBytes = 1 << 20
    /// By how many bytes a page ends before it has as many objects as its client would take, as it may (Kubernetes API
    /// concepts, "Retrieving large results sets in chunks").
    static let pageBytes = 4 << 20

    /// A first read of all objects of a scope, piece by piece.
    static func piecemeal(_ scope: ObjectScope) -> ListRequest {
        var request = ListRequest(scope, limit: readSize)
        request.countsRemaining = false
        request.size = readBytes
        return request
    }

    /// The version that a list without a token is to be of; nil for the newest.
    private func version(of options: ListOptions) async throws -> ResourceVersion? {
        switch options.version {
        case .newest, .any:
            return nil
        case .notOlderThan(let version):
            try await awaitVersion(version)
            return nil
        case .exactly(let version):
            try await awaitVersion(version)
            return version
        }
    }

    /// A page of a list, and where the next one begins.
    struct Page {
        var items: [ObjectRecord]
        var version: ResourceVersion
        var next: ContinueToken?
        /// nil where nobody counted.
        var remaining: Int?

        var metadata: ListMetadata {
            ListMetadata(version: version, continueToken: next?.text, remaining: remaining)
        }
    }

    /// A page, of as many objects as are asked for or of `pageBytes`.
    func collect(
        _ scope: ObjectScope, _ options: ListOptions, _ answer: AnswerBudget.Hold
    ) async throws -> Page {
        var request = ListRequest(scope)
        if let continuation = options.continuation {
            request.version = continuation.version.rawValue == 0 ? nil : continuation.version
            request.after = continuation.after
        } else {
            request.version = try await version(of: options)
        }
        // What a selector lets through cannot be known: it is looked for in steps of some size.
        request.countsRemaining = options.selector.isEverything && options.limit != nil
        request.size = Self.collectedBytes
        var page: Page?
        var size = 0
        repeat {
            let found = page?.items.count ?? 0
            request.limit =
                options.selector.isEverything
                ? options.limit.map { $0 - found } : max(Self.readSize, options.limit ?? Self.readSize)
            try await Self.makeRoom(for: request, answer)
            let list: ObjectList
            do {
                list = try await store.objects(request)
            } catch let error as ObjectStoreError {
                guard case .versionTooOld = error, options.continuation != nil else { throw error }
                // The rest can still be had, as it is now.
                let token = request.after.map { ContinueToken(version: ResourceVersion(rawValue: 0), after: $0).text }
                throw APIStatus.continueExpired(token: token ?? "")
            }
            let last = list.records.last
            let matching = try options.selector.selected(of: list.records)
            // What was read is longer or shorter than that, and not all of it may be wanted.
            guard answer.exchange(Self.collectedBytes, for: matching.reduce(0) { $0 + $1.text.utf8.count }) else {
                throw APIStatus.answersWait
            }
            var part = page ?? Page(items: [], version: list.version)
            page = nil
            part.items += matching
            size += matching.reduce(0) { $0 + $1.text.utf8.count }
            let count = part.items.count
            page = part
            if let limit = options.limit, count > limit, let kept = page?.items[limit - 1].key.id {
                // What is behind the limit waits for the next request.
                page?.items.removeLast(count - limit)
                page?.next = ContinueToken(version: list.version, after: kept)
                break
            }
            guard list.remaining > 0, let last else { break }
            request.version = list.version
            request.after = last.key.id
            // A page is full only when the selector has let enough through.
            if count == options.limit || size >= Self.pageBytes {
                page?.next = ContinueToken(version: list.version, after: last.key.id)
                // Where the read ended by its size, what is behind it was not counted.
                let isCounted = request.countsRemaining && list.records.count == request.limit
                page?.remaining = isCounted ? list.remaining : nil
                break
            }
        } while true
        guard let page else { throw APIStatus.internalError("the list has no page") }
        return page
    }

    /// A list that a field selector narrows to one name: one read instead of all.
    ///
    /// - Returns: nil where it may be more, or is of a former version.
    func onlyOne(_ scope: ObjectScope, _ options: ListOptions) async throws -> Page? {
        guard let name = options.selector.exactName, options.continuation == nil,
            let namespace = scope.kind.isNamespaced ? scope.namespace ?? options.selector.exactNamespace : "",
            try await self.version(of: options) == nil
        else { return nil }
        let version = await store.newestVersion
        let record = try await store.object(ObjectKey(scope.kind, NamespacedName(namespace: namespace, name: name)))
        let matching = try record.flatMap { record in
            options.selector.matches(SelectableFields(of: try record.document(), kind: scope.kind)) ? record : nil
        }
        return Page(
            items: matching.map { [$0] } ?? [], version: max(version, matching?.version ?? version))
    }

    /// Waits, for three seconds at most, until the registry has come to a version.
    func awaitVersion(_ version: ResourceVersion) async throws {
        let newest = await store.newestVersion
        guard newest < version else { return }
        let end = clock.now().advanced(byMilliseconds: 3000)
        let (store, clock) = (store, clock)
        let isReached = await withTaskGroup(of: Bool.self) { tasks in
            tasks.addTask {
                do {
                    for try await batch in try await store.changes(after: newest)
                    where batch.contains(where: { $0.version >= version }) { return true }
                } catch {
                    return false
                }
                return false
            }
            tasks.addTask {
                try? await clock.sleep(end)
                return false
            }
            let first = await tasks.next() ?? false
            tasks.cancelAll()
            return first
        }
        guard isReached else { throw APIStatus.versionTooLarge(version, newest: newest) }
    }

    // MARK: Forms

    static func form(of request: APIRequest) throws -> ResponseForm {
        guard let form = ResponseForm(accept: request.accept) else {
            throw APIStatus.notAcceptable(accepted: ResponseForm.mediaTypes)
        }
        return form
    }

    static func includedObject(_ request: APIRequest) throws -> TablePrinter.IncludedObject {
        switch request.query["includeObject"] ?? "" {
        case "", "Metadata": .metadata
        case "None": .none
        case "Object": .object
        case let other:
            throw APIStatus.badRequest(
                #"includeObject: Unsupported value: "\#(other)": supported values: "Metadata", "None", "Object""#)
        }
    }

    /// One object in the form that was asked for.
    func response(
        _ record: ObjectRecord, code: Int = 200, form: ResponseForm, _ request: APIRequest, warnings: [String] = []
    ) throws -> APIResponse {
        var response: APIResponse
        if form == .object {
            response = APIResponse(code: code, body: .bytes(Array(record.text.utf8)))
        } else {
            response = try self.response(
                form.document(
                    of: try record.document(), kind: record.key.kind, now: clock.now(),
                    includeObject: Self.includedObject(request)), form: form)
            response.code = code
        }
        response.warnings = warnings
        return response
    }

    func response(_ document: JSONValue, form: ResponseForm) throws -> APIResponse { APIResponse(document) }
}
