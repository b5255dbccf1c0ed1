import Registry

/// The rules of a Pod's tolerations: which taints they are for.
enum TolerationRules {
    static func validate(_ tolerations: [JSONValue], at path: FieldPath) -> [FieldViolation] {
        tolerations.enumerated().violations { index, toleration in
            let path = path[index] / "operator"
            let (key, value) = (toleration.text("key"), toleration.text("value"))
            let name = toleration.text("operator")
            var violations: [FieldViolation] = []
            if key.isEmpty, name != "Exists" {
                violations.append(
                    FieldViolation(
                        path, .invalid, value: name,
                        "operator must be Exists when `key` is empty, which means \"match all values and all keys\""))
            }
            switch name {
            case "", "Equal":
                // Upstream names the operator where the value is wrong.
                violations += FieldViolation.list(path, value: value, faults: NameRules.labelValueFaults(value))
            case "Exists":
                guard !value.isEmpty else { break }
                violations.append(
                    FieldViolation(
                        path, .invalid, of: shown(toleration), "value must be empty when `operator` is 'Exists'"))
            default:
                violations.append(.notSupported(path, value: name, supported: ["Equal", "Exists"]))
            }
            return violations
        }
    }

    /// As upstream shows a whole toleration.
    private static func shown(_ toleration: JSONValue) -> JSONValue {
        .object([
            "Key": .string(toleration.text("key")), "Operator": .string(toleration.text("operator")),
            "Value": .string(toleration.text("value")), "Effect": .string(toleration.text("effect")),
            "TolerationSeconds": toleration["tolerationSeconds"] ?? .null,
        ])
    }
}
