import ObjectRules
import Registry

/// What the wish to remove an object makes of it: nothing, or a mark that finalizers and grace have to wear off.
struct ObjectDeletion {
    /// Namespaces without which a cluster is none.
    private static let protectedNamespaces: Set<String> = ["default", "kube-system", "kube-public"]

    /// A year, in seconds.
    private static let longestGrace = 86_400 * 365

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
        self.graceSeconds = key.kind == .pod ? min(graceSeconds ?? 0, Self.longestGrace) : 0
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
        } else {
            shortenGrace(in: &marked)
        }
        if key.kind == .namespace { marked["status"]?["phase"] = .string("Terminating") }
        return ObjectEnd.isReached(by: marked, kind: key.kind) ? nil : marked
    }

    /// A later wish may shorten the grace that is running, counted from the first one, and never prolong it.
    private func shortenGrace(in marked: inout JSONValue) {
        let metadata = document["metadata"] ?? .null
        // What a manifest or an older version has put there may be any number.
        let former = min(metadata.integer("deletionGracePeriodSeconds") ?? 0, Self.longestGrace)
        guard graceSeconds < former else { return }
        marked["metadata"]?["deletionGracePeriodSeconds"] = .integer(Int64(graceSeconds))
        guard let end = Timestamp(rfc3339: metadata.text("deletionTimestamp")) else { return }
        let saved = Int64(former - graceSeconds)
        marked["metadata"]?["deletionTimestamp"] = .string(end.advanced(byMilliseconds: -saved * 1000).text)
    }
}
