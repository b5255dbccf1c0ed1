import Registry

/// The rules of Leases (coordination.k8s.io/v1).
enum LeaseRules {
    static func validate(_ spec: JSONValue) -> [FieldViolation] {
        var violations: [FieldViolation] = []
        if let duration = spec.integer("leaseDurationSeconds"), duration <= 0 {
            violations.append(
                FieldViolation(
                    "spec.leaseDurationSeconds", .invalid, of: .integer(Int64(duration)), "must be greater than 0"))
        }
        if let transitions = spec.integer("leaseTransitions"), transitions < 0 {
            violations.append(
                FieldViolation(
                    "spec.leaseTransitions", .invalid, of: .integer(Int64(transitions)),
                    "must be greater than or equal to 0"))
        }
        let strategy = spec.text("strategy")
        if !strategy.isEmpty, strategy != "OldestEmulationVersion" {
            violations += FieldViolation.list(
                "spec.strategy", value: strategy, faults: NameRules.qualifiedNameFaults(strategy))
        }
        if !spec.text("preferredHolder").isEmpty, strategy.isEmpty {
            violations.append(
                FieldViolation("spec.preferredHolder", .forbidden, "may only be specified if `strategy` is defined"))
        }
        return violations
    }
}
