import AddressAllocator
import Logging
import ObjectRules
import ObjectSchema
import Registry

/// The whole of the API as a function from requests to answers: discovery, schemas, health, objects, pod environments.
package struct APIService: Sendable {
    private let handlers: RegistryHandlers
    private let environments: EnvironmentHandlers
    private let discovery: Discovery
    private let schemas: OpenAPIDocuments
    private let logger: Logger
    private let refusals: StoreRefusals

    package init(
        store: any ObjectStore, hub: WatchHub, server: ServerRecord, version: String, clock: WallClock,
        maximumBodyValues: Int = BodyReader.usualValues, logger: Logger
    ) {
        let schema = Schema.shared
        handlers = RegistryHandlers(
            store: store, hub: hub, bodies: BodyReader(schema: schema, maximumValues: maximumBodyValues), clock: clock)
        environments = EnvironmentHandlers(store: store, server: server)
        discovery = Discovery(version: version)
        schemas = OpenAPIDocuments(schema: schema)
        self.logger = logger
        refusals = StoreRefusals(logger: logger)
    }

    /// Answers a request; every failure becomes a Status.
    package func respond(to request: APIRequest) async -> APIResponse {
        await response(to: request) { try await answer(request) }
    }

    private func response(
        to request: APIRequest, _ answer: () async throws -> APIResponse
    ) async -> APIResponse {
        do {
            let response = try await answer()
            if !Self.isRead(request), response.code < 300 { refusals.noteWritten() }
            return response
        } catch let status as APIStatus {
            return APIResponse(status)
        } catch let error as ObjectStoreError {
            refusals.note(error)
            return APIResponse(APIStatus(error))
        } catch let error as AddressingError {
            return APIResponse(APIStatus(error, request: request))
        } catch {
            logger.error("\(request.method) /\(request.path.joined(separator: "/")): \(error)")
            return APIResponse(APIStatus.internalError("\(error)"))
        }
    }

    /// Whether who sends a request may do what it is about; its body has no part in that.
    func admits(_ request: APIRequest) -> Bool { Self.admits(request, ResourceTarget(path: request.path)) }

    private static func admits(_ request: APIRequest, _ target: ResourceTarget?) -> Bool {
        let namespace = target?.kind == .namespace ? nil : target?.namespace
        return request.identity.allows(isWrite: !isRead(request), namespace: namespace)
    }

    private static func isRead(_ request: APIRequest) -> Bool { request.method == "GET" || request.method == "HEAD" }

    private func answer(_ request: APIRequest) async throws -> APIResponse {
        let isRead = Self.isRead(request)
        if let target = ResourceTarget(path: request.path) {
            guard Self.admits(request, target) else {
                throw APIStatus.forbidden(target.kind, name: target.name ?? "", Self.refusal(request, target))
            }
            guard let deprecation = target.kind.deprecation else {
                return try await handlers.respond(to: request, target: target)
            }
            // Said of what is not found as well.
            var response = await response(to: request) { try await handlers.respond(to: request, target: target) }
            response.warnings.insert(deprecation, at: 0)
            return response
        }
        guard Self.admits(request, nil) else {
            let path = "/" + request.path.joined(separator: "/")
            throw APIStatus.forbidden(
                path: path,
                "User \"\(request.identity.name)\" cannot \(request.method.lowercased()) path \"\(path)\"")
        }
        guard isRead else {
            throw request.path.starts(with: ["swiftlet", "v1"]) ? APIStatus.methodNotAllowed : APIStatus.unknownPath
        }
        switch request.path {
        case ["readyz"], ["livez"], ["healthz"]:
            return APIResponse(text: HealthPage.text(name: request.path.joined(), query: request.query))
        case ["readyz", "ping"], ["livez", "ping"], ["healthz", "ping"]:
            return APIResponse(text: "ok")
        case let path where path.first == "openapi":
            return try openAPI(path.dropFirst())
        case let path where path.starts(with: ["swiftlet", "v1"]):
            return try await environments.respond(to: request, path: Array(path.dropFirst(2)))
        default:
            guard let answer = discovery.answer(path: request.path, accept: request.accept) else {
                throw APIStatus.unknownPath
            }
            var response = APIResponse(answer.document)
            response.contentType = answer.contentType
            return response
        }
    }

    private func openAPI(_ path: ArraySlice<String>) throws -> APIResponse {
        switch Array(path) {
        case ["v2"]:
            // Clients ask for it in protobuf; nothing at all stands for a document without definitions.
            return APIResponse(
                contentType: "application/com.github.proto-openapi.spec.v2.v1.0+protobuf", body: .bytes([]))
        case ["v3"]:
            return Self.shared(schemas.index)
        case let path where path.first == "v3":
            guard let document = schemas.document(path.dropFirst().joined(separator: "/")) else {
                throw APIStatus.unknownPath
            }
            return Self.shared(document)
        default:
            throw APIStatus.unknownPath
        }
    }

    private static func shared(_ document: [UInt8]) -> APIResponse {
        var response = APIResponse(body: .bytes(document))
        response.isShared = true
        return response
    }

    private static func refusal(_ request: APIRequest, _ target: ResourceTarget) -> String {
        let verb =
            switch request.method {
            case "GET", "HEAD": target.name != nil ? "get" : request.query.flag("watch") ? "watch" : "list"
            case "POST": "create"
            case "PUT": "update"
            case "PATCH": "patch"
            default: target.name != nil ? "delete" : "deletecollection"
            }
        let place = target.namespace.map { " in the namespace \"\($0)\"" } ?? " at the cluster scope"
        return "User \"\(request.identity.name)\" cannot \(verb) resource \"\(target.kind.resource)\" in API group "
            + "\"\(target.kind.group)\"\(place)"
    }
}

/// The OpenAPI v3 documents as texts, made once.
struct OpenAPIDocuments: Sendable {
    let index: [UInt8]
    private let documents: [String: [UInt8]]

    init(schema: Schema) {
        let openAPI = OpenAPI(schema: schema)
        index = Array(JSONText.text(of: openAPI.index).utf8)
        var documents: [String: [UInt8]] = [:]
        for (path, document) in openAPI.documents { documents[path] = Array(JSONText.text(of: document).utf8) }
        self.documents = documents
    }

    /// The document of a group and version, by its path: `api/v1`, `apis/discovery.k8s.io/v1`.
    func document(_ path: String) -> [UInt8]? { documents[path] }
}
