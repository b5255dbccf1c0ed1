import Registry

/// The age of Events: an hour behind the last time they tell of, they go (`--event-ttl` of Kubernetes' API server).
enum EventExpiry {
    static let lifetime: Int64 = 3_600_000

    /// When an Event goes. What it tells of the future does not count: nobody could wait for it.
    static func end(of document: JSONValue, now: Timestamp) -> Timestamp {
        let times = [
            document.time("lastTimestamp"), document.time("eventTime"), document.time("firstTimestamp"),
            document["series"]?.time("lastObservedTime"), document["metadata"]?.time("creationTimestamp"),
        ]
        let last = times.compactMap { $0 }.filter { $0 <= now }.max() ?? now
        return last.advanced(byMilliseconds: lifetime)
    }

    static func write(_ id: NamespacedName) -> ObjectWrite {
        ObjectWrite(ObjectKey(.event, id), feeder: RegistryControllers.feeder) { stored, transaction in
            guard let stored else { return .keep }
            let end = end(of: try stored.document(), now: transaction.now)
            guard end <= transaction.now else { return .keep }
            return try ObjectRemoval.decision(for: stored, now: transaction.now)
        }
    }
}

/// The end of Pods: no kubelet confirms it here, so they go when their grace period is over.
enum PodExpiry {
    static func write(_ id: NamespacedName) -> ObjectWrite {
        ObjectWrite(ObjectKey(.pod, id), feeder: RegistryControllers.feeder) { stored, transaction in
            guard let stored else { return .keep }
            var document = try stored.document()
            let header = ObjectHeader(of: document)
            guard let end = header.deletionTime, end <= transaction.now else { return .keep }
            guard !header.finalizers.isEmpty else { return .delete }
            // What is left are finalizers: whoever takes the last one ends the Pod.
            document["metadata"]?["deletionGracePeriodSeconds"] = .integer(0)
            return .put(document)
        }
    }
}
