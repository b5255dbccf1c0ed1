extension ObjectMetadata {
    /// The rules that hold for every kind: a name of the kind's form, a namespace where there must be one, labels,
    /// annotations.
    ///
    /// - Parameter checksName: Whether the form of the name counts: it does only for objects that are new.
    package func validate(as kind: ObjectKind, checksName: Bool = true) -> [FieldViolation] {
        var violations: [FieldViolation] = []
        if name.isEmpty {
            violations.append(FieldViolation("metadata.name", .required, "name or generateName is required"))
        } else if checksName {
            violations += FieldViolation.list("metadata.name", value: name, faults: kind.nameFaults(name))
        }
        if !kind.isNamespaced {
            if !namespace.isEmpty {
                violations.append(FieldViolation("metadata.namespace", .forbidden, "not allowed on this type"))
            }
        } else if namespace.isEmpty {
            violations.append(FieldViolation("metadata.namespace", .required))
        } else {
            violations += FieldViolation.list(
                "metadata.namespace", value: namespace, faults: NameRules.labelFaults(namespace))
        }
        return violations + Self.validate(labels: labels, at: "metadata.labels") + validateAnnotations()
    }

    /// The rules of labels and of what selects them: keys are qualified names, values are label values.
    package static func validate(labels: [String: String], at path: FieldPath) -> [FieldViolation] {
        labels.sorted { $0.key < $1.key }.violations { key, value in
            FieldViolation.list(path, value: key, faults: NameRules.qualifiedNameFaults(key))
                + FieldViolation.list(path, value: value, faults: NameRules.labelValueFaults(value))
        }
    }

    private static let annotationLimit = 256 << 10

    private func validateAnnotations() -> [FieldViolation] {
        let path: FieldPath = "metadata.annotations"
        var violations = annotations.keys.sorted().violations { key in
            // Upper case is allowed in the domain of an annotation's key.
            FieldViolation.list(path, value: key, faults: NameRules.qualifiedNameFaults(key.lowercased()))
        }
        let size = annotations.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        if size > Self.annotationLimit {
            violations.append(FieldViolation(path, .tooLong, "may not be more than \(Self.annotationLimit) bytes"))
        }
        return violations
    }
}

extension ObjectKind {
    /// What is wrong with a name for an object of this kind; nothing for a sound one.
    package func nameFaults(_ name: String) -> [String] {
        switch self {
        case .namespace, .service: NameRules.labelFaults(name)
        case .event: NameRules.pathSegmentFaults(name)
        case .ipAddress: AddressRules.canonicalFaults(name)
        case .endpointSlice, .endpoints, .pod, .node, .serviceCIDR, .lease: NameRules.subdomainFaults(name)
        }
    }
}

extension RegistryObject {
    /// Every rule between and within fields that the object breaks; empty for a sound one.
    ///
    /// - Parameter checksName: Whether the form of the name counts: it does only for objects that are new.
    package func validate(checksName: Bool = true) -> [FieldViolation] {
        metadata.validate(as: kind, checksName: checksName) + validateFields()
    }

    private func validateFields() -> [FieldViolation] {
        switch self {
        case .service(let service): service.validateSpecification()
        case .endpointSlice(let slice): slice.validateEndpoints()
        case .endpoints(let endpoints): endpoints.validateSubsets()
        case .pod(let pod): pod.validateNames()
        case .namespace, .other: []
        }
    }
}

extension EndpointSlice {
    private static let endpointLimit = 1000
    private static let addressLimit = 100
    private static let portLimit = 20_000

    /// Rules of discovery.k8s.io/v1: addresses of the slice's family and fit for endpoints, hostnames that are labels.
    func validateEndpoints() -> [FieldViolation] {
        var violations: [FieldViolation] = []
        if endpoints.count > Self.endpointLimit {
            violations.append(.tooMany("endpoints", count: endpoints.count, limit: Self.endpointLimit))
        } else {
            violations += endpoints.enumerated().violations { index, endpoint in
                validate(endpoint, at: ("endpoints" as FieldPath)[index])
            }
        }
        guard ports.count <= Self.portLimit else {
            return violations + [.tooMany("ports", count: ports.count, limit: Self.portLimit)]
        }
        var names: Set<String> = []
        return violations
            + ports.enumerated().violations { index, port in
                var violations: [FieldViolation] = []
                let path = ("ports" as FieldPath)[index] / "name"
                if !port.name.isEmpty {
                    violations += FieldViolation.list(path, value: port.name, faults: NameRules.labelFaults(port.name))
                }
                if !names.insert(port.name).inserted {
                    violations.append(FieldViolation(path, .duplicate, value: port.name))
                }
                if let number = port.port, !(1...65535).contains(number) {
                    // Upstream takes any number here; a name server and its SRV records cannot.
                    violations.append(.outOfRange(("ports" as FieldPath)[index] / "port", number, 1...65535))
                }
                return violations
            }
    }

    private func validate(_ endpoint: Endpoint, at path: FieldPath) -> [FieldViolation] {
        var violations: [FieldViolation] = []
        let addresses = path / "addresses"
        if endpoint.addresses.isEmpty {
            violations.append(FieldViolation(addresses, .required, "must contain at least 1 address"))
        } else if endpoint.addresses.count > Self.addressLimit {
            violations.append(.tooMany(addresses, count: endpoint.addresses.count, limit: Self.addressLimit))
        }
        violations += endpoint.addresses.enumerated().violations { index, text in
            FieldViolation.list(addresses[index], value: text, faults: faults(ofAddress: text))
        }
        if !endpoint.nodeName.isEmpty {
            violations += FieldViolation.list(
                path / "nodeName", value: endpoint.nodeName, faults: NameRules.subdomainFaults(endpoint.nodeName))
        }
        if !endpoint.hostname.isEmpty {
            violations += FieldViolation.list(
                path / "hostname", value: endpoint.hostname, faults: NameRules.labelFaults(endpoint.hostname))
        }
        return violations
    }

    private func faults(ofAddress text: String) -> [String] {
        guard addressType != .fqdn else { return Self.faults(ofDomainName: text) }
        if let address = IPAddress(text), !address.isIPv4Mapped, address.family.rawValue != addressType.rawValue {
            return ["must be an \(addressType.rawValue) address"]
        }
        return AddressRules.endpointFaults(text)
    }

    /// A name of two labels at least, with or without a trailing dot.
    private static func faults(ofDomainName text: String) -> [String] {
        let name = text.hasSuffix(".") ? text.dropLast() : text[...]
        let faults = NameRules.subdomainFaults(name)
        guard faults.isEmpty else { return [faults.joined(separator: ",")] }
        let labels = name.split(separator: ".")
        if labels.count < 2 { return ["should be a domain with at least two segments separated by dots"] }
        return labels.map(NameRules.labelFaults).first { !$0.isEmpty } ?? []
    }
}

extension Endpoints {
    /// The most subsets, and the most endpoints in all of them: each address counts once for each port. Upstream knows
    /// no such limits, but whoever lists, mirrors or packs endpoints makes one of each pair.
    private static let subsetLimit = 256
    private static let endpointLimit = 100_000

    /// Rules of core/v1 Endpoints: addresses fit for endpoints, hostnames that are labels, sound ports.
    func validateSubsets() -> [FieldViolation] {
        guard subsets.count <= Self.subsetLimit else {
            return [.tooMany("subsets", count: subsets.count, limit: Self.subsetLimit)]
        }
        var room = Self.endpointLimit
        for subset in subsets {
            let addresses = subset.addresses.count + subset.notReadyAddresses.count
            let ports = max(1, subset.ports.count)
            guard addresses <= room / ports else {
                return [
                    FieldViolation(
                        "subsets", .tooMany,
                        "must not have more than \(Self.endpointLimit) pairs of an address and a port")
                ]
            }
            room -= addresses * ports
        }
        return subsets.enumerated().violations { index, subset in
            var violations: [FieldViolation] = []
            let path = ("subsets" as FieldPath)[index]
            if subset.addresses.isEmpty && subset.notReadyAddresses.isEmpty {
                violations.append(
                    FieldViolation(path, .required, "must specify `addresses` or `notReadyAddresses`"))
            }
            for (field, list) in [("addresses", subset.addresses), ("notReadyAddresses", subset.notReadyAddresses)] {
                violations += list.enumerated().violations { number, address in
                    Self.validate(address, at: (path / field)[number])
                }
            }
            return violations
                + subset.ports.enumerated().violations { number, port in
                    Self.validate(port, at: (path / "ports")[number], requiresName: subset.ports.count > 1)
                }
        }
    }

    private static func validate(_ address: Address, at path: FieldPath) -> [FieldViolation] {
        var violations = FieldViolation.list(
            path / "ip", value: address.ip, faults: AddressRules.endpointFaults(address.ip))
        if !address.hostname.isEmpty {
            violations += FieldViolation.list(
                path / "hostname", value: address.hostname, faults: NameRules.labelFaults(address.hostname))
        }
        if !address.nodeName.isEmpty {
            violations += FieldViolation.list(
                path / "nodeName", value: address.nodeName, faults: NameRules.subdomainFaults(address.nodeName))
        }
        return violations
    }

    private static func validate(
        _ port: EndpointSlice.Port, at path: FieldPath, requiresName: Bool
    ) -> [FieldViolation] {
        var violations: [FieldViolation] = []
        if !port.name.isEmpty {
            violations = FieldViolation.list(
                path / "name", value: port.name, faults: NameRules.labelFaults(port.name))
        } else if requiresName {
            violations.append(FieldViolation(path / "name", .required))
        }
        let number = port.port ?? 0
        if !(1...65535).contains(number) { violations.append(.outOfRange(path / "port", number, 1...65535)) }
        return violations
    }
}

extension Pod {
    /// The names and the address that service discovery reads of a Pod.
    func validateNames() -> [FieldViolation] {
        var violations: [FieldViolation] = []
        for (field, text) in [("hostname", hostname), ("subdomain", subdomain)] where !text.isEmpty {
            violations += FieldViolation.list("spec" / field, value: text, faults: NameRules.labelFaults(text))
        }
        if !podIP.isEmpty {
            violations += FieldViolation.list("status.podIP", value: podIP, faults: AddressRules.faults(podIP))
        }
        return violations
    }
}
