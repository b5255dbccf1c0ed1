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

    /// - Parameter body: Read by its schema, so that its members are of the types they must be.
    init(_ body: JSONValue, _ query: QueryItems) throws {
        let trials = WriteOptions.trials(query) + body.texts("dryRun")
        let policy = body["propagationPolicy"]?.string ?? query["propagationPolicy"] ?? ""
        let orphans =
            body.flag("orphanDependents") ?? query["orphanDependents"].map { _ in query.flag("orphanDependents") }
        let violations =
            WriteOptionsRules.validatePropagation(policy, hasOrphans: orphans != nil)
            + WriteOptionsRules.validateTrial(trials)
        guard violations.isEmpty else { throw APIStatus.invalid(options: "DeleteOptions", violations) }
        isTrial = !trials.isEmpty
        propagation = Propagation(rawValue: policy) ?? (orphans == true ? .orphan : nil)
        let seconds = try body.integer("gracePeriodSeconds") ?? ListOptions.number(query, "gracePeriodSeconds")
        // What is negative is as short as can be without being none.
        gracePeriodSeconds = seconds.map { $0 < 0 ? 1 : $0 }
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
