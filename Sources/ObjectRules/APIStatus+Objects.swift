import Registry

// Answers about one object, with the texts of Kubernetes' API server.
extension APIStatus {
    package static func notFound(_ kind: ObjectKind, name: String) -> APIStatus {
        APIStatus(
            404, .notFound, "\(kind.qualifiedResource) \"\(name)\" not found",
            details: Details(name: name, resourceOf: kind))
    }

    package static func alreadyExists(_ kind: ObjectKind, name: String) -> APIStatus {
        APIStatus(
            409, .alreadyExists, "\(kind.qualifiedResource) \"\(name)\" already exists",
            details: Details(name: name, resourceOf: kind))
    }

    /// A name could be generated, but each one tried was taken.
    package static func generatedNameTaken(_ kind: ObjectKind, name: String) -> APIStatus {
        var details = Details(name: name, resourceOf: kind)
        details.retryAfterSeconds = 1
        return APIStatus(
            409, .alreadyExists,
            "\(kind.qualifiedResource) \"\(name)\" already exists, the server was not able to generate a unique name "
                + "for the object", details: details)
    }

    /// - Parameter cause: What the object is in conflict with; a newer version of itself unless told otherwise.
    package static func conflict(
        _ kind: ObjectKind, name: String,
        _ cause: String =
            "the object has been modified; please apply your changes to the latest version and try again"
    ) -> APIStatus {
        APIStatus(
            409, .conflict, "Operation cannot be fulfilled on \(kind.qualifiedResource) \"\(name)\": \(cause)",
            details: Details(name: name, resourceOf: kind))
    }

    /// A write names the uid of another object than the stored one.
    package static func uidConflict(_ kind: ObjectKind, name: String, wanted: String, stored: String) -> APIStatus {
        conflict(
            kind, name: name, "Precondition failed: UID in precondition: \(wanted), UID in object meta: \(stored)")
    }

    /// A deletion names the uid of another object than the stored one.
    package static func deletionUIDConflict(
        _ kind: ObjectKind, name: String, wanted: String, stored: String
    ) -> APIStatus {
        conflict(
            kind, name: name,
            "the UID in the precondition (\(wanted)) does not match the UID in record (\(stored)). "
                + "The object might have been deleted and then recreated")
    }

    /// A deletion names another version than the stored one.
    package static func deletionVersionConflict(
        _ kind: ObjectKind, name: String, wanted: String, stored: String
    ) -> APIStatus {
        conflict(
            kind, name: name,
            "the ResourceVersion in the precondition (\(wanted)) does not match the ResourceVersion in record "
                + "(\(stored)). The object might have been modified")
    }

    /// The object breaks rules, all of which are named.
    package static func invalid(_ kind: ObjectKind, name: String, _ violations: [FieldViolation]) -> APIStatus {
        invalid(qualifiedKind: kind.qualifiedKind, kind: kind.rawValue, group: kind.group, name: name, violations)
    }

    /// Parameters of a request that break rules (`ListOptions`, `PatchOptions`, in group `meta.k8s.io`).
    package static func invalid(options: String, _ violations: [FieldViolation]) -> APIStatus {
        invalid(
            qualifiedKind: "\(options).meta.k8s.io", kind: options, group: "meta.k8s.io", name: "", violations)
    }

    /// A PUT leaves out the version that the kind demands.
    package static func versionRequired(_ kind: ObjectKind, name: String) -> APIStatus {
        // Upstream names the resource where the kind belongs.
        invalid(
            qualifiedKind: kind.qualifiedResource, kind: kind.resource, group: kind.group, name: name,
            [FieldViolation("metadata.resourceVersion", .invalid, of: .integer(0), "must be specified for an update")])
    }

    /// A patch makes an object that its kind does not know; upstream blames the patch, of whatever object.
    ///
    /// - Parameters:
    ///   - result: What the patch made.
    ///   - cause: `strict decoding error: unknown field "spec.a"`.
    package static func invalid(patchMaking result: JSONValue, _ cause: String) -> APIStatus {
        invalid(
            qualifiedKind: "", kind: "", group: "", name: "",
            [FieldViolation("patch", .invalid, value: JSONText.text(of: result), cause)])
    }

    /// A server-side apply is meant for an object of a certain uid, and there is none of its name.
    package static func uidConflict(_ kind: ObjectKind, name: String, ofMissing uid: String) -> APIStatus {
        conflict(
            kind, name: name,
            "uid mismatch: the provided object specified uid \(uid), and no existing object was found")
    }

    private static func invalid(
        qualifiedKind: String, kind: String, group: String, name: String, _ violations: [FieldViolation]
    ) -> APIStatus {
        var details = Details()
        details.name = name
        details.group = group
        details.kind = kind
        // Who has made thousands of mistakes does not need to be told all of them at once.
        let told = violations.prefix(FieldViolation.toldLimit)
        details.causes = told.map { Cause($0) }
        var texts: [String] = []
        for text in told.map(\.description) where !texts.contains(text) { texts.append(text) }
        let list = texts.count == 1 ? texts.joined() : "[\(texts.joined(separator: ", "))]"
        return APIStatus(
            422, .invalid, "\(qualifiedKind) \"\(name)\" is invalid" + (texts.isEmpty ? "" : ": \(list)"),
            details: details)
    }

    /// - Parameter name: Empty where the request is about no object of a name.
    package static func forbidden(_ kind: ObjectKind, name: String, _ cause: String) -> APIStatus {
        let object = name.isEmpty ? kind.qualifiedResource : "\(kind.qualifiedResource) \"\(name)\""
        return APIStatus(
            403, .forbidden, "\(object) is forbidden: \(cause)", details: Details(name: name, resourceOf: kind))
    }

    /// A request outside resources (`/metrics`) is refused.
    package static func forbidden(path: String, _ cause: String) -> APIStatus {
        APIStatus(403, .forbidden, "forbidden: \(cause)", details: Details())
    }

    /// Something was to be created in a namespace that is going away.
    ///
    /// - Parameter name: The beginning of the name where it was to be generated.
    package static func namespaceTerminating(_ kind: ObjectKind, name: String, namespace: String) -> APIStatus {
        var status = forbidden(
            kind, name: name,
            "unable to create new content in namespace \(namespace) because it is being terminated")
        status.details?.causes = [
            Cause(
                reason: "NamespaceTerminating", message: "namespace \(namespace) is being terminated",
                field: "metadata.namespace")
        ]
        return status
    }

    /// A namespace that the cluster cannot do without was to be deleted.
    package static func undeletable(namespace: String) -> APIStatus {
        forbidden(.namespace, name: namespace, "this namespace may not be deleted")
    }
}
