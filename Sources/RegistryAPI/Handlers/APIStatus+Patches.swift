import ObjectPatches
import ObjectRules

extension APIStatus {
    /// Others own what a server-side apply sets to something else.
    init(_ conflict: ApplyConflict) {
        var details = Details()
        details.causes = conflict.causes.map {
            Cause(reason: "FieldManagerConflict", message: $0.message, field: $0.field)
        }
        self.init(409, .conflict, conflict.message, details: details)
    }
}

extension APIStatus {
    /// A patch that cannot be read, asks for too much, or does not fit the object.
    init(_ error: PatchError) {
        switch error.reason {
        case .malformed:
            self = .badRequest("\(error)")
        case .tooManyOperations:
            self.init(413, .requestEntityTooLarge, "\(error)")
        case .notApplicable:
            self.init(422, .invalid, "the server rejected our request due to an error in our request: \(error)")
        }
    }
}
