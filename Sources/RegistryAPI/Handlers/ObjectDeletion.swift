import ObjectRules
import Registry

/// What the wish to remove an object makes of it: nothing, or a mark that finalizers and grace have to wear off.
struct ObjectDeletion {
    /// Namespaces without which a cluster is none.
    private static let protectedNamespaces: Set<String> = ["default", "kube-system", "kube-public"]

    private var document: JSONValue
    private let key: ObjectKey
    private let graceSeconds: Int
    private let finalizer: String?
    private let now: Timestamp

    init(of document: JSONValue, key: ObjectKey, graceSeconds: Int?, finalizer: String?, now: Timestamp) throws {
        if key.kind == .namespace, Self.protectedNamespaces.contains(key.id.name) {
            throw APIStatus.undeletable(namespace: key.id.name)
        }
        self.document = document
        self.key = key
        // No kubelet confirms the end of a Pod here: without a grace that was asked for it goes at once.
        self.graceSeconds = key.kind == .pod ? min(graceSeconds ?? 0, 86_400 * 365) : 0
        self.finalizer = finalizer
        self.now = now
    }

    /// The document of an object that stays for a while; nil for one that goes.
    func marked() -> JSONValue? {
        var marked = document
        var finalizers: [JSONValue] = []
        if case .array(let given)? = document["metadata"]?["finalizers"] { finalizers = given }
        if let finalizer, !finalizers.contains(.string(finalizer)) { finalizers.append(.string(finalizer)) }
        if !finalizers.isEmpty { marked["metadata"]?["finalizers"] = .array(finalizers) }
        let isFirst = document["metadata"]?["deletionTimestamp"] == nil
        if isFirst {
            marked["metadata"]?["deletionTimestamp"] = .string(
                now.advanced(byMilliseconds: Int64(graceSeconds) * 1000).text)
            marked["metadata"]?["deletionGracePeriodSeconds"] = .integer(Int64(graceSeconds))
        } else if graceSeconds == 0 {
            marked["metadata"]?["deletionGracePeriodSeconds"] = .integer(0)
        }
        if key.kind == .namespace { marked["status"]?["phase"] = .string("Terminating") }
        if Self.isOver(marked, kind: key.kind) { return nil }
        return marked
    }

    /// Whether nothing holds an object that is being removed any longer: no finalizer, and no grace of a Pod.
    static func isOver(_ document: JSONValue, kind: ObjectKind) -> Bool {
        guard document["metadata"]?["deletionTimestamp"] != nil, isEmpty(document["metadata"]?["finalizers"]) else {
            return false
        }
        switch kind {
        case .namespace:
            return isEmpty(document["spec"]?["finalizers"])
        case .pod:
            guard case .integer(let seconds)? = document["metadata"]?["deletionGracePeriodSeconds"] else { return true }
            return seconds == 0
        default:
            return true
        }
    }

    private static func isEmpty(_ list: JSONValue?) -> Bool { list == nil || list == .array([]) || list == .null }
}
