import Registry

/// The rules of Services beyond what the typed Service knows: load balancers and application protocols.
enum ServiceRules {
    /// Whether the allocator decides over a field, once it knows what an update inherits and drops.
    static func isAllocators(_ path: FieldPath) -> Bool {
        guard path.components.first == .member("spec"), path.components.count > 1 else { return false }
        if path.components.last == .member("nodePort") { return true }
        return ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "healthCheckNodePort"].contains {
            path.components[1] == .member($0)
        }
    }

    static func validate(_ spec: JSONValue) -> [FieldViolation] {
        var violations = spec.list("ports").enumerated().violations { index, port in
            guard let name = port.at("appProtocol")?.string else { return [] }
            return FieldViolation.list(
                ("spec.ports" as FieldPath)[index] / "appProtocol", value: name,
                faults: NameRules.qualifiedNameFaults(name))
        }
        let isBalanced = spec.text("type") == "LoadBalancer"
        let onlyBalanced = "may only be used when `type` is 'LoadBalancer'"
        let ranges = spec.texts("loadBalancerSourceRanges")
        // Upstream spells the field so.
        let rangePath: FieldPath = "spec.LoadBalancerSourceRanges"
        if !ranges.isEmpty && !isBalanced {
            violations.append(FieldViolation(rangePath, .forbidden, onlyBalanced))
        }
        violations += ranges.enumerated().violations { index, range in
            let text = String(range.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            return FieldViolation.list(
                rangePath[index], value: text, faults: AddressRules.networkFaults(text))
        }
        if let name = spec.at("loadBalancerClass")?.string {
            let path: FieldPath = "spec.loadBalancerClass"
            violations +=
                isBalanced
                ? FieldViolation.list(path, value: name, faults: NameRules.qualifiedNameFaults(name))
                : [FieldViolation(path, .forbidden, onlyBalanced)]
        }
        return violations
    }

    static func validateUpdate(_ spec: JSONValue, stored: JSONValue) -> [FieldViolation] {
        let name = spec.at("loadBalancerClass")
        guard spec.text("type") == "LoadBalancer", stored.text("type") == "LoadBalancer",
            name != stored.at("loadBalancerClass")
        else { return [] }
        return [FieldViolation("spec.loadBalancerClass", .invalid, of: name ?? .null, "may not change once set")]
    }

    static func validateStatus(_ document: JSONValue) -> [FieldViolation] {
        let path: FieldPath = "status.loadBalancer.ingress"
        let ingresses = document.at("status", "loadBalancer")?.list("ingress") ?? []
        if !ingresses.isEmpty, document.at("spec", "type") != .string("LoadBalancer") {
            return [FieldViolation(path, .forbidden, "may only be used when `spec.type` is \"LoadBalancer\"")]
        }
        return ingresses.enumerated().violations { index, ingress in
            let (address, name) = (ingress.text("ip"), ingress.text("hostname"))
            var violations: [FieldViolation] = []
            if !address.isEmpty {
                violations = FieldViolation.list(
                    path[index] / "ip", value: address, faults: AddressRules.faults(address))
            }
            if let mode = ingress.at("ipMode"), mode != .null {
                violations += validateMode(mode, hasAddress: !address.isEmpty, at: path[index] / "ipMode")
            }
            if !name.isEmpty {
                let faults =
                    NameRules.subdomainFaults(name)
                    + (IPAddress(name) == nil ? [] : ["must be a DNS name, not an IP address"])
                violations += FieldViolation.list(path[index] / "hostname", value: name, faults: faults)
            }
            return violations
        }
    }

    /// What traffic to a load balancer's address has for its destination when it comes to a Node.
    private static func validateMode(
        _ mode: JSONValue, hasAddress: Bool, at path: FieldPath
    ) -> [FieldViolation] {
        if !hasAddress { return [FieldViolation(path, .forbidden, "may not be specified when `ip` is not set")] }
        guard mode != .string("VIP"), mode != .string("Proxy") else { return [] }
        return [FieldViolation(path, .notSupported, of: mode, #"supported values: "Proxy", "VIP""#)]
    }
}
