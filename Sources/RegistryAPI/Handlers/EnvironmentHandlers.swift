import ObjectRules
import PodEnvironment
import Registry

/// What a client may ask about the server itself: the zone it answers and where.
package struct ServerDescription: Sendable {
    /// Without a trailing dot.
    package let zone: String
    package let listeners: [(address: IPAddress, port: Int)]

    package init(zone: String, listeners: [(address: IPAddress, port: Int)]) {
        self.zone = zone
        self.listeners = listeners
    }

    var document: JSONValue {
        .object([
            "zone": .string(zone),
            "listeners": .array(
                listeners.map {
                    .object(["address": .string("\($0.address)"), "port": .integer(Int64($0.port))])
                }),
        ])
    }
}

/// Answers `/swiftlet/v1/…`: the environment and the resolv.conf of a starting pod, for those who have only curl.
struct EnvironmentHandlers: Sendable {
    let store: any ObjectStore
    let server: ServerDescription

    func respond(to request: APIRequest, path: [String]) async throws -> APIResponse {
        if path == ["server"] { return APIResponse(server.document) }
        guard path.count == 3, path[0] == "namespaces" else { throw APIStatus.unknownPath }
        let query = request.query.items.map { ($0.name, $0.value) }
        do {
            switch path[2] {
            case "env":
                return try await environment(EnvironmentRequest(namespace: path[1], query: query))
            case "resolv.conf":
                return try await resolverFile(ResolvConfRequest(namespace: path[1], query: query))
            default:
                throw APIStatus.unknownPath
            }
        } catch let error as PodRequestError {
            throw error.isRequestAtFault ? APIStatus.badRequest("\(error)") : APIStatus.internalError("\(error)")
        }
    }

    private func environment(_ request: EnvironmentRequest) async throws -> APIResponse {
        Self.response(try request.file(of: await services()))
    }

    private func resolverFile(_ request: ResolvConfRequest) async throws -> APIResponse {
        guard request.needsNameservers else {
            return Self.response(try request.file(zone: server.zone, nameservers: []))
        }
        let nameservers = ClusterNameservers(services: try await services(), listeners: server.listeners)
        let file = try request.file(zone: server.zone, nameservers: nameservers.addresses)
        return Self.response(file, warnings: nameservers.warnings)
    }

    private func services() async throws -> [Service] {
        try await store.objects(ListRequest(ObjectScope(.service))).records.compactMap { record in
            guard case .service(let service) = try RegistryObject(record.document(), kind: .service) else { return nil }
            return service
        }
    }

    private static func response(_ file: RequestedFile, warnings: [String] = []) -> APIResponse {
        var response = APIResponse(text: file.text)
        response.warnings = warnings + file.warnings
        return response
    }
}
