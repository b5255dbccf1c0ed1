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

    private func deletion(of key: ObjectKey, _ options: DeleteOptions) -> ObjectWrite {
        ObjectWrite(key, feeder: Self.feeder, isTrial: options.isTrial) { stored, transaction in
            guard let stored else { throw APIStatus.notFound(key.kind, name: key.id.name) }
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

    /// Removes all objects that a list would show. What has been removed is kept once: as the text of the answer, where
    /// that is what is asked for.
    func deleteCollection(_ request: APIRequest, _ target: ResourceTarget) async throws -> APIResponse {
        let form = try Self.form(of: request)
        let options = try DeleteOptions(await bodies.deleteOptions(in: request), request.query)
        var page = try await collect(
            target.scope, try ListOptions(request.query, kind: target.kind), request.answer)
        var waiting: [ObjectRecord] = []
        swap(&waiting, &page.records)
        var list = ListText(kind: target.kind, version: page.version, continueToken: page.next?.text)
        var text: [UInt8] = []
        if form == .object { text.reserveCapacity(waiting.reduce(4096) { $0 + $1.text.utf8.count }) }
        var removed: [ObjectRecord] = []
        waiting.reverse()
        while !waiting.isEmpty {
            var (piece, size) = ([ObjectWrite](), 0)
            while piece.count < Self.removedAtOnce.count, size < Self.removedAtOnce.bytes,
                let record = waiting.popLast()
            {
                piece.append(deletion(of: record.key, options))
                size += record.text.utf8.count
            }
            for result in await store.write(piece) {
                switch result {
                case .success(let outcome): if let record = outcome.record { removed.append(record) }
                case .failure(let error as APIStatus) where error.code == 404: continue
                case .failure(let error): throw error
                }
            }
            guard form == .object else { continue }
            text += list.piece(removed, isLast: false)
            removed = []
        }
        guard form == .object else {
            return try response(
                form.list(
                    of: removed.map { try $0.document() }, kind: target.kind, now: clock.now(),
                    includeObject: Self.includedObject(request), version: page.version, continueToken: nil,
                    remaining: nil), form: form)
        }
        text += list.piece([], isLast: true)
        return APIResponse(body: .bytes(text))
    }
}
