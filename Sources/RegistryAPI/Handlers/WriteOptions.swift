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
        let trials = Self.trials(request.query)
        let given = request.query["fieldManager"] ?? ""
        let text = request.query["fieldValidation"] ?? ""
        force = request.query["force"].map { _ in request.query.flag("force") }
        var violations: [FieldViolation] = []
        if request.method == "PATCH" {
            violations = WriteOptionsRules.validatePatch(
                isApply: request.contentType == ObjectPatch.applyType, hasForce: force != nil, manager: given)
        }
        violations +=
            WriteOptionsRules.validateManager(given) + WriteOptionsRules.validateTrial(trials)
            + WriteOptionsRules.validateFieldValidation(text)
        guard violations.isEmpty else {
            throw APIStatus.invalid(options: Self.name(ofMethod: request.method), violations)
        }
        isTrial = !trials.isEmpty
        manager = request.fieldManager
        validation = BodyReader.FieldValidation(rawValue: text) ?? .warn
    }

    /// The values of `dryRun`; an empty one is a value as well, and a wrong one.
    static func trials(_ query: QueryItems) -> [String] {
        query.items.filter { $0.name == "dryRun" }.map(\.value)
    }

    private static func name(ofMethod method: String) -> String {
        switch method {
        case "POST": "CreateOptions"
        case "PUT": "UpdateOptions"
        default: "PatchOptions"
        }
    }
}
