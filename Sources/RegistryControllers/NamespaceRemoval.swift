import Registry

/// The removal of a Namespace: its content first, then the finalizer that stands for the content, then itself.
enum NamespaceRemoval {
    /// The entry of `spec.finalizers` that stands for the content.
    static let finalizer = "kubernetes"

    static func key(_ name: String) -> ObjectKey { ObjectKey(.namespace, NamespacedName(namespace: "", name: name)) }

    /// Whether a Namespace is being removed, so that nothing may come into it; one that is not there is not.
    static func isUnderWay(of name: String, in transaction: any ObjectTransaction) throws -> Bool {
        guard let stored = try transaction.object(key(name)), stored.text.holds(#""deletionTimestamp""#) else {
            return false
        }
        return ObjectHeader(of: try stored.document()).isBeingDeleted
    }

    /// Removes an object of the content.
    static func write(removing key: ObjectKey) -> ObjectWrite {
        ObjectWrite(key, feeder: RegistryControllers.feeder) { stored, transaction in
            guard let stored, try isUnderWay(of: key.id.namespace, in: transaction) else { return .keep }
            return try ObjectRemoval.decision(for: stored, now: transaction.now)
        }
    }

    /// Lets a Namespace without content go.
    static func write(finishing name: String) -> ObjectWrite {
        ObjectWrite(key(name), feeder: RegistryControllers.feeder) { stored, _ in
            guard let stored else { return .keep }
            var document = try stored.document()
            guard ObjectHeader(of: document).isBeingDeleted else { return .keep }
            let left = (document["spec"]?.strings("finalizers") ?? []).filter { $0 != finalizer }
            if document["spec"] != nil {
                document["spec"]?["finalizers"] = left.isEmpty ? nil : .array(left.map { .string($0) })
            }
            return ObjectEnd.isReached(by: document, kind: .namespace) ? .delete : .put(document)
        }
    }

    /// Says in the Namespace's conditions what keeps it from going.
    static func write(reporting rest: NamespaceRest, of name: String) -> ObjectWrite {
        ObjectWrite(key(name), feeder: RegistryControllers.feeder) { stored, transaction in
            guard let stored else { return .keep }
            var document = try stored.document()
            guard ObjectHeader(of: document).isBeingDeleted else { return .keep }
            let former = document["status"]?.list("conditions") ?? []
            let own = Set(rest.conditions.map(\.type))
            let others = former.filter { !own.contains($0.text("type")) }
            document["status"]?["conditions"] = .array(
                others
                    + rest.conditions.map { condition in
                        condition.document(
                            former: former.first { $0.text("type") == condition.type }, now: transaction.now)
                    })
            return .put(document)
        }
    }
}

/// What is left in a Namespace that is being removed because finalizers hold it.
struct NamespaceRest: Hashable, Sendable {
    /// How many objects of each resource, by its name with its group (`endpointslices.discovery.k8s.io`).
    var resources: [String: Int] = [:]
    /// How many objects each finalizer is on.
    var finalizers: [String: Int] = [:]

    var isEmpty: Bool { resources.isEmpty }

    mutating func add(_ record: ObjectRecord) throws {
        let kind = record.key.kind
        resources[kind.group.isEmpty ? "\(kind.resource)." : "\(kind.resource).\(kind.group)", default: 0] += 1
        for finalizer in try ObjectHeader(of: record)?.finalizers ?? [] { finalizers[finalizer, default: 0] += 1 }
    }

    struct Condition: Hashable, Sendable {
        let type: String
        let isTrue: Bool
        let reason: String
        let message: String

        /// The condition as an entry of `status.conditions`, since when it has been as it is kept from before.
        func document(former: JSONValue?, now: Timestamp) -> JSONValue {
            let status = isTrue ? "True" : "False"
            let since = former?.text("status") == status ? former?.at("lastTransitionTime") : nil
            return .object([
                "type": .string(type), "status": .string(status), "reason": .string(reason),
                "message": .string(message), "lastTransitionTime": since ?? .string(now.text),
            ])
        }
    }

    var conditions: [Condition] {
        let content = resources.sorted { $0.key < $1.key }.map { "\($0.key) has \($0.value) resource instances" }
        let held = finalizers.sorted { $0.key < $1.key }.map { "\($0.key) in \($0.value) resource instances" }
        return [
            Condition(
                type: "NamespaceDeletionDiscoveryFailure", isTrue: false, reason: "ResourcesDiscovered",
                message: "All resources successfully discovered"),
            Condition(
                type: "NamespaceDeletionGroupVersionParsingFailure", isTrue: false, reason: "ParsedGroupVersions",
                message: "All legacy kube types successfully parsed"),
            Condition(
                type: "NamespaceDeletionContentFailure", isTrue: false, reason: "ContentDeleted",
                message: "All content successfully deleted, may be waiting on finalization"),
            Condition(
                type: "NamespaceContentRemaining", isTrue: !content.isEmpty,
                reason: content.isEmpty ? "ContentRemoved" : "SomeResourcesRemain",
                message: content.isEmpty
                    ? "All content successfully removed"
                    : "Some resources are remaining: \(content.joined(separator: ", "))"),
            Condition(
                type: "NamespaceFinalizersRemaining", isTrue: !held.isEmpty,
                reason: held.isEmpty ? "ContentHasNoFinalizers" : "SomeFinalizersRemain",
                message: held.isEmpty
                    ? "All content-preserving finalizers finished"
                    : "Some content in the namespace has finalizers remaining: \(held.joined(separator: ", "))"),
        ]
    }
}
