extension ObjectMetadata {
    /// The rules that hold for every kind: a name of the kind's form, a namespace where there must be one, labels.
    func validate(requiresNamespace: Bool, isNameValid: (String) -> Bool) -> [FieldViolation] {
        var violations: [FieldViolation] = []
        if name.isEmpty {
            violations.append(FieldViolation("metadata.name", .required, "name is required"))
        } else if !isNameValid(name) {
            violations.append(
                FieldViolation("metadata.name", .invalid, value: name, "must be a lowercase RFC 1123 name"))
        }
        if requiresNamespace {
            if !NameRules.isLabel(namespace) {
                violations.append(
                    FieldViolation(
                        "metadata.namespace", namespace.isEmpty ? .required : .invalid,
                        value: namespace.isEmpty ? nil : namespace, "must be a lowercase RFC 1123 label"))
            }
        } else if !namespace.isEmpty {
            violations.append(FieldViolation("metadata.namespace", .forbidden, "not allowed on this type"))
        }
        for (key, value) in labels.sorted(by: { $0.key < $1.key })
        where !NameRules.isQualifiedName(key) || !NameRules.isLabelValue(value) {
            violations.append(
                FieldViolation("metadata.labels", .invalid, value: "\(key)=\(value)", "must be a valid label"))
        }
        return violations
    }
}

extension RegistryObject {
    /// Every rule between and within fields that the object breaks; empty for a sound one.
    package func validate() -> [FieldViolation] {
        switch self {
        case .namespace(let namespace):
            namespace.metadata.validate(requiresNamespace: false, isNameValid: NameRules.isLabel)
        case .service(let service): service.validate()
        case .endpointSlice(let slice): slice.validate()
        case .endpoints(let endpoints): endpoints.validate()
        case .pod(let pod): pod.validate()
        case .other(let kind, let metadata):
            metadata.validate(requiresNamespace: kind.isNamespaced, isNameValid: NameRules.isSubdomain)
        }
    }
}

extension EndpointSlice {
    /// Rules of discovery.k8s.io/v1: addresses of the slice's family and fit for endpoints, hostnames that are labels.
    func validate() -> [FieldViolation] {
        var violations = metadata.validate(requiresNamespace: true, isNameValid: NameRules.isSubdomain)
        let path: FieldPath = "endpoints"
        if endpoints.count > 1000 {
            violations.append(
                FieldViolation(path, .invalid, value: "\(endpoints.count)", "must have at most 1000 items"))
        }
        for (index, endpoint) in endpoints.enumerated() {
            let path = path[index]
            if endpoint.addresses.isEmpty || endpoint.addresses.count > 100 {
                violations.append(FieldViolation(path / "addresses", .required, "must hold 1 to 100 addresses"))
            }
            for (number, text) in endpoint.addresses.enumerated() where addressType != .fqdn {
                let path = (path / "addresses")[number]
                if let violation = Self.violation(ofAddress: text, at: path, family: addressType.rawValue) {
                    violations.append(violation)
                }
            }
            if !endpoint.hostname.isEmpty, !NameRules.isLabel(endpoint.hostname) {
                violations.append(
                    FieldViolation(
                        path / "hostname", .invalid, value: endpoint.hostname, "must be a lowercase RFC 1123 label"))
            }
        }
        return violations + Self.validate(ports: ports, at: "ports")
    }

    static func violation(ofAddress text: String, at path: FieldPath, family: String?) -> FieldViolation? {
        guard let address = IPAddress(text), !address.isIPv4Mapped else {
            return FieldViolation(path, .invalid, value: text, "must be a valid IP address")
        }
        if let family, address.family.rawValue != family {
            return FieldViolation(path, .invalid, value: text, "must be an \(family) address")
        }
        if address.isUnfitForEndpoint {
            return FieldViolation(path, .invalid, value: text, "may not be unspecified, loopback or link-local")
        }
        return nil
    }

    static func validate(ports: [Port], at path: FieldPath) -> [FieldViolation] {
        var violations: [FieldViolation] = []
        var names: Set<String> = []
        for (index, port) in ports.enumerated() {
            if !port.name.isEmpty, !NameRules.isLabel(port.name) {
                violations.append(
                    FieldViolation(
                        path[index] / "name", .invalid, value: port.name, "must be a lowercase RFC 1123 label"))
            }
            if !names.insert(port.name).inserted {
                violations.append(FieldViolation(path[index] / "name", .duplicate, value: port.name))
            }
            if let number = port.port, !(1...65535).contains(number) {
                violations.append(
                    FieldViolation(
                        path[index] / "port", .invalid, value: "\(number)", "must be between 1 and 65535, inclusive"))
            }
        }
        return violations
    }
}

extension Endpoints {
    /// Rules of core/v1 Endpoints: addresses fit for endpoints, hostnames that are labels, sound ports.
    func validate() -> [FieldViolation] {
        var violations = metadata.validate(requiresNamespace: true, isNameValid: NameRules.isSubdomain)
        for (index, subset) in subsets.enumerated() {
            let path = ("subsets" as FieldPath)[index]
            for (field, list) in [("addresses", subset.addresses), ("notReadyAddresses", subset.notReadyAddresses)] {
                for (number, address) in list.enumerated() {
                    let path = (path / field)[number]
                    if let violation = EndpointSlice.violation(ofAddress: address.ip, at: path / "ip", family: nil) {
                        violations.append(violation)
                    }
                    if !address.hostname.isEmpty, !NameRules.isLabel(address.hostname) {
                        violations.append(
                            FieldViolation(
                                path / "hostname", .invalid, value: address.hostname,
                                "must be a lowercase RFC 1123 label"))
                    }
                }
            }
            violations += EndpointSlice.validate(ports: subset.ports, at: path / "ports")
        }
        return violations
    }
}

extension Pod {
    /// Names and the address; the rest of a Pod is nothing to service discovery.
    func validate() -> [FieldViolation] {
        var violations = metadata.validate(requiresNamespace: true, isNameValid: NameRules.isSubdomain)
        if !podIP.isEmpty, IPAddress(podIP) == nil {
            violations.append(
                FieldViolation("status.podIP", .invalid, value: podIP, "must be a valid IP address"))
        }
        for (field, text) in [("hostname", hostname), ("subdomain", subdomain)]
        where !text.isEmpty && !NameRules.isLabel(text) {
            violations.append(
                FieldViolation(
                    "spec" / field, .invalid, value: text, "must be a lowercase RFC 1123 label"))
        }
        return violations
    }
}
