import AddressAllocator
import Foundation
import GRDB
import Registry

/// The writes of one transaction: what it does to the tables, to the pools and to what is known in memory.
///
/// Works on a copy of the state, which the store takes over once the transaction is on disk.
struct StoreBatch {
    let database: Database
    let file: String
    let feeder: String
    let now: Timestamp
    var state: RegistryStore.State
    var report: ApplyReport
    private(set) var changes: [ObjectChange] = []
    private var hasReleased = false

    init(database: Database, file: String, feeder: String, now: Timestamp, state: RegistryStore.State) throws {
        self.database = database
        self.file = file
        self.feeder = feeder
        self.now = now
        self.state = state
        report = ApplyReport(version: state.version)
        guard !self.state.pools.addresses.endQuarantine(at: now).isEmpty else { return }
        try execute("DELETE FROM quarantine WHERE ends <= ?", [now.milliseconds])
        hasReleased = true
    }

    // MARK: Objects

    /// Removes an object of this feeder; one of another feeder stays.
    mutating func delete(_ key: ObjectKey) throws {
        guard state.objects[key]?.feeder == feeder, let stored = try object(key) else { return }
        try remove(stored)
        report.deleted += 1
    }

    mutating func remove(_ stored: StoredObject) throws {
        if case .service(let service) = stored.object {
            try setPending(service.metadata.id, nil)
            try apply(AddressingChanges(removing: service), of: service.metadata.id)
        }
        try execute(
            "DELETE FROM objects WHERE kind = ? AND namespace = ? AND name = ?",
            [stored.key.kind.rawValue, stored.key.id.namespace, stored.key.id.name])
        state.objects[stored.key] = nil
        let version = advance()
        var document = stored.document
        document["metadata"]?["resourceVersion"] = .string("\(version.rawValue)")
        try record(.deleted, stored.key, JSONText.text(of: document))
        changes.append(.delete(stored.key))
    }

    /// Writes an object as it was supplied; a Service gets its addresses, or waits for them.
    mutating func put(_ supplied: SuppliedObject, avoiding wishes: AddressWishes) throws {
        let key = supplied.object.key
        let stored = try object(key)
        if let stored, stored.feeder != feeder {
            report.failures.append(
                ApplyReport.Failure(key: key, reason: "belongs to \(stored.feeder) (\(stored.origin)); left alone"))
            return
        }
        guard case .service(let wanted) = supplied.object else {
            return try store(supplied, over: stored, feeder: feeder)
        }
        let former = settledService(stored)
        do {
            let service = try assign(wanted, replacing: former, avoiding: wishes)
            if state.pending[key.id] != nil { report.resolved.append(key.id) }
            try setPending(key.id, nil)
            try store(supplied, over: stored, as: service, feeder: feeder)
        } catch let error as AddressingError {
            report.failures.append(ApplyReport.Failure(key: key, reason: "\(error)"))
            // What may never change is not worth waiting for: the stored Service stays in force.
            guard former == nil || error.reason != .immutable else { return try setPending(key.id, nil) }
            try setPending(key.id, RegistryStore.PendingService(reason: "\(error)", document: supplied.document))
            // So does one that holds something; any other is known from now on, without addresses.
            guard former?.hasAddressWishes != true else { return }
            try store(supplied, over: stored, as: ServiceDocument.withoutAddresses(wanted), feeder: feeder)
        }
    }

    func object(_ key: ObjectKey) throws -> StoredObject? {
        guard state.objects[key] != nil else { return nil }
        return try StoredRows.object(key, in: database, file: file)
    }

    /// The Service that an update starts from; nil for one that waits and has nothing to keep.
    func settledService(_ stored: StoredObject?) -> Service? {
        guard case .service(let service)? = stored?.object,
            state.pending[service.metadata.id] == nil || service.hasAddressWishes
        else { return nil }
        return service
    }

    mutating func assign(
        _ wanted: Service, replacing stored: Service?, avoiding wishes: AddressWishes = AddressWishes()
    ) throws -> Service {
        let plan = try ServiceAddressing.plan(
            for: wanted, replacing: stored, from: state.pools, avoiding: wishes, using: &state.generator)
        try apply(plan.changes, of: wanted.metadata.id)
        return plan.service
    }

    /// Writes an object unless it says what is stored already.
    mutating func store(
        _ supplied: SuppliedObject, over stored: StoredObject?, as service: Service? = nil, feeder: String
    ) throws {
        let key = supplied.object.key
        let uid = stored?.uid ?? UUID().uuidString.lowercased()
        var document = service.map { ServiceDocument.filled(supplied.document, from: $0) } ?? supplied.document
        var metadata = document["metadata"] ?? .object([:])
        metadata["name"] = .string(key.id.name)
        metadata["namespace"] = key.kind.isNamespaced ? .string(key.id.namespace) : nil
        metadata["uid"] = .string(uid)
        metadata["creationTimestamp"] = stored?.document["metadata"]?["creationTimestamp"] ?? .string(now.text)
        metadata["resourceVersion"] = stored?.document["metadata"]?["resourceVersion"]
        document["metadata"] = metadata
        if let stored, stored.document == document {
            if stored.origin != supplied.origin { try setOrigin(key, supplied.origin) }
            report.unchanged += 1
            return
        }
        let version = advance()
        metadata["resourceVersion"] = .string("\(version.rawValue)")
        document["metadata"] = metadata
        let object = try RegistryObject(document, kind: key.kind)
        let text = JSONText.text(of: document)
        try execute(
            """
            INSERT INTO objects (kind, namespace, name, uid, version, feeder, origin, document)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET version = excluded.version, origin = excluded.origin,
                document = excluded.document
            """,
            [key.kind.rawValue, key.id.namespace, key.id.name, uid, version.rawValue, feeder, supplied.origin, text])
        state.objects[key] = RegistryStore.KnownObject(object: object, feeder: feeder)
        try record(stored == nil ? .added : .modified, key, text)
        changes.append(.put(object))
        if stored == nil { report.created += 1 } else { report.updated += 1 }
    }

    private func setOrigin(_ key: ObjectKey, _ origin: String) throws {
        try execute(
            "UPDATE objects SET origin = ? WHERE kind = ? AND namespace = ? AND name = ?",
            [origin, key.kind.rawValue, key.id.namespace, key.id.name])
    }

    // MARK: Versions

    private mutating func advance() -> ResourceVersion {
        state.version = ResourceVersion(rawValue: state.version.rawValue &+ 1)
        report.version = state.version
        return state.version
    }

    private func record(_ change: StoredChange.Kind, _ key: ObjectKey, _ text: String) throws {
        try execute(
            "INSERT INTO changes (version, change, kind, document) VALUES (?, ?, ?, ?)",
            [state.version.rawValue, change.rawValue, key.kind.rawValue, text])
    }

    /// Runs a statement that is prepared once for all batches.
    private func execute(_ sql: String, _ arguments: StatementArguments) throws {
        try database.cachedStatement(sql: sql).execute(arguments: arguments)
    }

    // MARK: Addresses

    private mutating func apply(_ plan: AddressingChanges, of owner: NamespacedName) throws {
        guard !plan.isEmpty else { return }
        if plan.releasesAnything { hasReleased = true }
        let ends = state.pools.apply(plan, of: owner, at: now)
        for address in plan.releasedAddresses {
            try execute(
                "DELETE FROM allocations WHERE address = ? AND namespace = ? AND name = ?",
                ["\(address)", owner.namespace, owner.name])
        }
        for (address, end) in ends where end > now {
            try execute(
                """
                INSERT INTO quarantine (address, ends) VALUES (?, ?)
                ON CONFLICT DO UPDATE SET ends = excluded.ends
                """, ["\(address)", end.milliseconds])
        }
        for number in plan.releasedNodePorts {
            try execute(
                "DELETE FROM node_ports WHERE number = ? AND namespace = ? AND name = ?",
                [number, owner.namespace, owner.name])
        }
        for address in plan.takenAddresses {
            // UNIQUE by the primary key: whatever else fails, no address is ever written twice.
            try execute(
                "INSERT INTO allocations (address, namespace, name) VALUES (?, ?, ?)",
                ["\(address)", owner.namespace, owner.name])
            try execute("DELETE FROM quarantine WHERE address = ?", ["\(address)"])
        }
        for number in plan.takenNodePorts {
            try execute(
                "INSERT INTO node_ports (number, namespace, name) VALUES (?, ?, ?)",
                [number, owner.namespace, owner.name])
        }
    }

    mutating func setPending(_ id: NamespacedName, _ pending: RegistryStore.PendingService?) throws {
        guard let pending else {
            guard state.pending.removeValue(forKey: id) != nil else { return }
            return try execute("DELETE FROM pending WHERE namespace = ? AND name = ?", [id.namespace, id.name])
        }
        state.pending[id] = pending
        try execute(
            """
            INSERT INTO pending (namespace, name, reason, document) VALUES (?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET reason = excluded.reason, document = excluded.document
            """, [id.namespace, id.name, pending.reason, JSONText.text(of: pending.document)])
    }

    /// Tries the Services that wait once more, those that ask for something by name first; each stays its feeder's.
    mutating func retryPending(evenIfNothingWasReleased: Bool = false) throws {
        guard hasReleased || evenIfNothingWasReleased, !state.pending.isEmpty else { return }
        hasReleased = false
        var waiting: [(service: Service, pending: RegistryStore.PendingService)] = []
        for (_, pending) in state.pending.sorted(by: { $0.key < $1.key }) {
            guard case .service(let service) = try RegistryObject(pending.document, kind: .service) else { continue }
            waiting.append((service, pending))
        }
        let wishes = AddressWishes(of: waiting.map(\.service))
        let named = waiting.filter { $0.service.hasAddressWishes }
        let others = waiting.filter { !$0.service.hasAddressWishes }
        for (service, pending) in named + others {
            let id = service.metadata.id
            guard let stored = try object(ObjectKey(.service, id)) else { continue }
            do {
                let assigned = try assign(service, replacing: settledService(stored), avoiding: wishes)
                try setPending(id, nil)
                try store(
                    SuppliedObject(object: .service(service), document: pending.document, origin: stored.origin),
                    over: stored, as: assigned, feeder: stored.feeder)
                report.resolved.append(id)
                report.failures.removeAll { $0.key == stored.key }
            } catch let error as AddressingError {
                let reason = "\(error)"
                guard reason != pending.reason else { continue }
                try setPending(id, RegistryStore.PendingService(reason: reason, document: pending.document))
            }
        }
    }
}
