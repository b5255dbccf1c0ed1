import Registry

/// What may change of a Pod's specification: images, a shorter deadline, tolerations that are added.
enum PodUpdateRules {
    private static let changeable = [
        "`spec.containers[*].image`", "`spec.initContainers[*].image`", "`spec.activeDeadlineSeconds`",
        "`spec.tolerations` (only additions to existing tolerations)",
        "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
    ].joined(separator: ",")

    static func validate(_ spec: JSONValue, stored: JSONValue) -> [FieldViolation] {
        var violations: [FieldViolation] = []
        for field in ["containers", "initContainers"] {
            let containers = spec.list(field)
            guard containers.count == stored.list(field).count else {
                return violations + [
                    FieldViolation("spec" / field, .forbidden, "pod updates may not add or remove containers")
                ]
            }
            for (index, container) in containers.enumerated() {
                violations += ContainerRules.validateImage(container, at: ("spec" / field)[index])
            }
        }
        if let violation = validateDeadline(spec, stored: stored) {
            violations.append(violation)
            if spec.at("activeDeadlineSeconds") != nil { return violations }
        }
        violations += validateTolerations(spec.list("tolerations"), stored: stored.list("tolerations"))
        violations += validateGates(spec.list("schedulingGates"), stored: stored.list("schedulingGates"))
        return violations + validateRest(spec, stored: stored)
    }

    private static func validateDeadline(_ spec: JSONValue, stored: JSONValue) -> FieldViolation? {
        let path: FieldPath = "spec.activeDeadlineSeconds"
        let former = stored.integer("activeDeadlineSeconds")
        guard let deadline = spec.integer("activeDeadlineSeconds") else {
            guard former != nil else { return nil }
            return FieldViolation(path, .invalid, of: .null, "must not update from a positive integer to nil value")
        }
        if !(0...Int(Int32.max)).contains(deadline) { return .outOfRange(path, deadline, 0...Int(Int32.max)) }
        guard let former, former < deadline else { return nil }
        return FieldViolation(
            path, .invalid, of: .integer(Int64(deadline)), "must be less than or equal to previous value")
    }

    /// Each toleration stays; how many seconds it lasts may change.
    private static func validateTolerations(_ new: [JSONValue], stored: [JSONValue]) -> [FieldViolation] {
        func lasting(_ toleration: JSONValue) -> JSONValue {
            var toleration = toleration
            toleration["tolerationSeconds"] = nil
            return withoutZeros(toleration)
        }
        let tolerations = Set(new.map(lasting))
        guard stored.contains(where: { !tolerations.contains(lasting($0)) }) else { return [] }
        return [
            FieldViolation(
                "spec.tolerations", .forbidden,
                "existing toleration can not be modified except its tolerationSeconds")
        ]
    }

    private static func validateGates(_ new: [JSONValue], stored: [JSONValue]) -> [FieldViolation] {
        let former = Set(stored.map { $0.text("name") })
        return new.enumerated().filter { !former.contains($0.element.text("name")) }.map { index, _ in
            FieldViolation(
                ("spec.schedulingGates" as FieldPath)[index], .forbidden,
                "only deletion is allowed, but found new scheduling gate")
        }
    }

    private static func validateRest(_ spec: JSONValue, stored: JSONValue) -> [FieldViolation] {
        var spec = spec
        for field in ["activeDeadlineSeconds", "tolerations", "schedulingGates"] { spec[field] = stored[field] }
        for field in ["containers", "initContainers"] {
            let former = stored.list(field)
            guard case .array(var containers)? = spec[field] else { continue }
            for index in containers.indices where former.indices.contains(index) {
                containers[index]["image"] = former[index]["image"]
            }
            spec[field] = .array(containers)
        }
        if let former = stored.integer("terminationGracePeriodSeconds"), former < 0,
            spec.integer("terminationGracePeriodSeconds") == 1
        {
            spec["terminationGracePeriodSeconds"] = stored["terminationGracePeriodSeconds"]
        }
        let (new, former) = (withoutZeros(spec), withoutZeros(stored))
        guard new != former else { return [] }
        return [
            FieldViolation(
                "spec", .forbidden,
                "pod updates may not change fields other than \(changeable)\n\(difference(of: new, from: former))")
        ]
    }

    /// The fields that differ, each with its former and its new value, of which long ones are cut.
    private static func difference(of new: JSONValue, from former: JSONValue) -> String {
        guard case .object(let new) = new, case .object(let former) = former else { return "" }
        var lines: [String] = []
        for field in Set(new.keys).union(former.keys).sorted() where new[field] != former[field] {
            for (sign, value) in [("-", former[field]), ("+", new[field])] {
                guard let value else { continue }
                let text = JSONText.text(of: value)
                lines.append("\(sign) \(field): " + (text.utf8.count <= 256 ? text : "\(text.prefix(255))…"))
            }
        }
        return lines.joined(separator: "\n")
    }

    /// Fields for which false and absence are the same.
    private static let plainFlags: Set<String> = [
        "hostNetwork", "hostPID", "hostIPC", "stdin", "stdinOnce", "tty", "readOnly",
    ]

    /// The value without the fields that say nothing, as two writers may spell the same specification.
    private static func withoutZeros(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let members):
            let kept = members.compactMapValues { member -> JSONValue? in
                switch withoutZeros(member) {
                case .null, .string(""), .array([]), .object([:]): nil
                case let member: member
                }
            }
            return .object(kept.filter { $0.value != .bool(false) || !plainFlags.contains($0.key) })
        case .array(let elements): return .array(elements.map(withoutZeros))
        case .null, .bool, .integer, .number, .string: return value
        }
    }
}
