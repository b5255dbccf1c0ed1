import Registry

/// The rules of the containers of a Pod: names, images, ports, variables and mounts.
struct ContainerRules {
    private let volumes: Set<String>
    private let usesHostNetwork: Bool
    private let handlers: HandlerRules

    /// The rules of all containers of a specification, those that run first included.
    static func validate(_ spec: JSONValue) -> [FieldViolation] {
        let rules = ContainerRules(
            volumes: Set(spec.list("volumes").map { $0.text("name") }),
            usesHostNetwork: spec.flag("hostNetwork") == true,
            handlers: HandlerRules(gracePeriod: spec.integer("terminationGracePeriodSeconds") ?? 0))
        let containers = spec.list("containers")
        var names: Set<String> = []
        var violations: [FieldViolation] = []
        if containers.isEmpty { violations.append(FieldViolation("spec.containers", .required)) }
        for (field, list) in [("containers", containers), ("initContainers", spec.list("initContainers"))] {
            violations += list.enumerated().violations { index, container in
                let path = ("spec" / field)[index]
                let name = container.text("name")
                let isNew = name.isEmpty || names.insert(name).inserted
                return rules.validate(container, at: path)
                    + (isNew ? [] : [FieldViolation(path / "name", .duplicate, value: name)])
            }
        }
        return violations
    }

    /// An image must be named, and by one word.
    static func validateImage(_ container: JSONValue, at path: FieldPath) -> [FieldViolation] {
        let image = container.text("image")
        if image.isEmpty { return [FieldViolation(path / "image", .required)] }
        guard image.first?.isWhitespace == true || image.last?.isWhitespace == true else { return [] }
        return [
            FieldViolation(path / "image", .invalid, value: image, "must not have leading or trailing whitespace")
        ]
    }

    private func validate(_ container: JSONValue, at path: FieldPath) -> [FieldViolation] {
        let name = container.text("name")
        var violations =
            name.isEmpty
            ? [FieldViolation(path / "name", .required)]
            : FieldViolation.list(path / "name", value: name, faults: NameRules.labelFaults(name))
        violations += Self.validateImage(container, at: path)
        violations += FieldChoice.validate(
            container, "terminationMessagePolicy", at: path, supported: ["FallbackToLogsOnError", "File"])
        violations += validatePorts(container.list("ports"), at: path / "ports")
        violations += validateVariables(container.list("env"), at: path / "env")
        violations += validateMounts(container.list("volumeMounts"), at: path / "volumeMounts")
        violations += FieldChoice.validate(
            container, "imagePullPolicy", at: path, supported: ["Always", "IfNotPresent", "Never"])
        violations += validateResources(container["resources"] ?? .null, at: path / "resources")
        violations += handlers.validate(container, at: path)
        return violations
            + SecurityContextRules.validate(container["securityContext"] ?? .null, at: path / "securityContext")
    }

    private func validatePorts(_ ports: [JSONValue], at path: FieldPath) -> [FieldViolation] {
        var names: Set<String> = []
        return ports.enumerated().violations { index, port in
            var violations: [FieldViolation] = []
            let path = path[index]
            let name = port.text("name")
            if !name.isEmpty {
                let faults = NameRules.portNameFaults(name)
                violations += FieldViolation.list(path / "name", value: name, faults: faults)
                if faults.isEmpty, !names.insert(name).inserted {
                    violations.append(FieldViolation(path / "name", .duplicate, value: name))
                }
            }
            let number = port.integer("containerPort") ?? 0
            if number == 0 {
                violations.append(FieldViolation(path / "containerPort", .required))
            } else if !(1...65535).contains(number) {
                violations.append(.outOfRange(path / "containerPort", number, 1...65535))
            }
            let host = port.integer("hostPort") ?? 0
            if host != 0, !(1...65535).contains(host) {
                violations.append(.outOfRange(path / "hostPort", host, 1...65535))
            }
            if usesHostNetwork, host != number {
                violations.append(
                    FieldViolation(
                        path / "containerPort", .invalid, of: .integer(Int64(number)),
                        "must match `hostPort` when `hostNetwork` is true"))
            }
            return violations + FieldChoice.validate(port, "protocol", at: path, supported: ["SCTP", "TCP", "UDP"])
        }
    }

    private func validateVariables(_ variables: [JSONValue], at path: FieldPath) -> [FieldViolation] {
        variables.enumerated().violations { index, variable in
            let name = variable.text("name")
            var violations: [FieldViolation] = []
            if name.isEmpty {
                violations.append(FieldViolation(path[index] / "name", .required))
            } else if !name.utf8.allSatisfy({ (0x20..<0x7f).contains($0) && $0 != UInt8(ascii: "=") }) {
                violations.append(
                    FieldViolation(
                        path[index] / "name", .invalid, value: name,
                        "a valid environment variable name must consist only of printable ASCII characters other "
                            + "than '='"))
            }
            if variable.at("valueFrom") != nil, !variable.text("value").isEmpty {
                violations.append(
                    FieldViolation(
                        path[index] / "valueFrom", .invalid, value: "",
                        "may not be specified when `value` is not empty"))
            }
            return violations
        }
    }

    private func validateMounts(_ mounts: [JSONValue], at path: FieldPath) -> [FieldViolation] {
        var places: Set<String> = []
        return mounts.enumerated().violations { index, mount in
            let path = path[index]
            let (name, place) = (mount.text("name"), mount.text("mountPath"))
            var violations: [FieldViolation] = []
            if name.isEmpty {
                violations.append(FieldViolation(path / "name", .required))
            } else if !volumes.contains(name) {
                violations.append(FieldViolation(path / "name", .notFound, value: name))
            }
            if place.isEmpty {
                violations.append(FieldViolation(path / "mountPath", .required))
            } else if !places.insert(place).inserted {
                violations.append(FieldViolation(path / "mountPath", .invalid, value: place, "must be unique"))
            }
            return violations
        }
    }

    private func validateResources(_ resources: JSONValue, at path: FieldPath) -> [FieldViolation] {
        let limits = resources.members("limits")
        var violations: [FieldViolation] = []
        for (field, amounts) in [("limits", limits), ("requests", resources.members("requests"))] {
            violations += amounts.sorted(by: { $0.key < $1.key }).violations { name, value in
                let path = path / field / name
                guard let amount = ResourceQuantity.value(value) else {
                    return [FieldViolation(path, .invalid, of: value, "must be a quantity, as `100m` or `1Gi`")]
                }
                var violations: [FieldViolation] = []
                if amount < 0 {
                    violations.append(
                        FieldViolation(path, .invalid, of: value, "must be greater than or equal to 0"))
                }
                if field == "requests", let limit = limits[name].flatMap(ResourceQuantity.value), amount > limit {
                    violations.append(
                        FieldViolation(
                            path.parent, .invalid, of: value,
                            "must be less than or equal to \(name.beginning) limit of \(Self.shown(limits[name]))"))
                }
                return violations
            }
        }
        return violations
    }

    private static func shown(_ value: JSONValue?) -> String {
        (value?.string ?? value.map(JSONText.text) ?? "").beginning
    }
}

extension FieldPath {
    /// The path without its last step.
    var parent: FieldPath { FieldPath(Array(components.dropLast())) }
}
