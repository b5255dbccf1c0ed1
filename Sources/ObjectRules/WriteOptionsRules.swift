import Registry

/// The rules of what the query of a write asks for (meta/v1 CreateOptions, UpdateOptions, PatchOptions,
/// DeleteOptions).
package enum WriteOptionsRules {
    /// Each value of `dryRun`; `All` is the only one there is.
    package static func validateTrial(_ values: [String]) -> [FieldViolation] {
        guard values.contains(where: { $0 != "All" }) else { return [] }
        return [
            FieldViolation(
                "dryRun", .notSupported, of: .array(values.map { .string($0) }), "supported values: \"All\"")
        ]
    }

    /// What becomes of dependents, which may be said in one of two ways.
    ///
    /// - Parameters:
    ///   - policy: Empty for none.
    ///   - hasOrphans: Whether `orphanDependents`, the older way, says something.
    package static func validatePropagation(_ policy: String, hasOrphans: Bool) -> [FieldViolation] {
        guard !policy.isEmpty else { return [] }
        var violations: [FieldViolation] = []
        if hasOrphans {
            violations.append(
                FieldViolation(
                    "propagationPolicy", .invalid, value: policy,
                    "orphanDependents and deletionPropagation cannot be both set"))
        }
        let supported = ["Foreground", "Background", "Orphan", "nil"]
        if !supported.dropLast().contains(policy) {
            violations.append(.notSupported("propagationPolicy", value: policy, supported: supported))
        }
        return violations
    }

    /// The name that fields are owned by; empty for none.
    package static func validateManager(_ name: String) -> [FieldViolation] {
        var violations: [FieldViolation] = []
        if name.utf8.count > managerLimit {
            violations.append(FieldViolation("fieldManager", .tooLong, "may not be more than \(managerLimit) bytes"))
        }
        // The name is said with each mistake: of many, the first few tell enough.
        let unprintable = name.unicodeScalars.indices.lazy.filter { !isPrintable(name.unicodeScalars[$0]) }
        for index in unprintable.prefix(8) {
            let number = String(name.unicodeScalars[index].value, radix: 16, uppercase: true)
            let code = String(repeating: "0", count: max(0, 4 - number.count)) + number
            let place = name.utf8.distance(from: name.utf8.startIndex, to: index)
            violations.append(
                FieldViolation(
                    "fieldManager", .invalid, value: name, "invalid character U+\(code) (at position \(place))"))
        }
        return violations
    }

    /// In bytes.
    private static let managerLimit = 128

    /// What to do about unknown fields.
    package static func validateFieldValidation(_ text: String) -> [FieldViolation] {
        let supported = ["", "Ignore", "Strict", "Warn"]
        return supported.contains(text)
            ? [] : [.notSupported("fieldValidation", value: text, supported: supported)]
    }

    /// What only some patches may say: whether they overrule others, and who they are.
    ///
    /// - Parameters:
    ///   - isApply: Whether it is a server-side apply.
    ///   - manager: The name that was given; empty for none.
    package static func validatePatch(isApply: Bool, hasForce: Bool, manager: String) -> [FieldViolation] {
        if !isApply {
            return hasForce ? [FieldViolation("force", .forbidden, "may not be specified for non-apply patch")] : []
        }
        return manager.isEmpty ? [FieldViolation("fieldManager", .required, "is required for apply patch")] : []
    }

    /// Letters, marks, numbers, punctuation, symbols and the plain space (as Go's `unicode.IsPrint`).
    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        case .spaceSeparator: scalar == " "
        default: true
        }
    }
}
