import ObjectRules
import Registry

/// The query of a write (meta/v1 CreateOptions, UpdateOptions, PatchOptions), checked.
struct WriteOptions: Sendable {
    let isTrial: Bool
    let manager: String
    let validation: BodyReader.FieldValidation
    /// nil where it was not given.
    let force: Bool?

    init(_ request: APIRequest) throws {
        isTrial = try Self.isTrial(request.query.items.filter { $0.name == "dryRun" }.map(\.value))
        manager = request.fieldManager
        guard manager.utf8.count <= 128 else {
            throw APIStatus.badRequest("fieldManager: Too long: may not be more than 128 bytes")
        }
        validation = try BodyReader.FieldValidation(request.query)
        force = request.query["force"].map { _ in request.query.flag("force") }
    }

    /// Whether dry runs are asked for: `All` is all that can be.
    static func isTrial(_ values: [String]) throws -> Bool {
        let given = values.filter { !$0.isEmpty }
        guard given.allSatisfy({ $0 == "All" }) else {
            throw APIStatus.badRequest(
                #"dryRun: Unsupported value: "\#(given.first { $0 != "All" } ?? "")": supported values: "All""#)
        }
        return !given.isEmpty
    }
}
