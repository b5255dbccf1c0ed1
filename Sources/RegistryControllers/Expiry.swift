import Registry

/// The age of Events: an hour behind the last time they tell of, they go (`--event-ttl` of Kubernetes' API server).
enum EventExpiry {
    static let lifetime: Int64 = 3_600_000

    /// When an Event goes, looked at now. One that tells of the future alone was made while the clock was ahead: it has
    /// an hour from here.
    static func end(of document: JSONValue, now: Timestamp) -> Timestamp {
        (last(of: document, until: now) ?? now).advanced(byMilliseconds: lifetime)
    }

    /// The last time it tells of. What is in the future does not count: nobody could wait for it.
    private static func last(of document: JSONValue, until now: Timestamp) -> Timestamp? {
        let times = [
            document.time("lastTimestamp"), document.time("eventTime"), document.time("firstTimestamp"),
            document["series"]?.time("lastObservedTime"), document["metadata"]?.time("creationTimestamp"),
        ]
        return times.compactMap { $0 }.filter { $0 <= now }.max()
    }

    /// Removes an Event whose end has come, as it was told by `end`.
    static func write(_ id: NamespacedName) -> ObjectWrite {
        ObjectWrite(ObjectKey(.event, id), feeder: RegistryControllers.feeder) { stored, transaction in
            guard let stored else { return .keep }
            let last = last(of: try stored.document(), until: transaction.now)
            // Of the future alone it told when its hour began.
            if let last, last.advanced(byMilliseconds: lifetime) > transaction.now { return .keep }
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
