import ObjectRules
import Registry

extension RegistryHandlers {
    /// Removes one object, or marks it as being removed where finalizers hold it.
    func delete(_ request: APIRequest, _ target: ResourceTarget) async throws -> APIResponse {
        let form = try Self.form(of: request)
        let options = try DeleteOptions(await bodies.deleteOptions(in: request), request.query)
        guard let key = target.key else { throw APIStatus.methodNotAllowed }
        let outcome = try await store.write(deletion(of: key, options))
        guard let record = outcome.record else { throw APIStatus.notFound(key.kind, name: key.id.name) }
        // Upstream shows the object where it may still be looked at, and says that it is gone for the others.
        let isShown = outcome.kind != .deleted || key.kind == .pod || key.kind == .service
        if isShown { return try response(record, form: form, request) }
        return APIResponse(APIStatus(deleted: key.id.name, uid: record.uid, kind: key.kind))
    }

    /// - Parameter shown: the uid of the object that is meant; nil for whichever there is.
    private func deletion(of key: ObjectKey, _ options: DeleteOptions, shownAs shown: String? = nil) -> ObjectWrite {
        ObjectWrite(key, feeder: Self.feeder, isTrial: options.isTrial) { stored, transaction in
            guard let stored, stored.uid == shown ?? stored.uid else {
                throw APIStatus.notFound(key.kind, name: key.id.name)
            }
            if let uid = options.uid, uid != stored.uid {
                throw APIStatus.deletionUIDConflict(key.kind, name: key.id.name, wanted: uid, stored: stored.uid)
            }
            if let version = options.version, version != "\(stored.version.rawValue)" {
                throw APIStatus.deletionVersionConflict(
                    key.kind, name: key.id.name, wanted: version, stored: "\(stored.version.rawValue)")
            }
            let document = try ObjectDeletion(
                of: stored.document(), key: key, graceSeconds: options.gracePeriodSeconds,
                finalizer: options.propagation.flatMap(\.finalizer), now: transaction.now
            ).marked()
            return document.map { .put($0) } ?? .delete
        }
    }

    /// How many objects of a collection are removed at once, and of how many bytes unless a single one has more.
    private static let removedAtOnce = (count: 256, bytes: 4 << 20)

    /// An object that a list has shown.
    private struct Doomed {
        let key: ObjectKey
        let uid: String
        /// The bytes of its text.
        let size: Int

        /// What one costs to be kept, in bytes; about.
        static let cost = 256
    }

    /// Removes all objects that a list would show, and answers with them; where they have more bytes than a page, with
    /// no more than that it is done.
    func deleteCollection(_ request: APIRequest, _ target: ResourceTarget) async throws -> APIResponse {
        let makeText = try listText(request, target.kind)
        let options = try DeleteOptions(await bodies.deleteOptions(in: request), request.query)
        let (found, metadata) = try await doomed(
            target.scope, try ListOptions(request.query, kind: target.kind), request.answer)
        var (list, text, isLong) = (makeText(metadata), [UInt8](), false)
        guard await request.answer.take(min(found.reduce(0) { $0 + $1.size }, Self.pageBytes)) else {
            throw APIStatus.answersWait
        }
        var waiting = found[...]
        while !waiting.isEmpty {
            var (piece, size) = ([ObjectWrite](), 0)
            while piece.count < Self.removedAtOnce.count, size < Self.removedAtOnce.bytes,
                let next = waiting.popFirst()
            {
                piece.append(deletion(of: next.key, options, shownAs: next.uid))
                size += next.size
            }
            var removed: [ObjectRecord] = []
            for result in await store.write(piece) {
                switch result {
                case .success(let outcome): if let record = outcome.record { removed.append(record) }
                case .failure(let error as APIStatus) where error.code == 404: continue
                case .failure(let error): throw error
                }
            }
            guard text.count + removed.reduce(0, { $0 + $1.text.utf8.count }) <= Self.pageBytes else {
                isLong = true
                continue
            }
            guard !isLong else { continue }
            text += try list.piece(removed, isLast: waiting.isEmpty)
        }
        if found.isEmpty { text = try list.piece([], isLast: true) }
        guard !isLong else { return APIResponse(.done) }
        return APIResponse(body: .bytes(text))
    }

    /// The keys of all objects that a list would show, and what it would say of itself; read page by page.
    private func doomed(
        _ scope: ObjectScope, _ options: ListOptions, _ answer: AnswerBudget.Hold
    ) async throws -> (found: [Doomed], metadata: ListMetadata) {
        var (rest, found, metadata) = (options, [Doomed](), ListMetadata?.none)
        while true {
            let held = answer.size
            let page =
                if let one = try await onlyOne(scope, rest) { one } else { try await collect(scope, rest, answer) }
            answer.give(answer.size - held)
            found += page.items.map { Doomed(key: $0.key, uid: $0.uid, size: $0.text.utf8.count) }
            guard await answer.take(page.items.count * Doomed.cost) else { throw APIStatus.answersWait }
            var first = metadata ?? page.metadata
            rest.continuation = page.next
            rest.limit = options.limit.map { $0 - found.count }
            first.continueToken = page.next?.text
            metadata = first
            guard page.next != nil, rest.limit != 0 else { return (found, first) }
        }
    }
}
