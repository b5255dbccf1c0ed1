import Registry

/// Endpoints that a lease keeps alive: a slice of the Lease's name, not ready once the Lease has run out, gone with it
/// ten minutes later.
struct Registration: Hashable, Sendable {
    static let afterlife: Int64 = 600_000

    /// When the Lease runs out; nil for an object that is no registration.
    static func end(of lease: JSONValue, now: Timestamp) -> Timestamp? {
        guard lease["metadata"]?.textMap("labels")[EndpointSlice.leaseLabel] == "true" else { return nil }
        let spec = lease["spec"] ?? .null
        let renewed =
            spec.time("renewTime") ?? spec.time("acquireTime") ?? lease["metadata"]?.time("creationTimestamp") ?? now
        let seconds = max(0, min(spec.integer("leaseDurationSeconds") ?? 0, 86_400 * 365))
        return renewed.advanced(byMilliseconds: Int64(seconds) * 1000)
    }

    let id: NamespacedName
    /// When the Lease ran out, or was found to be gone.
    let end: Timestamp

    /// When the rest of it is removed.
    var removal: Timestamp { end.advanced(byMilliseconds: Self.afterlife) }

    private var leaseKey: ObjectKey { ObjectKey(.lease, id) }

    /// What is to be written at an instant at which the Lease has run out.
    func writes(at now: Timestamp) -> [ObjectWrite] { now < removal ? [withdrawal] : [sliceRemoval, leaseRemoval] }

    private var withdrawal: ObjectWrite {
        ObjectWrite(ObjectKey(.endpointSlice, id), feeder: RegistryControllers.feeder) { stored, transaction in
            guard let stored, try isOver(in: transaction) else { return .keep }
            var document = try stored.document()
            guard belongsToLease(document) else { return .keep }
            let former = document.list("endpoints")
            let withdrawn = former.map { endpoint in
                var endpoint = endpoint
                var conditions = endpoint["conditions"] ?? .object([:])
                conditions["ready"] = .bool(false)
                conditions["serving"] = .bool(false)
                endpoint["conditions"] = conditions
                return endpoint
            }
            guard withdrawn != former else { return .keep }
            document["endpoints"] = .array(withdrawn)
            document.advanceGeneration()
            return .put(document)
        }
    }

    private var sliceRemoval: ObjectWrite {
        ObjectWrite(ObjectKey(.endpointSlice, id), feeder: RegistryControllers.feeder) { stored, transaction in
            guard let stored, try isOver(in: transaction), belongsToLease(try stored.document()) else { return .keep }
            return try ObjectRemoval.decision(for: stored, now: transaction.now)
        }
    }

    private var leaseRemoval: ObjectWrite {
        ObjectWrite(leaseKey, feeder: RegistryControllers.feeder) { stored, transaction in
            guard let stored, try isOver(in: transaction) else { return .keep }
            return try ObjectRemoval.decision(for: stored, now: transaction.now)
        }
    }

    private func belongsToLease(_ slice: JSONValue) -> Bool {
        slice["metadata"]?.textMap("labels")[EndpointSlice.leaseLabel] == id.name
    }

    /// Whether the Lease, as it is stored now, has run out: it may have been renewed just now.
    private func isOver(in transaction: any ObjectTransaction) throws -> Bool {
        guard let lease = try transaction.object(leaseKey) else { return true }
        guard let end = Self.end(of: try lease.document(), now: transaction.now) else { return false }
        return end <= transaction.now
    }
}
