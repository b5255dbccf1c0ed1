import ObjectPatches
import ObjectRules
import Registry

extension RegistryHandlers {
    /// Stores a new object (POST on a collection).
    func create(_ request: APIRequest, _ target: ResourceTarget) async throws -> APIResponse {
        let form = try Self.form(of: request)
        let options = try WriteOptions(request)
        let reading = try await bodies.object(in: request, kind: target.kind, mode: options.validation)
        let document = try settled(reading.document, target: target)
        var attempt = 0
        while true {
            let name = try name(for: document, kind: target.kind)
            do {
                let outcome = try await create(document, key: target.key(of: name), options)
                return try response(outcome, code: 201, form: form, request, warnings: reading.warnings)
            } catch ObjectStoreError.alreadyExists(let key) {
                // A generated name that is taken is generated anew, as often as upstream does.
                attempt += 1
                let isGenerated = document["metadata"]?["name"]?.string?.isEmpty ?? true
                guard isGenerated, attempt < 8 else { throw ObjectStoreError.alreadyExists(key) }
            }
        }
    }

    /// Stores a document under a key that must be free.
    func create(_ document: JSONValue, key: ObjectKey, _ options: WriteOptions) async throws -> WriteOutcome {
        let handlers = self
        return try await store.write(
            ObjectWrite(key, feeder: Self.feeder, isTrial: options.isTrial) { stored, transaction in
                guard stored == nil else { throw ObjectStoreError.alreadyExists(key) }
                return .put(try handlers.made(document, key: key, options, in: transaction))
            })
    }

    /// The document of a new object as it is to be stored.
    func made(
        _ document: JSONValue, key: ObjectKey, _ options: WriteOptions, in transaction: any ObjectTransaction
    ) throws -> JSONValue {
        try Self.checkNamespace(of: key, in: transaction)
        var document = document
        document["metadata"]?["name"] = .string(key.id.name)
        // The creator owns what was sent with its defaults, and nothing of what the server adds to it.
        document = bodies.ownership(of: key.kind).updated(
            live: nil, new: ObjectDefaults.apply(to: document, kind: key.kind), manager: options.manager,
            subresource: nil, now: transaction.now)
        return try prepared(document, key: key, now: transaction.now)
    }

    /// Defaults and what the server sets, checked against the rules of the kind.
    func prepared(_ document: JSONValue, key: ObjectKey, now: Timestamp) throws -> JSONValue {
        let document = ObjectDefaults.apply(
            to: ObjectLifecycle.prepareForCreate(document, kind: key.kind, now: now), kind: key.kind)
        let violations = ObjectValidation.validateCreate(document, kind: key.kind)
        guard violations.isEmpty else { throw APIStatus.invalid(key.kind, name: key.id.name, violations) }
        return document
    }

    /// Checks a body against the path it was sent to and fills in the namespace.
    func settled(_ document: JSONValue, target: ResourceTarget) throws -> JSONValue {
        let document = try Self.placed(document, in: target.namespace ?? "")
        if let version = document["metadata"]?["resourceVersion"]?.string, !version.isEmpty, target.name == nil {
            throw APIStatus.versionOnCreate
        }
        return document
    }

    /// A document with the namespace that the path names; its own may not differ, unless the kind has no namespaces.
    ///
    /// - Parameter namespace: Empty for kinds of the cluster's scope.
    static func placed(_ document: JSONValue, in namespace: String) throws -> JSONValue {
        var document = document
        let given = document["metadata"]?["namespace"]?.string ?? ""
        guard given.isEmpty || namespace.isEmpty || given == namespace else {
            throw APIStatus.badRequest(
                "the namespace of the provided object does not match the namespace sent on the request")
        }
        if document["metadata"] == nil { document["metadata"] = .object([:]) }
        document["metadata"]?["namespace"] = namespace.isEmpty ? nil : .string(namespace)
        return document
    }

    /// The name of a new object, a generated one where only `generateName` is given.
    private func name(for document: JSONValue, kind: ObjectKind) throws -> String {
        let name = document["metadata"]?["name"]?.string ?? ""
        guard name.isEmpty else { return name }
        let prefix = document["metadata"]?["generateName"]?.string ?? ""
        guard !prefix.isEmpty else {
            throw APIStatus.invalid(
                kind, name: "",
                [FieldViolation("metadata.name", .required, "name or generateName is required")])
        }
        return GeneratedName.name(prefix: prefix)
    }

    /// New content needs a Namespace that is there and is not being removed.
    static func checkNamespace(of key: ObjectKey, in transaction: any ObjectTransaction) throws {
        guard key.kind.isNamespaced else { return }
        let name = key.id.namespace
        guard
            let namespace = try transaction.object(ObjectKey(.namespace, NamespacedName(namespace: "", name: name)))
        else { throw APIStatus.notFound(.namespace, name: name) }
        // Parsed only where the text may say so: this runs for every new object.
        guard namespace.text.contains("\"deletionTimestamp\"") else { return }
        guard try namespace.document()["metadata"]?["deletionTimestamp"] != nil else { return }
        throw APIStatus.namespaceTerminating(key.kind, name: key.id.name, namespace: name)
    }
}
