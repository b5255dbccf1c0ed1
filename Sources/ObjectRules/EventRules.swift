import Registry

/// The rules of Events of core/v1, which are few: old clients write them by hand.
enum EventRules {
    private static let textLimit = 128
    private static let messageLimit = 1024

    static func validate(_ document: JSONValue) -> [FieldViolation] {
        let namespace = document["metadata"]?.text("namespace") ?? ""
        let involved = document["involvedObject"]?.text("namespace") ?? ""
        let isNew = document.at("eventTime") != nil
        let isAtHome =
            involved.isEmpty
            ? namespace == "default" || (isNew && namespace == "kube-system")
            : isNew || namespace == involved
        var violations: [FieldViolation] = []
        if !isAtHome {
            violations.append(
                FieldViolation(
                    "involvedObject.namespace", .invalid, value: involved, "does not match event.namespace"))
        }
        guard isNew else { return violations }
        for (field, text) in [
            // In core/v1 the field has another name than in the messages.
            ("reportingController", document.text("reportingComponent")),
            ("reportingInstance", document.text("reportingInstance")),
            ("action", document.text("action")), ("reason", document.text("reason")),
        ] {
            if text.isEmpty { violations.append(FieldViolation(FieldPath() / field, .required)) }
            if field == "reportingController" {
                violations += FieldViolation.list(
                    FieldPath() / field, value: text, faults: NameRules.qualifiedNameFaults(text))
            } else if text.utf8.count > textLimit {
                violations.append(tooLong(field, limit: textLimit))
            }
        }
        if document.text("message").utf8.count > messageLimit {
            violations.append(tooLong("message", limit: messageLimit))
        }
        return violations
    }

    private static func tooLong(_ field: String, limit: Int) -> FieldViolation {
        FieldViolation(FieldPath() / field, .invalid, value: "", "can have at most \(limit) characters")
    }
}
