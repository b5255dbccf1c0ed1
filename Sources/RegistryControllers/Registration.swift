import Registry

/// Endpoints that a lease keeps alive: a slice of the Lease's name, not ready once the Lease has run out, gone with it
/// ten minutes later.
struct Registration: Hashable, Sendable {
    static let afterlife: Int64 = 600_000

    /// A Lease as it was seen last.
    struct Sight: Hashable, Sendable {
        /// When it runs out, or was found to be gone.
        let end: Timestamp
        /// What it says of its last renewal; nil where it says nothing.
        let renewal: JSONValue?

        init(end: Timestamp, renewal: JSONValue? = nil) {
            self.end = end
            self.renewal = renewal
        }

        /// Sees a Lease; nil for an object that is no registration.
        ///
        /// - Parameter isNews: Whether it has been written just now: then it runs from now on, whatever the clock of
        ///   whoever wrote it says. Of one that was there at the start nothing else is known than what it says.
        init?(of lease: JSONValue, isNews: Bool, now: Timestamp) {
            guard Registration.isKept(by: lease) else { return nil }
            let spec = lease["spec"] ?? .null
            let said =
                spec.time("renewTime") ?? spec.time("acquireTime") ?? lease["metadata"]?.time("creationTimestamp")
                ?? now
            let seconds = max(0, min(spec.integer("leaseDurationSeconds") ?? 0, 86_400 * 365))
            end = (isNews ? now : min(said, now)).advanced(byMilliseconds: Int64(seconds) * 1000)
            renewal = spec["renewTime"]
        }
    }

    /// Whether an object is the Lease of a registration.
    private static func isKept(by lease: JSONValue) -> Bool {
        lease["metadata"]?.textMap("labels")[EndpointSlice.leaseLabel] == "true"
    }

    let id: NamespacedName
    let sight: Sight

    /// When the rest of it is removed.
    var removal: Timestamp { sight.end.advanced(byMilliseconds: Self.afterlife) }

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

    /// Whether the Lease is stored as it was seen, or not at all: it may have been renewed just now.
    private func isOver(in transaction: any ObjectTransaction) throws -> Bool {
        guard let lease = try transaction.object(leaseKey) else { return true }
        let document = try lease.document()
        return Self.isKept(by: document) && document["spec"]?["renewTime"] == sight.renewal
    }
}
