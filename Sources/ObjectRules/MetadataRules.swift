import Registry

/// The rules of `metadata` beyond name, namespace, labels and annotations.
enum MetadataRules {
    static func validate(_ metadata: JSONValue, kind: ObjectKind) -> [FieldViolation] {
        let prefix = metadata.text("generateName")
        var violations: [FieldViolation] = []
        if !prefix.isEmpty {
            violations = FieldViolation.list(
                "metadata.generateName", value: prefix, faults: NameRules.prefixFaults(prefix, kind.nameFaults))
        }
        violations += validateOwners(metadata.list("ownerReferences"))
        return violations + validateFinalizers(metadata.texts("finalizers"), at: "metadata.finalizers")
    }

    /// What no update changes, and what it can no longer add.
    static func validateUpdate(_ metadata: JSONValue, stored: JSONValue) -> [FieldViolation] {
        var violations: [FieldViolation] = []
        if stored.at("deletionTimestamp") != nil {
            let former = Set(stored.texts("finalizers"))
            let added = Set(metadata.texts("finalizers")).subtracting(former).sorted()
            if !added.isEmpty {
                let list = added.map { "\"\($0)\"" }.joined(separator: ", ")
                violations.append(
                    FieldViolation(
                        "metadata.finalizers", .forbidden,
                        "no new finalizers can be added if the object is being deleted, "
                            + "found new finalizers []string{\(list)}"))
            }
        }
        for field in [
            "name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds",
        ] where metadata.at(field) != stored.at(field) {
            violations.append(.immutable("metadata" / field, value: metadata.at(field)))
        }
        return violations
    }

    static func validateFinalizers(_ finalizers: [String], at path: FieldPath) -> [FieldViolation] {
        var violations = finalizers.violations { finalizer in
            FieldViolation.list(path, value: finalizer, faults: NameRules.qualifiedNameFaults(finalizer))
        }
        if finalizers.contains("orphan") && finalizers.contains("foregroundDeletion") {
            violations.append(
                FieldViolation(
                    path, .invalid, of: .array(finalizers.map { .string($0) }),
                    "finalizer set cannot contain both orphan and foregroundDeletion"))
        }
        return violations
            + finalizers.enumerated().violations { index, finalizer in
                let isKnown = ["kubernetes", "orphan", "foregroundDeletion"].contains(finalizer)
                guard !finalizer.contains("/"), !isKnown else { return [] }
                return [
                    FieldViolation(
                        path[index], .invalid, value: finalizer,
                        "name is neither a standard finalizer name nor is it fully qualified")
                ]
            }
    }

    private static func validateOwners(_ owners: [JSONValue]) -> [FieldViolation] {
        let path: FieldPath = "metadata.ownerReferences"
        var violations: [FieldViolation] = []
        var controller: String?
        var isSecondTold = false
        for owner in owners where violations.count <= FieldViolation.toldLimit {
            let version = owner.text("apiVersion")
            let parts = version.split(separator: "/", omittingEmptySubsequences: false)
            if parts.count > 2 || parts.last?.isEmpty != false {
                violations.append(
                    FieldViolation(path / "apiVersion", .invalid, value: version, "version must not be empty"))
            }
            for field in ["kind", "name", "uid"] where owner.text(field).isEmpty {
                violations.append(FieldViolation(path / field, .invalid, value: "", "must not be empty"))
            }
            if version == "v1", owner.text("kind") == ObjectKind.event.rawValue {
                violations.append(
                    FieldViolation(path, .invalid, of: owner, "/v1, Kind=Event is disallowed from being an owner"))
            }
            guard owner.flag("controller") == true else { continue }
            let name = "\(Self.shortened(owner.text("kind")))/\(Self.shortened(owner.text("name")))"
            // The list stands in the message: said with each one, many would make a message of their product.
            if let controller, !isSecondTold {
                isSecondTold = true
                violations.append(
                    FieldViolation(
                        path, .invalid, of: .array(owners),
                        "Only one reference can have Controller set to true. "
                            + "Found \"true\" in references for \(controller) and \(name)"))
            }
            controller = controller ?? name
        }
        return violations
    }

    /// No object has a longer name.
    private static func shortened(_ name: String) -> String { String(name.unicodeScalars.prefix(253)) }
}

/// The rules of a Namespace's status.
enum NamespaceRules {
    static func validateStatus(_ document: JSONValue) -> [FieldViolation] {
        let phase = document.at("status", "phase")?.string ?? ""
        let isDeleted = document.at("metadata", "deletionTimestamp") != nil
        let wanted = isDeleted ? "Terminating" : "Active"
        guard phase != wanted else { return [] }
        return [
            FieldViolation(
                "status.Phase", .invalid, value: phase,
                "may only be '\(wanted)' if `deletionTimestamp` is \(isDeleted ? "not " : "")empty")
        ]
    }
}
