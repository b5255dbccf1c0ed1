import ObjectRules
import PodEnvironment
import Registry

/// Answers `/swiftlet/v1/…`: the environment and the resolv.conf of a starting pod, for those who have only curl.
struct EnvironmentHandlers: Sendable {
    let store: any ObjectStore
    let server: ServerRecord

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
        Self.response(try request.file(of: await store.services()))
    }

    private func resolverFile(_ request: ResolvConfRequest) async throws -> APIResponse {
        guard request.needsNameservers else {
            return Self.response(try request.file(zone: server.zone, nameservers: []))
        }
        let nameservers = ClusterNameservers(services: try await store.services(), listeners: server.listeners)
        let file = try request.file(zone: server.zone, nameservers: nameservers.addresses)
        return Self.response(file, warnings: nameservers.warnings)
    }

    private static func response(_ file: RequestedFile, warnings: [String] = []) -> APIResponse {
        var response = APIResponse(text: file.text)
        response.warnings = warnings + file.warnings
        return response
    }
}
