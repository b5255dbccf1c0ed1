import Dispatch
import Manifests
import ObjectRules
import ObjectSchema
import Registry
import Synchronization

/// Bodies of requests as documents: JSON, YAML and Kubernetes' protobuf, read strictly as the client asks for it.
package struct BodyReader: Sendable {
    /// The limit of upstream's API server, in bytes.
    static let maximumSize = 3 << 20
    /// How many values a body may have where memory is not limited.
    package static let usualValues = 250_000
    /// What bodies of objects may be.
    static let mediaTypes = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"]

    /// What to do about members that are unknown or stand twice (`fieldValidation`).
    enum FieldValidation: String {
        case ignore = "Ignore"
        case warn = "Warn"
        case strict = "Strict"
    }

    /// A document and what the client is to be warned of.
    struct Reading {
        var document: JSONValue
        var warnings: [String]
    }

    let schema: Schema
    /// How many values a body may have.
    let maximumValues: Int

    /// The object in the body of a create or a replace.
    func object(in request: APIRequest, kind: ObjectKind, mode: FieldValidation) async throws -> Reading {
        var strictErrors: [String] = []
        let raw: JSONValue
        switch request.contentType {
        case "", "application/json", "application/yaml":
            raw = try await tree(of: request, strictErrors: &strictErrors)
        case "application/vnd.kubernetes.protobuf":
            raw = try protobuf(request.body, expecting: kind)
            guard !BodyWeight.exceeds(raw, maximumValues) else { throw APIStatus.tooManyValues(limit: maximumValues) }
        default:
            throw APIStatus.unsupportedMediaType(accepted: BodyReader.mediaTypes)
        }
        guard case .object = raw else {
            throw APIStatus.badRequest("the request body must be an object, not \(raw.kindName)")
        }
        try check(raw, is: kind)
        return try settle(raw, kind: kind, mode: mode, strictErrors: strictErrors) { cause in
            .badRequest(
                "\(kind.rawValue) in version \"\(kind.version)\" cannot be handled as a \(kind.rawValue): \(cause)")
        }
    }

    /// Checks a document that a patch has made; what breaks the schema is the patch's fault.
    ///
    /// - Parameter strictErrors: What was found in the patch itself.
    func patched(
        _ document: JSONValue, kind: ObjectKind, mode: FieldValidation, strictErrors: [String] = []
    ) throws -> Reading {
        try check(document, is: kind)
        return try settle(document, kind: kind, mode: mode, strictErrors: strictErrors) { cause in
            APIStatus.invalid(patchMaking: document, cause)
        }
    }

    /// The options in the body of a delete; an empty body has none.
    func deleteOptions(in request: APIRequest) async throws -> JSONValue {
        guard !request.body.isEmpty else { return .object([:]) }
        switch request.contentType {
        case "", "application/json", "application/yaml":
            var ignored: [String] = []
            let tree = try await tree(of: request, strictErrors: &ignored)
            guard case .object = tree else {
                throw APIStatus.badRequest("delete options must be an object, not \(tree.kindName)")
            }
            try Self.checkIsDeleteOptions(tree["kind"]?.string ?? "", tree["apiVersion"]?.string ?? "")
            guard let type = schema["DeleteOptions"] else { return tree }
            do {
                return try schema.read(tree, as: type).document
            } catch {
                // Read as if it said nothing, a condition would let go what it is to keep.
                throw APIStatus.badRequest("the body cannot be handled as a DeleteOptions: \(error)")
            }
        case "application/vnd.kubernetes.protobuf":
            do {
                let envelope = try ProtobufEnvelope.read(request.body)
                try Self.checkIsDeleteOptions(envelope.kind, envelope.apiVersion)
                guard let type = schema["DeleteOptions"] else { return .object([:]) }
                return try schema.document(fromProtobuf: envelope.raw, as: type)
            } catch let status as APIStatus {
                throw status
            } catch {
                throw APIStatus.badRequest("the body is no DeleteOptions: \(error)")
            }
        default:
            throw APIStatus.unsupportedMediaType(accepted: BodyReader.mediaTypes)
        }
    }

    /// Options of any version, or without a kind, are taken; another object is none.
    private static func checkIsDeleteOptions(_ kind: String, _ apiVersion: String) throws {
        guard kind.isEmpty || kind == "DeleteOptions" else {
            throw APIStatus.badRequest(
                "the body is no DeleteOptions: no kind \"\(kind)\" is registered for version \"\(apiVersion)\"")
        }
    }

    /// Checks that a configuration to be applied says what it is, and is of a kind (Kubernetes: `invalid object type`).
    static func checkApplied(_ configuration: JSONValue, is kind: ObjectKind) throws {
        let apiVersion = configuration["apiVersion"]?.string ?? ""
        let name = configuration["kind"]?.string ?? ""
        guard case .object = configuration, apiVersion != kind.apiVersion || name != kind.rawValue else { return }
        let shown = apiVersion.contains("/") ? apiVersion : "/" + apiVersion
        throw APIStatus.badRequest("invalid object type: \(shown), Kind=\(name)")
    }

    /// A body of JSON or YAML as it stands: an object, a patch.
    ///
    /// Every value is refused that is more than there may be: read by its type it would cost many times as much.
    func tree(of request: APIRequest, strictErrors: inout [String]) async throws -> JSONValue {
        let isYAML = ["application/yaml", "application/apply-patch+yaml"].contains(request.contentType)
        let tooMany = APIStatus.tooManyValues(limit: maximumValues)
        // So many commas and brackets are more values in any case.
        guard isYAML || BodyWeight.values(in: request.body, contentType: "") / 2 <= maximumValues else { throw tooMany }
        let tree = try await Self.tree(of: request, isYAML: isYAML, strictErrors: &strictErrors)
        guard !BodyWeight.exceeds(tree, maximumValues) else { throw tooMany }
        return tree
    }

    private static func tree(
        of request: APIRequest, isYAML: Bool, strictErrors: inout [String]
    ) async throws -> JSONValue {
        guard isYAML else {
            return try json(request.body, strictErrors: &strictErrors)
        }
        // What kubectl sends as YAML is JSON, and read as such in a tenth of the time. YAML is stricter about members that
        // stand twice.
        var duplicates: [String] = []
        if request.body.first == UInt8(ascii: "{"), let value = try? json(request.body, strictErrors: &duplicates),
            duplicates.isEmpty
        {
            return value
        }
        do {
            let values = try await yaml(request.body)
            guard values.count == 1, let value = values.first else {
                throw APIStatus.badRequest("the body must hold one YAML document, not \(values.count)")
            }
            return value
        } catch let error as YAMLText.Malformed {
            throw APIStatus.badRequest("error decoding YAML: \(error)")
        }
    }

    /// A microsecond a byte, and several where collections are nested deeply: one text at a time, on a thread of its own,
    /// so that nothing but other such texts waits for it, and the end of the server not either.
    private static func yaml(_ body: [UInt8]) async throws -> [JSONValue] {
        let (results, continuation) = AsyncStream<Result<[JSONValue], any Error>>.makeStream()
        let waiter = Waiter()
        continuation.onTermination = { _ in waiter.isThere.store(false, ordering: .relaxed) }
        yamlQueue.async {
            guard waiter.isThere.load(ordering: .relaxed) else { return }
            continuation.yield(Result { try YAMLText.values(of: body) })
        }
        for await result in results { return try result.get() }
        throw CancellationError()
    }

    /// Whoever waits for a text, until the task is cancelled.
    private final class Waiter: Sendable {
        let isThere = Atomic(true)
    }

    private static let yamlQueue = DispatchQueue(label: "yaml")

    private static func json(_ body: [UInt8], strictErrors: inout [String]) throws -> JSONValue {
        guard let text = String(validating: body, as: UTF8.self) else {
            throw APIStatus.badRequest("the body is not UTF-8 text")
        }
        do {
            return try JSONText.value(of: text, notingDuplicates: &strictErrors)
        } catch {
            throw APIStatus.badRequest("couldn't get version/kind; json parse error: \(error)")
        }
    }

    private func protobuf(_ body: [UInt8], expecting kind: ObjectKind) throws -> JSONValue {
        do {
            let envelope = try ProtobufEnvelope.read(body)
            guard let type = schema.type(of: kind) else {
                throw APIStatus.unsupportedMediaType(accepted: BodyReader.mediaTypes)
            }
            // Another kind in the envelope is named as such, not read as this one.
            guard envelope.kind.isEmpty || envelope.kind == kind.rawValue else {
                throw APIStatus.badRequest(Self.mismatch(envelope.apiVersion, envelope.kind, expected: kind))
            }
            var document = try schema.document(fromProtobuf: envelope.raw, as: type)
            document["apiVersion"] = .string(envelope.apiVersion.isEmpty ? kind.apiVersion : envelope.apiVersion)
            document["kind"] = .string(kind.rawValue)
            return document
        } catch let status as APIStatus {
            throw status
        } catch {
            throw APIStatus.badRequest("the body cannot be read as protobuf: \(error)")
        }
    }

    private static func mismatch(_ apiVersion: String, _ name: String, expected kind: ObjectKind) -> String {
        "\(name) in version \"\(apiVersion)\" cannot be handled as a \(kind.rawValue): "
            + "no kind \"\(name)\" is registered for version \"\(kind.apiVersion)\" at this path"
    }

    private func check(_ document: JSONValue, is kind: ObjectKind) throws {
        let apiVersion = document["apiVersion"]?.string ?? ""
        let name = document["kind"]?.string ?? ""
        guard (name.isEmpty || name == kind.rawValue) && (apiVersion.isEmpty || apiVersion == kind.apiVersion) else {
            throw APIStatus.badRequest(Self.mismatch(apiVersion, name, expected: kind))
        }
    }

    private func settle(
        _ raw: JSONValue, kind: ObjectKind, mode: FieldValidation, strictErrors: [String],
        refusal: (String) -> APIStatus
    ) throws -> Reading {
        guard let type = schema.type(of: kind) else { return Reading(document: raw, warnings: []) }
        let read: ReadDocument
        do {
            read = try schema.read(raw, as: type)
        } catch {
            throw refusal("\(error)")
        }
        var document = read.document
        document["apiVersion"] = .string(kind.apiVersion)
        document["kind"] = .string(kind.rawValue)
        let found = strictErrors + read.strictErrors
        switch mode {
        case .ignore:
            return Reading(document: document, warnings: [])
        case .warn:
            return Reading(document: document, warnings: found)
        case .strict:
            guard found.isEmpty else {
                throw refusal("strict decoding error: \(found.joined(separator: ", "))")
            }
            return Reading(document: document, warnings: [])
        }
    }
}
