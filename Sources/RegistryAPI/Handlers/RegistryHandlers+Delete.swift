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

    /// Removes all objects that a list would show.
    func deleteCollection(_ request: APIRequest, _ target: ResourceTarget) async throws -> APIResponse {
        let form = try Self.form(of: request)
        let options = try DeleteOptions(await bodies.deleteOptions(in: request), request.query)
        let page = try await collect(
            target.scope, try ListOptions(request.query, kind: target.kind), request.answer)
        var removed: [ObjectRecord] = []
        for start in stride(from: 0, to: page.records.count, by: 256) {
            let piece = page.records[start..<min(start + 256, page.records.count)]
            for result in await store.write(piece.map { deletion(of: $0.key, options) }) {
                switch result {
                case .success(let outcome): if let record = outcome.record { removed.append(record) }
                case .failure(let error as APIStatus) where error.code == 404: continue
                case .failure(let error): throw error
                }
            }
        }
        guard form == .object else {
            return try response(
                form.list(
                    of: removed.map { try $0.document() }, kind: target.kind, now: clock.now(),
                    includeObject: Self.includedObject(request), version: page.version, continueToken: nil,
                    remaining: nil), form: form)
        }
        return APIResponse(
            body: .bytes(
                ListDocument.text(
                    kind: target.kind, records: removed, version: page.version, continueToken: page.next?.text,
                    remaining: nil)))
    }
}
