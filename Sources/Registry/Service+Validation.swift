extension Service {
    /// Every rule that the fields break, as Kubernetes' API server would say it (core/v1 Service validation).
    ///
    /// Whether an address is free, in range and of a configured family is the allocator's to say.
    package func validate() -> [FieldViolation] { RegistryObject.service(self).validate() }

    /// The rules of `spec`; what the API server fills in may still be absent.
    func validateSpecification() -> [FieldViolation] {
        validatePorts() + validateAddresses() + validateExternalName() + validatePolicies()
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
        // Of many mistakes the first are told.
        for (index, port) in ports.enumerated() where violations.count <= FieldViolation.toldLimit {
            let path = path[index]
            if kind == .loadBalancer && port.port == Self.kubeletPort {
                violations.append(
                    FieldViolation(
                        path, .invalid, of: .integer(Int64(port.port)),
                        "may not expose port \(port.port) externally since it is used by kubelet"))
            }
            if port.name.isEmpty {
                if ports.count > 1 { violations.append(FieldViolation(path / "name", .required)) }
            } else {
                violations += FieldViolation.list(
                    path / "name", value: port.name, faults: NameRules.labelFaults(port.name))
                if !names.insert(port.name).inserted {
                    violations.append(FieldViolation(path / "name", .duplicate, value: port.name))
                }
            }
            if !(1...65535).contains(port.port) {
                violations.append(.outOfRange(path / "port", port.port, 1...65535))
            }
            violations += Self.validateTargetPort(port.targetPort, at: path / "targetPort")
            if port.nodePort != 0 {
                if kind == .clusterIP || kind == .externalName {
                    violations.append(
                        FieldViolation(
                            path / "nodePort", .forbidden, "may not be used when `type` is '\(kind.rawValue)'"))
                } else if !(1...65535).contains(port.nodePort) {
                    violations.append(.outOfRange(path / "nodePort", port.nodePort, 1...65535))
                } else if !nodeNumbers.insert(PortNumber(transport: port.transport, number: port.nodePort)).inserted {
                    violations.append(
                        FieldViolation(path / "nodePort", .duplicate, of: .integer(Int64(port.nodePort))))
                }
            }
            let number = PortNumber(transport: port.transport, number: port.port)
            if !numbers.insert(number).inserted {
                violations.append(FieldViolation(path, .duplicate, of: number.shown))
            }
        }
        return violations
    }

    /// Where kubelets listen: not to be opened to the world by a load balancer.
    private static let kubeletPort = 10250

    private struct PortNumber: Hashable {
        let transport: TransportProtocol
        let number: Int

        /// The pair in the form that upstream's message has: a port with nothing else set.
        var shown: JSONValue {
            .object([
                "Name": .string(""), "Protocol": .string(transport.rawValue), "AppProtocol": .null,
                "Port": .integer(Int64(number)), "TargetPort": .integer(0), "NodePort": .integer(0),
            ])
        }
    }

    private static func validateTargetPort(_ target: IntegerOrString?, at path: FieldPath) -> [FieldViolation] {
        switch target {
        case nil, .integer(0), .string(""): []
        case .integer(let number):
            (1...65535).contains(number) ? [] : [.outOfRange(path, number, 1...65535)]
        case .string(let name):
            FieldViolation.list(path, value: name, faults: NameRules.portNameFaults(name))
        }
    }

    private func validateAddresses() -> [FieldViolation] {
        var violations: [FieldViolation] = []
        if kind == .externalName {
            let forbidden: [(Bool, FieldPath)] = [
                // The list is filled from the single field before it is looked at: one mistake, said once.
                (!clusterIP.isEmpty || !clusterIPs.isEmpty, "spec.clusterIPs"),
                (!families.isEmpty, "spec.ipFamilies"), (familyPolicy != nil, "spec.ipFamilyPolicy"),
            ]
            violations += forbidden.filter(\.0).map {
                FieldViolation($0.1, .forbidden, "may not be set for ExternalName services")
            }
        } else {
            violations += validateClusterIPs()
        }
        return violations
            + externalIPs.enumerated().violations { index, text in
                FieldViolation.list(
                    ("spec.externalIPs" as FieldPath)[index], value: text, faults: AddressRules.endpointFaults(text))
            }
    }

    private func validateClusterIPs() -> [FieldViolation] {
        let path: FieldPath = "spec.clusterIPs"
        guard !clusterIPs.isEmpty || !clusterIP.isEmpty else { return [] }
        let shown = JSONValue.array(clusterIPs.map { .string($0) })
        if clusterIP.isEmpty {
            return [FieldViolation(path, .invalid, of: shown, "must be empty when `clusterIP` is not specified")]
        }
        let texts = clusterIPs.isEmpty ? [clusterIP] : clusterIPs
        var violations: [FieldViolation] = []
        if texts.first != clusterIP {
            violations.append(FieldViolation(path, .invalid, of: shown, "first value must match `clusterIP`"))
        }
        if texts == ["None"] {
            if kind != .clusterIP {
                violations.append(
                    FieldViolation(
                        path[0], .invalid, value: "None", "may not be set to 'None' for \(kind.rawValue) services"))
            }
            return violations
        }
        for (index, text) in texts.enumerated() where violations.count <= FieldViolation.toldLimit {
            if index == 0 && text == "None" {
                violations.append(
                    FieldViolation(path, .invalid, of: shown, "'None' must be the first and only value"))
            } else {
                violations += FieldViolation.list(path[index], value: text, faults: AddressRules.faults(text))
            }
        }
        if texts.count > 2 {
            violations.append(FieldViolation(path, .invalid, of: shown, "may only hold up to 2 values"))
        }
        let found = texts.compactMap { IPAddress($0)?.family }
        guard found.count == texts.count else { return violations }
        if found.count > 1 && Set(found).count != 2 {
            violations.append(
                FieldViolation(path, .invalid, of: shown, "may specify no more than one IP for each IP family"))
        }
        for (index, (text, family)) in zip(texts, found).enumerated()
        where families.indices.contains(index) && families[index] != family {
            violations.append(
                FieldViolation(
                    path[index], .invalid, value: text,
                    "expected an \(families[index].rawValue) value as indicated by `ipFamilies[\(index)]`"))
        }
        if texts.count > 1 && familyPolicy == .singleStack {
            violations.append(Self.singleStack("when multiple `clusterIPs` are specified"))
        }
        return violations
    }

    private static func singleStack(_ occasion: String) -> FieldViolation {
        FieldViolation(
            "spec.ipFamilyPolicy", .invalid, value: FamilyPolicy.singleStack.rawValue,
            "must be 'RequireDualStack' or 'PreferDualStack' \(occasion)")
    }

    private func validateExternalName() -> [FieldViolation] {
        guard kind == .externalName else { return [] }
        let path: FieldPath = "spec.externalName"
        let name = externalName.hasSuffix(".") ? externalName.dropLast() : Substring(externalName)
        if name.isEmpty { return [FieldViolation(path, .required)] }
        let faults = NameRules.subdomainFaults(name)
        guard faults.isEmpty else { return FieldViolation.list(path, value: String(name), faults: faults) }
        // Longer labels pass upstream's pattern, yet no DNS message can carry them (RFC 1035 §2.3.4).
        guard name.split(separator: ".").allSatisfy({ $0.utf8.count <= 63 }) else {
            return [FieldViolation(path, .invalid, value: externalName, "must have labels of at most 63 characters")]
        }
        return []
    }

    private func validatePolicies() -> [FieldViolation] {
        var violations = ObjectMetadata.validate(labels: selector, at: "spec.selector")
        for (index, family) in families.repeated.prefix(FieldViolation.toldLimit) {
            violations.append(
                FieldViolation(("spec.ipFamilies" as FieldPath)[index], .duplicate, value: family.rawValue))
        }
        if families.count > 1 && familyPolicy == .singleStack {
            violations.append(Self.singleStack("when multiple `ipFamilies` are specified"))
        }
        if sessionAffinity == .clientIP, let timeout = sessionAffinityTimeout, !(1...86400).contains(timeout) {
            violations.append(
                FieldViolation(
                    "spec.sessionAffinityConfig.clientIP.timeoutSeconds", .invalid, of: .integer(Int64(timeout)),
                    "must be greater than 0 and less than 86400"))
        }
        if allocatesLoadBalancerNodePorts != nil, kind != .loadBalancer {
            violations.append(
                FieldViolation(
                    "spec.allocateLoadBalancerNodePorts", .forbidden,
                    "may only be used when `type` is 'LoadBalancer'"))
        }
        if let policy = externalTrafficPolicy, !isExternallyAccessible {
            violations.append(
                FieldViolation(
                    "spec.externalTrafficPolicy", .invalid, value: policy.rawValue,
                    "may only be set for externally-accessible services"))
        }
        if healthCheckNodePort != 0 {
            if kind != .loadBalancer || externalTrafficPolicy != .local {
                violations.append(
                    FieldViolation(
                        "spec.healthCheckNodePort", .invalid, of: .integer(Int64(healthCheckNodePort)),
                        "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"))
            } else if !(1...65535).contains(healthCheckNodePort) {
                violations.append(.outOfRange("spec.healthCheckNodePort", healthCheckNodePort, 1...65535))
            }
        }
        let distributions = ["PreferClose", "PreferSameZone", "PreferSameNode"]
        if !trafficDistribution.isEmpty, !distributions.contains(trafficDistribution) {
            violations.append(
                .notSupported("spec.trafficDistribution", value: trafficDistribution, supported: distributions))
        }
        return violations
    }

    /// Whether traffic from outside the cluster may come in: by a node port, a load balancer or an external IP.
    package var isExternallyAccessible: Bool {
        switch kind {
        case .nodePort, .loadBalancer: true
        case .clusterIP: !externalIPs.isEmpty
        case .externalName: false
        }
    }
}
