import Registry

/// The rules of IPAddresses and ServiceCIDRs (networking.k8s.io/v1).
enum NetworkRules {
    static func validateParent(of spec: JSONValue) -> [FieldViolation] {
        let path: FieldPath = "spec.parentRef"
        guard let parent = spec.at("parentRef") else { return [FieldViolation(path, .required)] }
        var violations: [FieldViolation] = []
        let group = parent.text("group")
        if !group.isEmpty {
            violations = FieldViolation.list(
                path / "group", value: group, faults: NameRules.subdomainFaults(group))
        }
        for field in ["resource", "name", "namespace"] {
            let text = parent.text(field)
            if !text.isEmpty {
                violations += FieldViolation.list(
                    path / field, value: text, faults: NameRules.pathSegmentFaults(text))
            } else if field != "namespace" {
                violations.append(FieldViolation(path / field, .required))
            }
        }
        return violations
    }

    static func validateParentUpdate(_ spec: JSONValue, stored: JSONValue) -> [FieldViolation] {
        let fields = ["group", "resource", "namespace", "name"]
        func texts(_ spec: JSONValue) -> [String]? { spec.at("parentRef").map { parent in fields.map(parent.text) } }
        guard let parent = texts(spec), parent != texts(stored) else { return [] }
        // The message shows the fields under the names that upstream has inside.
        let shown = zip(fields, parent).map { (String($0.0.prefix(1)).uppercased() + $0.0.dropFirst(), $0.1) }
        return [
            .immutable(
                "spec.parentRef",
                value: .object(Dictionary(shown.map { ($0.0, .string($0.1)) }) { first, _ in first }))
        ]
    }

    static func validateNetworks(_ spec: JSONValue) -> [FieldViolation] {
        let path: FieldPath = "spec.cidrs"
        let texts = spec.texts("cidrs")
        if texts.isEmpty { return [FieldViolation(path, .required, "at least one CIDR required")] }
        let shown = JSONValue.object(["CIDRs": .array(texts.map { .string($0) })])
        if texts.count > 2 {
            return [FieldViolation(path, .invalid, of: shown, "may only hold up to 2 values")]
        }
        let families = Set(texts.map(family))
        if texts.count == 2, families.count != 2 || families.contains(nil) {
            return [
                FieldViolation(
                    path, .invalid, of: shown,
                    "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64")
            ]
        }
        return texts.enumerated().flatMap { index, text in
            FieldViolation.list(path[index], value: text, faults: AddressRules.networkFaults(text))
        }
    }

    /// A second network may be added, of the other family; nothing else changes.
    static func validateNetworksUpdate(_ spec: JSONValue, stored: JSONValue) -> [FieldViolation] {
        let path: FieldPath = "spec.cidrs"
        let (texts, former) = (spec.texts("cidrs"), stored.texts("cidrs"))
        guard texts.count == former.count || (texts.count == 2 && former.count == 1) else {
            return [.immutable(path, value: .array(texts.map { .string($0) }))]
        }
        return zip(texts, former).enumerated().compactMap { index, pair in
            pair.0 == pair.1 ? nil : .immutable(path[index], value: .string(pair.0))
        }
    }

    /// The family of a network, host bits or not.
    private static func family(of text: String) -> IPFamily? {
        text.split(separator: "/").first.flatMap { IPAddress(String($0))?.family }
    }
}
