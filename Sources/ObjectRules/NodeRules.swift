import Registry

/// The rules of Nodes (core/v1).
enum NodeRules {
    static func validate(_ document: JSONValue) -> [FieldViolation] {
        let spec = document["spec"] ?? .null
        return validateTaints(spec.list("taints")) + validateNetworks(spec.texts("podCIDRs"))
            + validateStatus(document["status"] ?? .null)
    }

    static func validateUpdate(_ spec: JSONValue, stored: JSONValue) -> [FieldViolation] {
        var violations: [FieldViolation] = []
        let former = stored.texts("podCIDRs")
        if !former.isEmpty, former != spec.texts("podCIDRs") {
            violations.append(
                FieldViolation(
                    "spec.podCIDRs", .forbidden, "node updates may not change podCIDR except from \"\" to valid"))
        }
        if !stored.text("providerID").isEmpty, stored.text("providerID") != spec.text("providerID") {
            violations.append(
                FieldViolation(
                    "spec.providerID", .forbidden, "node updates may not change providerID except from \"\" to valid"))
        }
        return violations
    }

    static func validateStatus(_ status: JSONValue) -> [FieldViolation] {
        var seen: Set<JSONValue> = []
        return status.list("addresses").enumerated().violations { index, address in
            guard !seen.insert(address).inserted else { return [] }
            let shown = JSONValue.object([
                "Type": .string(address.text("type")), "Address": .string(address.text("address")),
            ])
            return [FieldViolation(("status.addresses" as FieldPath)[index], .duplicate, of: shown)]
        }
    }

    private static func validateTaints(_ taints: [JSONValue]) -> [FieldViolation] {
        // Upstream puts them here.
        let path: FieldPath = "metadata.taints"
        let effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"]
        var seen: Set<[String]> = []
        return taints.enumerated().violations { index, taint in
            let (key, effect, value) = (taint.text("key"), taint.text("effect"), taint.text("value"))
            var violations = FieldViolation.list(
                path[index] / "key", value: key, faults: NameRules.qualifiedNameFaults(key))
            let faults = NameRules.labelValueFaults(value)
            if !faults.isEmpty {
                violations.append(
                    FieldViolation(path[index] / "value", .invalid, value: value, faults.joined(separator: ";")))
            }
            if effect.isEmpty {
                violations.append(FieldViolation(path[index] / "effect", .required))
            } else if !effects.contains(effect) {
                violations.append(.notSupported(path[index] / "effect", value: effect, supported: effects))
            }
            if !seen.insert([key, effect]).inserted {
                violations.append(
                    FieldViolation(
                        path[index], .duplicate, of: taint, "taints must be unique by key and effect pair"))
            }
            return violations
        }
    }

    private static func validateNetworks(_ texts: [String]) -> [FieldViolation] {
        FamilyRules.validate(
            texts, at: "spec.podCIDRs", noun: "CIDR", family: { CIDR($0)?.family },
            faults: AddressRules.networkFaults, shown: { .string($0) })
    }
}
