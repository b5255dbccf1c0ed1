import ObjectPatches
import ObjectRules
import Registry

extension RegistryHandlers {
    /// What of an object a write is about.
    enum Part: Hashable, Sendable {
        case main
        case status
        /// The finalizers in a Namespace's `spec`.
        case finalize

        init(_ target: ResourceTarget) {
            switch target.subresource {
            case "status": self = .status
            case "finalize": self = .finalize
            default: self = .main
            }
        }

        /// As `managedFields` name it.
        var subresource: String? {
            switch self {
            case .main: nil
            case .status: "status"
            case .finalize: "finalize"
            }
        }
    }

    /// Stores a document in place of the one there is (PUT).
    func replace(_ request: APIRequest, _ target: ResourceTarget) async throws -> APIResponse {
        let form = try Self.form(of: request)
        let options = try WriteOptions(request)
        let reading = try await bodies.object(in: request, kind: target.kind, mode: options.validation)
        let document = try settled(reading.document, target: target)
        guard let key = target.key else { throw APIStatus.methodNotAllowed }
        try Self.checkName(of: document, is: key.id.name)
        let part = Part(target)
        let handlers = self
        let notes = WriteNotes()
        let outcome = try await store.write(
            ObjectWrite(key, feeder: Self.feeder, isTrial: options.isTrial) { stored, transaction in
                // Asked first: who means a certain object wants no other one made.
                try Self.checkUID(of: document, key: key, stored: stored)
                guard let stored else {
                    guard key.kind.allowsCreateOnUpdate, part == .main else {
                        throw APIStatus.notFound(key.kind, name: key.id.name)
                    }
                    return .put(try handlers.made(document, key: key, options, in: transaction))
                }
                try Self.checkVersion(of: document, stored: stored)
                return try handlers.updated(
                    document, stored: stored, part: part, notes: notes, now: transaction.now
                ) { live, new in
                    handlers.bodies.ownership(of: key.kind).updated(
                        live: live, new: new, manager: options.manager, subresource: part.subresource,
                        now: transaction.now)
                }
            })
        notes.set(warnings: reading.warnings)
        return try response(outcome, form: form, request, notes)
    }

    /// Changes an object as a patch says (PATCH); a server-side apply makes it where there is none.
    func patch(_ request: APIRequest, _ target: ResourceTarget) async throws -> APIResponse {
        let form = try Self.form(of: request)
        let options = try WriteOptions(request)
        var strictErrors: [String] = []
        let patch = try await ObjectPatch(request, bodies, strictErrors: &strictErrors)
        if case .apply(let configuration) = patch { try BodyReader.checkApplied(configuration, is: target.kind) }
        guard let key = target.key else { throw APIStatus.methodNotAllowed }
        let part = Part(target)
        let handlers = self
        let notes = WriteNotes()
        let found = strictErrors
        let outcome = try await store.write(
            ObjectWrite(key, feeder: Self.feeder, isTrial: options.isTrial) { stored, transaction in
                guard let stored else {
                    guard case .apply(let configuration) = patch, part == .main else {
                        throw APIStatus.notFound(key.kind, name: key.id.name)
                    }
                    return .put(
                        try handlers.applied(
                            configuration, key: key, options, notes, in: transaction))
                }
                return try handlers.patched(
                    patch, strictErrors: found, stored: stored, part: part, options, notes, now: transaction.now)
            })
        return try response(outcome, form: form, request, notes)
    }

    /// What a patch makes of a stored object.
    private func patched(
        _ patch: ObjectPatch, strictErrors: [String], stored: ObjectRecord, part: Part, _ options: WriteOptions,
        _ notes: WriteNotes, now: Timestamp
    ) throws -> ObjectWrite.Decision {
        let kind = stored.key.kind
        let live = try stored.document()
        let ownership = bodies.ownership(of: kind)
        if case .apply(let configuration) = patch {
            let reading = try bodies.patched(configuration, kind: kind, mode: options.validation)
            notes.set(warnings: reading.warnings)
            let merged = try Self.addressed(
                ownership.applied(
                    reading.document, live: live, options, subresource: part.subresource, now: now), to: stored.key)
            try Self.checkVersion(of: configuration, stored: stored)
            return try updated(merged, stored: stored, part: part, notes: notes, now: now) { _, new in
                // Ownership of what was applied is settled; what the server sets is nobody's.
                new
            }
        }
        let result = try patch.result(on: live, type: bodies.schema.type(of: kind), schema: bodies.schema)
        let reading = try bodies.patched(
            result, kind: kind, mode: options.validation, strictErrors: strictErrors)
        notes.set(warnings: reading.warnings)
        let document = try Self.addressed(reading.document, to: stored.key)
        try Self.checkVersion(of: document, stored: stored)
        return try updated(document, stored: stored, part: part, notes: notes, now: now) { live, new in
            ownership.updated(
                live: live, new: new, manager: options.manager, subresource: part.subresource, now: now)
        }
    }

    /// The object that a server-side apply makes.
    private func applied(
        _ configuration: JSONValue, key: ObjectKey, _ options: WriteOptions, _ notes: WriteNotes,
        in transaction: any ObjectTransaction
    ) throws -> JSONValue {
        try Self.checkNamespace(of: key, in: transaction)
        let reading = try bodies.patched(configuration, kind: key.kind, mode: options.validation)
        notes.set(warnings: reading.warnings)
        let configured = try Self.addressed(reading.document, to: key)
        let version = configured["metadata"]?["resourceVersion"]?.string ?? ""
        guard version.isEmpty else { throw APIStatus.conflict(key.kind, name: key.id.name) }
        let uid = configured["metadata"]?["uid"]?.string ?? ""
        guard uid.isEmpty else { throw APIStatus.uidConflict(key.kind, name: key.id.name, ofMissing: uid) }
        let document = try bodies.ownership(of: key.kind).applied(
            configured, live: nil, options, subresource: nil, now: transaction.now)
        return try prepared(document, key: key, now: transaction.now)
    }

    /// Completes a new state of a stored object, checks it, and decides what becomes of the object.
    private func updated(
        _ new: JSONValue, stored: ObjectRecord, part: Part, notes: WriteNotes, now: Timestamp,
        owning: (_ live: JSONValue, _ new: JSONValue) -> JSONValue
    ) throws -> ObjectWrite.Decision {
        let kind = stored.key.kind
        let live = try stored.document()
        var document = new
        switch part {
        case .main:
            // Defaults first: what is as it was with its defaults is no change.
            document = ObjectDefaults.apply(to: document, kind: kind)
            document = ObjectLifecycle.prepareForUpdate(document, stored: live, kind: kind)
        case .status:
            document = ObjectDefaults.apply(to: document, kind: kind)
            document = ObjectLifecycle.prepareForStatusUpdate(document, stored: live, kind: kind)
        case .finalize:
            var kept = live
            kept["spec"]?["finalizers"] = document["spec"]?["finalizers"]
            document = kept
        }
        document["metadata"]?["resourceVersion"] = live["metadata"]?["resourceVersion"]
        let violations =
            part == .status
            ? ObjectValidation.validateStatusUpdate(document, stored: live, kind: kind)
            : ObjectValidation.validateUpdate(document, stored: live, kind: kind)
        guard violations.isEmpty else {
            throw APIStatus.invalid(kind, name: stored.key.id.name, violations)
        }
        if FieldOwnership.isEqual(document, live) { return .keep }
        document = owning(live, document)
        if FieldOwnership.isEqual(document, live) { return .keep }
        guard ObjectEnd.isReached(by: document, kind: kind) else { return .put(document) }
        notes.lastState = document
        return .delete
    }

    // MARK: Checks

    private static func checkName(of document: JSONValue, is name: String) throws {
        let given = document["metadata"]?["name"]?.string ?? ""
        guard given == name else {
            throw APIStatus.badRequest(
                given.isEmpty
                    ? "the name of the object must be given"
                    : "the name of the object (\(given)) does not match the name on the URL (\(name))")
        }
    }

    /// What a patch makes of an object must still be at the place that the path names.
    private static func addressed(_ document: JSONValue, to key: ObjectKey) throws -> JSONValue {
        let document = try placed(document, in: key.id.namespace)
        try checkName(of: document, is: key.id.name)
        return document
    }

    /// A uid in the document of a PUT must be the stored object's.
    ///
    /// Of a patch it is no condition: there a uid is a change like others, of what cannot be changed.
    private static func checkUID(of document: JSONValue, key: ObjectKey, stored: ObjectRecord?) throws {
        let uid = document["metadata"]?["uid"]?.string ?? ""
        guard uid.isEmpty || uid == stored?.uid else {
            throw ObjectStoreError.uidMismatch(key, expected: uid, stored: stored?.uid ?? "")
        }
    }

    /// A version in a document must be the stored object's.
    private static func checkVersion(of document: JSONValue, stored: ObjectRecord) throws {
        let version = document["metadata"]?["resourceVersion"]?.string ?? ""
        if !version.isEmpty, version != "0", version != "\(stored.version.rawValue)" {
            guard let number = Int64(version) else {
                throw APIStatus.invalid(
                    stored.key.kind, name: stored.key.id.name,
                    [
                        FieldViolation(
                            "metadata.resourceVersion", .invalid, value: version, "must be specified for an update")
                    ])
            }
            throw ObjectStoreError.conflict(
                stored.key, expected: ResourceVersion(rawValue: number), stored: stored.version)
        }
    }

    /// The object that an update has stored, or left as it last was.
    private func response(
        _ outcome: WriteOutcome, form: ResponseForm, _ request: APIRequest, _ notes: WriteNotes
    ) throws -> APIResponse {
        var outcome = outcome
        if outcome.kind == .deleted, let stored = outcome.record, let lastState = notes.lastState {
            outcome = WriteOutcome(
                kind: .deleted,
                record: ObjectRecord(
                    key: stored.key, uid: stored.uid, version: stored.version, text: JSONText.text(of: lastState)))
        }
        return try response(outcome, form: form, request, warnings: notes.warnings)
    }

    /// The object that a write has stored, with what the writer is to be told of it.
    ///
    /// - Parameter warnings: What there is to say of the body.
    func response(
        _ outcome: WriteOutcome, code: Int? = nil, form: ResponseForm, _ request: APIRequest, warnings: [String] = []
    ) throws -> APIResponse {
        guard let record = outcome.record else { throw APIStatus.internalError("nothing was stored") }
        let kind = record.key.kind
        // Parsed for the kinds only that there is something to say of.
        let remarks = kind.hasWarnings ? ObjectWarnings.warnings(of: try record.document(), kind: kind) : []
        return try response(
            record, code: code ?? (outcome.kind == .created ? 201 : 200), form: form, request,
            warnings: warnings + remarks)
    }
}
