extension Service {
    /// Every rule that the fields break, as Kubernetes' API server would say it (core/v1 Service validation).
    ///
    /// Whether an address is free, in range and of a configured family is the allocator's to say.
    package func validate() -> [FieldViolation] {
        metadata.validate(requiresNamespace: true, isNameValid: NameRules.isLabel) + validatePorts()
            + validateAddresses() + validateExternalName() + validatePolicies()
    }

    private func validatePorts() -> [FieldViolation] {
        var violations: [FieldViolation] = []
        let path: FieldPath = "spec.ports"
        if ports.isEmpty && !isHeadless && kind != .externalName {
            violations.append(FieldViolation(path, .required))
        }
        var names: Set<String> = []
        var numbers: Set<PortNumber> = []
        var nodeNumbers: Set<PortNumber> = []
        for (index, port) in ports.enumerated() {
            let path = path[index]
            if port.name.isEmpty {
                if ports.count > 1 { violations.append(FieldViolation(path / "name", .required)) }
            } else if !NameRules.isLabel(port.name) {
                violations.append(
                    FieldViolation(path / "name", .invalid, value: port.name, "must be a lowercase RFC 1123 label"))
            } else if !names.insert(port.name).inserted {
                violations.append(FieldViolation(path / "name", .duplicate, value: port.name))
            }
            if !(1...65535).contains(port.port) {
                violations.append(Self.outOfPortRange(path / "port", port.port))
            } else if !numbers.insert(PortNumber(transport: port.transport, number: port.port)).inserted {
                violations.append(FieldViolation(path, .duplicate, value: "\(port.transport.rawValue) \(port.port)"))
            }
            violations += Self.validateTargetPort(port.targetPort, at: path / "targetPort")
            if port.nodePort != 0 {
                if kind == .clusterIP || kind == .externalName {
                    violations.append(
                        FieldViolation(
                            path / "nodePort", .forbidden, "may not be used when `type` is '\(kind.rawValue)'"))
                } else if !(1...65535).contains(port.nodePort) {
                    violations.append(Self.outOfPortRange(path / "nodePort", port.nodePort))
                } else if !nodeNumbers.insert(PortNumber(transport: port.transport, number: port.nodePort)).inserted {
                    violations.append(FieldViolation(path / "nodePort", .duplicate, value: "\(port.nodePort)"))
                }
            }
        }
        return violations
    }

    private struct PortNumber: Hashable {
        let transport: TransportProtocol
        let number: Int
    }

    private static func validateTargetPort(_ target: IntegerOrString?, at path: FieldPath) -> [FieldViolation] {
        switch target {
        case nil, .integer(0), .string(""): []
        case .integer(let number):
            (1...65535).contains(number) ? [] : [outOfPortRange(path, number)]
        case .string(let name):
            NameRules.isPortName(name)
                ? []
                : [
                    FieldViolation(
                        path, .invalid, value: name,
                        "must be a port name: at most 15 of [a-z0-9-] with a letter, no '--', no '-' at either end")
                ]
        }
    }

    private static func outOfPortRange(_ path: FieldPath, _ number: Int) -> FieldViolation {
        FieldViolation(path, .invalid, value: "\(number)", "must be between 1 and 65535, inclusive")
    }

    private func validateAddresses() -> [FieldViolation] {
        var violations: [FieldViolation] = []
        if kind == .externalName {
            let forbidden: [(Bool, FieldPath)] = [
                (!clusterIP.isEmpty && clusterIP != "None", "spec.clusterIP"),
                (!clusterIPs.isEmpty && clusterIPs != ["None"], "spec.clusterIPs"),
                (!families.isEmpty, "spec.ipFamilies"), (familyPolicy != nil, "spec.ipFamilyPolicy"),
            ]
            violations += forbidden.filter(\.0).map {
                FieldViolation($0.1, .forbidden, "may not be set for ExternalName services")
            }
        } else {
            violations += validateClusterIPs()
        }
        for (index, text) in externalIPs.enumerated() {
            let path = ("spec.externalIPs" as FieldPath)[index]
            guard let address = IPAddress(text), !address.isIPv4Mapped else {
                violations.append(FieldViolation(path, .invalid, value: text, "must be a valid IP address"))
                continue
            }
            if address.isUnfitForEndpoint {
                violations.append(
                    FieldViolation(path, .invalid, value: text, "may not be unspecified, loopback or link-local"))
            }
        }
        return violations
    }

    private func validateClusterIPs() -> [FieldViolation] {
        let path: FieldPath = "spec.clusterIPs"
        guard !clusterIPs.isEmpty || !clusterIP.isEmpty else { return [] }
        if clusterIP.isEmpty {
            return [FieldViolation("spec.clusterIP", .required, "must be set when `clusterIPs` is")]
        }
        let texts = clusterIPs.isEmpty ? [clusterIP] : clusterIPs
        var violations: [FieldViolation] = []
        if texts[0] != clusterIP {
            violations.append(
                FieldViolation(path, .invalid, value: texts[0], "first value must match `clusterIP`"))
        }
        if texts.count > 2 {
            violations.append(FieldViolation(path, .invalid, "may only hold up to 2 values"))
        }
        if texts.contains("None") {
            if texts.count > 1 {
                violations.append(FieldViolation(path, .invalid, value: "None", "'None' must be the only value"))
            }
            if kind != .clusterIP {
                violations.append(
                    FieldViolation(path[0], .invalid, value: "None", "may not be set to 'None' for \(kind.rawValue)"))
            }
            return violations
        }
        var families: Set<IPFamily> = []
        for (index, text) in texts.enumerated() {
            guard let address = IPAddress(text), !address.isIPv4Mapped else {
                violations.append(FieldViolation(path[index], .invalid, value: text, "must be a valid IP address"))
                continue
            }
            if !families.insert(address.family).inserted {
                violations.append(
                    FieldViolation(path, .invalid, value: text, "may specify no more than one IP for each IP family"))
            }
            if self.families.indices.contains(index), self.families[index] != address.family {
                violations.append(
                    FieldViolation(
                        path[index], .invalid, value: text, "must match the family \(self.families[index].rawValue)"))
            }
        }
        if texts.count > 1 && familyPolicy == .singleStack {
            violations.append(
                FieldViolation(
                    "spec.ipFamilyPolicy", .invalid, value: "SingleStack",
                    "must be RequireDualStack or PreferDualStack with two cluster IPs"))
        }
        return violations
    }

    private func validateExternalName() -> [FieldViolation] {
        guard kind == .externalName else { return [] }
        let path: FieldPath = "spec.externalName"
        let name = externalName.hasSuffix(".") ? externalName.dropLast() : Substring(externalName)
        if name.isEmpty { return [FieldViolation(path, .required)] }
        guard NameRules.isSubdomain(name) else {
            return [
                FieldViolation(path, .invalid, value: externalName, "must be a lowercase RFC 1123 subdomain")
            ]
        }
        // Longer labels pass upstream's pattern, yet no DNS message can carry them (RFC 1035 §2.3.4).
        guard name.split(separator: ".").allSatisfy({ $0.utf8.count <= 63 }) else {
            return [FieldViolation(path, .invalid, value: externalName, "must have labels of at most 63 characters")]
        }
        return []
    }

    private func validatePolicies() -> [FieldViolation] {
        var violations: [FieldViolation] = []
        if families.count > 2 || Set(families).count != families.count {
            violations.append(FieldViolation("spec.ipFamilies", .invalid, "may hold each family once"))
        }
        if families.count > 1 && familyPolicy == .singleStack {
            violations.append(
                FieldViolation(
                    "spec.ipFamilyPolicy", .invalid, value: "SingleStack",
                    "must be RequireDualStack or PreferDualStack with two families"))
        }
        if sessionAffinity == .clientIP, let timeout = sessionAffinityTimeout, !(1...86400).contains(timeout) {
            violations.append(
                FieldViolation(
                    "spec.sessionAffinityConfig.clientIP.timeoutSeconds", .invalid, value: "\(timeout)",
                    "must be between 1 and 86400, inclusive"))
        }
        if externalTrafficPolicy != nil, kind == .externalName || (kind == .clusterIP && externalIPs.isEmpty) {
            violations.append(
                FieldViolation(
                    "spec.externalTrafficPolicy", .invalid, value: externalTrafficPolicy?.rawValue,
                    "may only be set for externally-accessible services"))
        }
        if healthCheckNodePort != 0, kind != .loadBalancer || externalTrafficPolicy != .local {
            violations.append(
                FieldViolation(
                    "spec.healthCheckNodePort", .invalid, value: "\(healthCheckNodePort)",
                    "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"))
        }
        if !["", "PreferClose", "PreferSameZone", "PreferSameNode"].contains(trafficDistribution) {
            violations.append(
                FieldViolation(
                    "spec.trafficDistribution", .notSupported, value: trafficDistribution,
                    #"supported values: "PreferClose", "PreferSameNode", "PreferSameZone""#))
        }
        for (key, value) in selector.sorted(by: { $0.key < $1.key })
        where !NameRules.isQualifiedName(key) || !NameRules.isLabelValue(value) {
            violations.append(
                FieldViolation("spec.selector", .invalid, value: "\(key)=\(value)", "must be a valid label"))
        }
        return violations
    }
}
