import Registry

/// Endpoints that a lease keeps alive: a slice of the Lease's name, not ready once the Lease has run out, gone with it
/// ten minutes later.
struct Registration: Hashable, Sendable {
    static let afterlife: Int64 = 600_000
    /// How long a Lease that is found at the start runs at most where it has run out by what it says, in milliseconds.
    private static let grace: Int64 = 60_000

    /// A Lease as it was seen last.
    struct Sight: Hashable, Sendable {
        /// When it runs out, or was found to be gone.
        let end: Timestamp
        /// What it says of its last renewal; nil where it was not seen itself.
        let renewal: JSONValue?

        init(end: Timestamp, renewal: JSONValue? = nil) {
            self.end = end
            self.renewal = renewal
        }

        /// Sees a Lease; nil for an object that is no registration.
        ///
        /// One that has been renewed runs from now on, whatever the clock of whoever wrote it says. One that was there at
        /// the start could not be renewed while no server was there, and runs for a while from then on.
        ///
        /// - Parameters:
        ///   - isNews: Whether it has been written just now.
        ///   - former: As it was seen before.
        init?(of lease: JSONValue, isNews: Bool, after former: Sight?, now: Timestamp) {
            guard Registration.isKept(by: lease) else { return nil }
            renewal = Registration.renewal(of: lease)
            if let former, former.renewal == renewal {
                // Something else was written of it.
                end = former.end
                return
            }
            let spec = lease["spec"] ?? .null
            let said =
                spec.time("renewTime") ?? spec.time("acquireTime") ?? lease["metadata"]?.time("creationTimestamp")
                ?? now
            let duration = Int64(max(0, min(spec.integer("leaseDurationSeconds") ?? 0, 86_400 * 365))) * 1000
            end =
                isNews
                ? now.advanced(byMilliseconds: duration)
                : max(
                    min(said, now).advanced(byMilliseconds: duration),
                    now.advanced(byMilliseconds: min(duration, Registration.grace)))
        }
    }

    /// Whether an object is the Lease of a registration.
    private static func isKept(by lease: JSONValue) -> Bool {
        lease["metadata"]?.textMap("labels")[EndpointSlice.leaseLabel] == "true"
    }

    /// What a Lease says that is different when it has been renewed, or is another one.
    private static func renewal(of lease: JSONValue) -> JSONValue {
        let members = ["renewTime", "acquireTime", "leaseDurationSeconds", "holderIdentity"]
        return .array(members.map { lease["spec"]?[$0] ?? .null } + [lease["metadata"]?["uid"] ?? .null])
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
            guard let stored, Self.isKept(by: try stored.document()), try isOver(in: transaction) else { return .keep }
            return try ObjectRemoval.decision(for: stored, now: transaction.now)
        }
    }

    private func belongsToLease(_ slice: JSONValue) -> Bool {
        slice["metadata"]?.textMap("labels")[EndpointSlice.leaseLabel] == id.name
    }

    /// Whether the Lease is stored as it was seen, or not at all, or as one of somebody else: it may have been renewed
    /// just now.
    private func isOver(in transaction: any ObjectTransaction) throws -> Bool {
        guard let lease = try transaction.object(leaseKey) else { return true }
        let document = try lease.document()
        return !Self.isKept(by: document) || Self.renewal(of: document) == sight.renewal
    }
}
