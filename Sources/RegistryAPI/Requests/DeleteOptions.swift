import ObjectRules
import Registry

/// What a delete asks for (meta/v1 DeleteOptions), from the body or else the query.
struct DeleteOptions: Sendable {
    enum Propagation: String {
        case background = "Background"
        case foreground = "Foreground"
        case orphan = "Orphan"
    }

    let isTrial: Bool
    let propagation: Propagation?
    let gracePeriodSeconds: Int?
    let uid: String?
    let version: String?

    init(_ body: JSONValue, _ query: QueryItems) throws {
        var trials = WriteOptions.trials(query)
        if case .array(let values)? = body["dryRun"] { trials += values.compactMap(\.string) }
        let violations = WriteOptionsRules.validateTrial(trials)
        guard violations.isEmpty else { throw APIStatus.invalid(options: "DeleteOptions", violations) }
        isTrial = !trials.isEmpty
        let policy = body["propagationPolicy"]?.string ?? query["propagationPolicy"] ?? ""
        if policy.isEmpty {
            let orphans = body["orphanDependents"] ?? .null
            propagation = orphans == .bool(true) ? .orphan : nil
        } else {
            guard let known = Propagation(rawValue: policy) else {
                throw APIStatus.invalid(
                    options: "DeleteOptions",
                    [
                        FieldViolation(
                            "propagationPolicy", .notSupported, value: policy,
                            #"supported values: "Foreground", "Background", "Orphan", "nil""#)
                    ])
            }
            propagation = known
        }
        switch body["gracePeriodSeconds"] {
        case .integer(let seconds)?:
            guard seconds >= 0 else { throw APIStatus.badRequest("gracePeriodSeconds must not be negative") }
            gracePeriodSeconds = Int(seconds)
        default:
            gracePeriodSeconds = query["gracePeriodSeconds"].flatMap { Int($0) }.flatMap { $0 >= 0 ? $0 : nil }
        }
        uid = body["preconditions"]?["uid"]?.string
        version = body["preconditions"]?["resourceVersion"]?.string
    }
}

extension DeleteOptions.Propagation {
    /// The finalizer by which the garbage collector learns of the wish.
    var finalizer: String? {
        switch self {
        case .background: nil
        case .foreground: "foregroundDeletion"
        case .orphan: "orphan"
        }
    }
}
