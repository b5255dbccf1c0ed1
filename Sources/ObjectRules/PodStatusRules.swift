import Registry

/// The rules of a Pod's status, which kubelets and their stand-ins write.
enum PodStatusRules {
    private static let systemConditions: Set<String> = ["PodScheduled", "Ready", "Initialized"]

    static func validate(_ document: JSONValue, stored: JSONValue) -> [FieldViolation] {
        let status = document["status"] ?? .null
        var violations = status.list("conditions").enumerated().violations { index, condition in
            let type = condition.text("type")
            guard !systemConditions.contains(type) else { return [] }
            // Upstream has the wrong path here.
            return FieldViolation.list(
                ("metadata.conditions" as FieldPath)[index] / "Type", value: type,
                faults: NameRules.qualifiedNameFaults(type))
        }
        let nominated = status.text("nominatedNodeName")
        if !nominated.isEmpty {
            violations += FieldViolation.list(
                "status.nominatedNodeName", value: nominated, faults: NameRules.subdomainFaults(nominated))
        }
        if status.text("qosClass") != stored.at("status", "qosClass")?.string ?? "" {
            violations.append(.immutable("status.qosClass", value: .string(status.text("qosClass"))))
        }
        violations += validateAddresses(status.list("podIPs").map { $0.text("ip") }, at: "status.podIPs")
        let hosts = status.list("hostIPs").map { $0.text("ip") }
        if let first = hosts.first, first != status.text("hostIP") {
            violations.append(
                FieldViolation(
                    ("status.hostIPs" as FieldPath)[0] / "ip", .invalid, value: first, "must be equal to `hostIP`"))
        }
        return violations + validateAddresses(hosts, at: "status.hostIPs")
    }

    private static func validateAddresses(_ texts: [String], at path: FieldPath) -> [FieldViolation] {
        FamilyRules.validate(
            texts, at: path, noun: "IP", family: { IPAddress($0)?.family }, faults: AddressRules.faults,
            shown: { .object(["IP": .string($0)]) })
    }
}
