import EmbeddedRegistry
import Logging
import Registry
import Synchronization

@testable import RegistryAPI

/// The API on a registry in memory, without a server around it; it has the Namespaces `default` and `prod`.
struct TestAPI {
    struct Answer {
        let code: Int
        var warnings: [String] = []
        var text = ""
        /// null where the answer is no JSON.
        var document: JSONValue = .null

        /// What a Status says.
        var message: String { document["message"]?.string ?? "" }
    }

    let store: RegistryStore
    private let service: APIService

    init(maximumBodyValues: Int = BodyReader.usualValues) async throws {
        store = try RegistryStore(location: .memory)
        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        service = APIService(
            store: store, hub: WatchHub(store: store, maximumWatches: 9, logger: log),
            server: ServerRecord(zone: "cluster.local", listeners: []), version: "1.36.0", clock: .system,
            maximumBodyValues: maximumBodyValues, logger: log)
        for name in ["default", "prod"] {
            _ = try await request("POST", "/api/v1/namespaces", #"{"metadata":{"name":"\#(name)"}}"#)
        }
    }

    /// - Parameter type: The media type of the body; `json`, `merge`, `strategic` and `apply` stand for those of patches.
    @discardableResult
    func request(
        _ method: String, _ path: String, type: String = "application/json", accept: String = "", _ body: String = ""
    ) async throws -> Answer {
        let types = [
            "json": "application/json-patch+json", "merge": "application/merge-patch+json",
            "strategic": "application/strategic-merge-patch+json",
            "apply": "application/apply-patch+yaml",
        ]
        let response = await service.respond(
            to: try APIRequest(
                method: method, target: path, accept: accept, contentType: types[type] ?? type,
                body: Array(body.utf8)))
        var answer = Answer(code: response.code, warnings: response.warnings)
        let bytes: [UInt8]
        switch response.body {
        case .bytes(let all): bytes = all
        // A watch goes on until its reader goes.
        case .stream where path.contains("watch"): return answer
        case .stream(let write):
            let pieces = Mutex<[UInt8]>([])
            try await write { piece in pieces.withLock { $0 += piece } }
            bytes = pieces.withLock { $0 }
        }
        answer.text = String(decoding: bytes, as: UTF8.self)
        if response.contentType == "application/json" { answer.document = try JSONText.value(of: answer.text) }
        return answer
    }
}
