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
