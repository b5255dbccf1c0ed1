/// When an object that is being removed is gone.
package enum ObjectEnd {
    /// Whether nothing holds an object whose removal was asked for: no finalizer, and no grace of a Pod.
    package static func isReached(by document: JSONValue, kind: ObjectKind) -> Bool {
        let metadata = document["metadata"] ?? .null
        guard metadata.at("deletionTimestamp") != nil, metadata.list("finalizers").isEmpty else { return false }
        switch kind {
        case .namespace: return document["spec"]?.list("finalizers").isEmpty ?? true
        case .pod: return (metadata.integer("deletionGracePeriodSeconds") ?? 0) == 0
        default: return true
        }
    }
}
