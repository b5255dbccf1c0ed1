import ObjectRules
import Registry

extension RegistryHandlers {
    /// Where a watch begins.
    private enum Start {
        /// With the objects there are, as added; then a marker where the client knows it.
        case objects(marksEnd: Bool)
        case after(ResourceVersion)
    }

    /// Follows a collection (Kubernetes API concepts, "Efficient detection of changes").
    func watch(
        _ request: APIRequest, _ target: ResourceTarget, _ options: ListOptions
    ) async throws -> APIResponse {
        let events = WatchEvents(
            kind: target.kind, selector: options.selector, form: try Self.form(of: request).single,
            includeObject: try Self.includedObject(request), clock: clock)
        if case .notOlderThan(let version) = options.version { try await awaitVersion(version) }
        let start = await self.start(of: options)
        if await mustRead(start) { try await Self.makeRoom(for: Self.piecemeal(target.scope), request.answer) }
        let seconds = options.timeoutSeconds ?? Int.random(in: 1800...3600)
        let connection = request.connection
        guard
            let registration = await hub.enter(
                target.scope, user: request.answer.user, wantsBookmarks: options.wantsBookmarks,
                lasting: .seconds(min(seconds, 86_400)),
                cutOff: { connection.abort() })
        else {
            throw APIStatus.tooManyRequests(
                "there are as many watches as there may be; try again later", retryAfterSeconds: 5)
        }
        let hold = WatchHold(hub: hub, id: registration.id, scope: target.scope)
        connection.onClose { hold.release() }
        let (handlers, answer) = (self, request.answer)
        return APIResponse(
            body: .stream { write in
                defer { hold.release() }
                try await handlers.run(
                    events, from: start, scope: target.scope, registration: registration, answer: answer,
                    write: write)
            })
    }

    private func start(of options: ListOptions) async -> Start {
        switch (options.sendsInitialEvents, options.version) {
        case (true?, _): .objects(marksEnd: true)
        case (_, .notOlderThan(let version)), (_, .exactly(let version)): .after(version)
        case (false?, _): .after(await store.newestVersion)
        case (nil, _): .objects(marksEnd: options.wantsBookmarks)
        }
    }

    /// Whether a watch begins with what is read, piece by piece: objects, or changes that are no news.
    private func mustRead(_ start: Start) async -> Bool {
        switch start {
        case .objects: true
        case .after(let version): version < (await store.newestVersion)
        }
    }

    /// Writes the lines of a watch until it ends; throws where the client has gone.
    private func run(
        _ events: WatchEvents, from start: Start, scope: ObjectScope, registration: WatchHub.Registration,
        answer: AnswerBudget.Hold, write: ([UInt8]) async throws -> Void
    ) async throws {
        var position: ResourceVersion
        do {
            switch start {
            case .after(let version):
                position = version
            case .objects(let marksEnd):
                position = try await writeObjects(events, scope: scope, write: write)
                if marksEnd { try await write(events.bookmark(at: position, endsInitialEvents: true)) }
            }
            if position < registration.version {
                try await writeMissed(
                    events, after: position, upTo: registration.version, scope: scope, write: write)
                position = registration.version
            }
            // From here on it is one of so many watches, each with a line under way.
            answer.giveAll()
        } catch let error as ObjectStoreError {
            return try await write(WatchEvents.error(APIStatus(error)))
        }
        for await signal in registration.signals {
            switch signal {
            case .change(let change):
                registration.weight.take(change.size)
                guard change.version > position, let line = try events.line(for: change) else { continue }
                try await write(line)
            case .bookmark(let version):
                try await write(events.bookmark(at: max(version, position)))
            case .end:
                return
            case .gone:
                return try await write(WatchEvents.error(.watchExpired))
            }
        }
    }

    /// Writes all objects of a scope as added and returns the version they are the state of.
    private func writeObjects(
        _ events: WatchEvents, scope: ObjectScope, write: ([UInt8]) async throws -> Void
    ) async throws -> ResourceVersion {
        var request = Self.piecemeal(scope)
        while true {
            let (piece, version, last) = try await addedLines(events, request)
            if !piece.isEmpty { try await write(piece) }
            guard let last else { return version }
            request.version = version
            request.after = last
        }
    }

    /// The lines of one page, and after which object the next one begins; nil where there is none.
    private func addedLines(
        _ events: WatchEvents, _ request: ListRequest
    ) async throws -> (lines: [UInt8], version: ResourceVersion, last: NamespacedName?) {
        let page = try await store.objects(request)
        var lines: [UInt8] = []
        for record in page.records {
            guard
                try events.selector.isEverything
                    || events.selector.matches(SelectableFields(of: record.document(), kind: request.scope.kind))
            else { continue }
            lines += try events.line(forInitial: record)
        }
        return (lines, page.version, page.remaining > 0 ? page.records.last?.key.id : nil)
    }

    /// Writes what happened between the version a client knows and the one from which the hub tells it.
    private func writeMissed(
        _ events: WatchEvents, after start: ResourceVersion, upTo end: ResourceVersion, scope: ObjectScope,
        write: ([UInt8]) async throws -> Void
    ) async throws {
        for try await batch in try await store.changes(after: start) {
            for change in batch where change.key.kind == scope.kind && change.version <= end {
                guard scope.namespace == nil || scope.namespace == change.key.id.namespace else { continue }
                if let line = try events.line(for: change) { try await write(line) }
            }
            if let last = batch.last, last.version >= end { return }
        }
    }
}

/// A watch's place in the hub, given up when the watch ends, its client has gone, or it never began.
private final class WatchHold: Sendable {
    private let hub: WatchHub
    private let id: Int
    private let scope: ObjectScope

    init(hub: WatchHub, id: Int, scope: ObjectScope) {
        self.hub = hub
        self.id = id
        self.scope = scope
    }

    func release() { hub.leave(id, scope: scope) }

    deinit { release() }
}
