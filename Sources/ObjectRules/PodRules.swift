import Registry

/// The rules of a Pod's specification (core/v1), those that a Pod must keep which no kubelet runs.
enum PodRules {
    static func validate(_ spec: JSONValue) -> [FieldViolation] {
        let path: FieldPath = "spec"
        return VolumeRules.validate(spec.list("volumes"), at: path / "volumes")
            + ContainerRules.validate(spec)
            + validatePolicies(spec, at: path)
            + SecurityContextRules.validate(spec["securityContext"] ?? .null, at: path / "securityContext")
            + validateReferences(spec, at: path)
            + PodDNSRules.validate(spec)
            + TolerationRules.validate(spec.list("tolerations"), at: path / "tolerations")
            + validateAliases(spec.list("hostAliases"), at: path / "hostAliases")
    }

    /// What a Pod gets only once it is there.
    static func validateCreate(_ spec: JSONValue) -> [FieldViolation] {
        spec.list("ephemeralContainers").isEmpty
            ? [] : [FieldViolation("spec.ephemeralContainers", .forbidden, "cannot be set on create")]
    }

    private static func validatePolicies(_ spec: JSONValue, at path: FieldPath) -> [FieldViolation] {
        var violations = FieldChoice.validate(
            spec, "restartPolicy", at: path, supported: ["Always", "OnFailure", "Never"])
        violations += FieldChoice.validate(
            spec, "dnsPolicy", at: path, supported: ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"])
        if spec.at("terminationGracePeriodSeconds") == nil {
            violations.append(FieldViolation(path / "terminationGracePeriodSeconds", .required))
        }
        if let seconds = spec.integer("activeDeadlineSeconds"), !(1...Int(Int32.max)).contains(seconds) {
            violations.append(.outOfRange(path / "activeDeadlineSeconds", seconds, 1...Int(Int32.max)))
        }
        return violations
    }

    /// Names of other objects, and of what the Pod is known by.
    private static func validateReferences(_ spec: JSONValue, at path: FieldPath) -> [FieldViolation] {
        var violations = ObjectMetadata.validate(labels: spec.textMap("nodeSelector"), at: path / "nodeSelector")
        for field in ["serviceAccountName", "nodeName", "priorityClassName", "runtimeClassName"] {
            let name = spec.text(field)
            guard !name.isEmpty else { continue }
            violations += FieldViolation.list(path / field, value: name, faults: NameRules.subdomainFaults(name))
        }
        let scheduler = spec.text("schedulerName")
        if scheduler.isEmpty {
            violations.append(FieldViolation(path / "schedulerName", .required))
        } else {
            violations += FieldViolation.list(
                path / "schedulerName", value: scheduler, faults: NameRules.qualifiedNameFaults(scheduler))
        }
        return violations + validateHostname(spec, at: path)
    }

    private static func validateHostname(_ spec: JSONValue, at path: FieldPath) -> [FieldViolation] {
        let name = spec.text("hostnameOverride")
        guard !name.isEmpty else { return [] }
        let field = path / "hostnameOverride"
        var violations = FieldViolation.list(field, value: name, faults: NameRules.subdomainFaults(name))
        if name.utf8.count > 64 {
            violations.append(FieldViolation(field, .tooLong, "may not be more than 64 bytes"))
        }
        for other in ["hostNetwork", "setHostnameAsFQDN"] where spec.flag(other) == true {
            violations.append(FieldViolation(field, .forbidden, "may not be set when `\(other)` is true"))
        }
        return violations
    }

    private static func validateAliases(_ aliases: [JSONValue], at path: FieldPath) -> [FieldViolation] {
        aliases.enumerated().violations { index, alias in
            let address = alias.text("ip")
            return FieldViolation.list(
                path[index] / "ip", value: address, faults: AddressRules.faults(address))
                + alias.texts("hostnames").enumerated().violations { number, name in
                    FieldViolation.list(
                        (path[index] / "hostnames")[number], value: name, faults: NameRules.subdomainFaults(name))
                }
        }
    }
}

/// Fields that hold one text of a closed set, and must hold one.
enum FieldChoice {
    static func validate(
        _ object: JSONValue, _ field: String, at path: FieldPath, supported: [String]
    ) -> [FieldViolation] {
        let text = object.text(field)
        if text.isEmpty { return [FieldViolation(path / field, .required)] }
        return supported.contains(text) ? [] : [.notSupported(path / field, value: text, supported: supported)]
    }
}
