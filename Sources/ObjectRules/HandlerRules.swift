import Registry

/// The rules of what is done to a container to find out how it is, or around its life: one thing each.
struct HandlerRules {
    private static let probes = ["livenessProbe", "readinessProbe", "startupProbe"]
    private static let hooks = ["postStart", "preStop"]
    /// Counts and times in seconds of a probe, in the order in which upstream looks at them.
    private static let amounts = [
        "initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold",
    ]

    /// The Pod's `terminationGracePeriodSeconds`.
    let gracePeriod: Int

    func validate(_ container: JSONValue, at path: FieldPath) -> [FieldViolation] {
        var violations: [FieldViolation] = []
        if let lifecycle = container.at("lifecycle") {
            violations += Self.hooks.flatMap { hook in
                validate(
                    lifecycle.at(hook), of: ["exec", "httpGet", "tcpSocket", "sleep"], at: path / "lifecycle" / hook)
            }
        }
        return violations
            + Self.probes.flatMap { name in
                guard let probe = container.at(name) else { return [FieldViolation]() }
                return validate(probe, of: ["exec", "httpGet", "tcpSocket", "grpc"], at: path / name)
                    + Self.validate(probe, named: name, at: path / name)
            }
    }

    /// The numbers of a probe.
    private static func validate(_ probe: JSONValue, named name: String, at path: FieldPath) -> [FieldViolation] {
        var violations = amounts.compactMap { field -> FieldViolation? in
            guard let amount = probe.integer(field), amount < 0 else { return nil }
            return FieldViolation(
                path / field, .invalid, of: .integer(Int64(amount)), "must be greater than or equal to 0")
        }
        if let grace = probe.integer("terminationGracePeriodSeconds") {
            let field = path / "terminationGracePeriodSeconds"
            let value = JSONValue.integer(Int64(grace))
            if name == "readinessProbe" {
                violations.append(FieldViolation(field, .invalid, of: value, "must not be set for readinessProbes"))
            } else if grace <= 0 {
                violations.append(FieldViolation(field, .invalid, of: value, "must be greater than 0"))
            }
        }
        if name != "readinessProbe", let threshold = probe.integer("successThreshold"), threshold != 1 {
            violations.append(
                FieldViolation(path / "successThreshold", .invalid, of: .integer(Int64(threshold)), "must be 1"))
        }
        return violations
    }

    private func validate(_ handler: JSONValue?, of kinds: [String], at path: FieldPath) -> [FieldViolation] {
        guard let handler else { return [] }
        guard let kind = kinds.first(where: { handler.at($0) != nil }), let action = handler.at(kind) else {
            return [FieldViolation(path, .required, "must specify a handler type")]
        }
        return validate(action, kind, at: path / kind)
            + SingleChoice.excess(handler, of: kinds, at: path, noun: "handler")
    }

    /// What one thing to do needs.
    private func validate(_ action: JSONValue, _ kind: String, at path: FieldPath) -> [FieldViolation] {
        switch kind {
        case "exec": action.list("command").isEmpty ? [FieldViolation(path / "command", .required)] : []
        case "httpGet":
            (action.text("path").isEmpty ? [FieldViolation(path / "path", .required)] : [])
                + Self.validatePort(action["port"], at: path / "port")
                + FieldChoice.validate(action, "scheme", at: path, supported: ["HTTP", "HTTPS"])
        case "tcpSocket", "grpc": Self.validatePort(action["port"], at: path / "port")
        default:
            if let seconds = action.integer("seconds"), !(0...max(gracePeriod, 0)).contains(seconds) {
                [
                    FieldViolation(
                        path, .invalid, of: .integer(Int64(seconds)),
                        "must be non-negative and less than terminationGracePeriodSeconds (\(gracePeriod))")
                ]
            } else {
                []
            }
        }
    }

    /// A port by its number or by the name that a container has for it.
    private static func validatePort(_ port: JSONValue?, at path: FieldPath) -> [FieldViolation] {
        if let name = port?.string {
            return FieldViolation.list(path, value: name, faults: NameRules.portNameFaults(name))
        }
        guard case .integer(let number)? = port else { return [.outOfRange(path, 0, 1...65535)] }
        return (1...65535).contains(number) ? [] : [.outOfRange(path, Int(number), 1...65535)]
    }
}
