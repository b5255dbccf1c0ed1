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

    init(database: Database, file: String, feeder: String, now: Timestamp, state: RegistryStore.State) {
        self.database = database
        self.file = file
        self.feeder = feeder
        self.now = now
        self.state = state
        report = ApplyReport(version: state.version)
        self.state.pools.addresses.endQuarantine(at: now)
    }

    // MARK: Objects

    /// Removes an object of this feeder; one of another feeder stays.
    mutating func delete(_ key: ObjectKey) throws {
        if key.kind == .service { try setPending(key.id, nil) }
        guard state.objects[key]?.feeder == feeder, let stored = try StoredRows.object(key, in: database, file: file)
        else { return }
        try remove(stored)
        report.deleted += 1
    }

    private mutating func remove(_ stored: StoredObject) throws {
        if case .service(let service) = stored.object {
            try apply(AddressingChanges(removing: service), of: service.metadata.id)
        }
        try database.execute(
            sql: "DELETE FROM objects WHERE kind = ? AND namespace = ? AND name = ?",
            arguments: [stored.key.kind.rawValue, stored.key.id.namespace, stored.key.id.name])
        state.objects[stored.key] = nil
        let version = advance()
        var document = stored.document
        document["metadata"]?["resourceVersion"] = .string("\(version.rawValue)")
        try record(.deleted, stored.key, document)
        changes.append(.delete(stored.key))
    }

    /// Writes an object as it was supplied; a Service gets its addresses, or waits for them.
    mutating func put(_ supplied: SuppliedObject, avoiding wishes: AddressWishes) throws {
        if let owner = state.objects[supplied.object.key]?.feeder, owner != feeder {
            report.failures.append(
                ApplyReport.Failure(key: supplied.object.key, reason: "belongs to \(owner); left alone"))
            return
        }
        guard case .service(let wanted) = supplied.object else { return try store(supplied) }
        let id = wanted.metadata.id
        let stored = try storedService(id)
        // A Service that waits has nothing to keep.
        let former = state.pending[id] == nil ? stored : nil
        do {
            let service = try assign(wanted, replacing: former, avoiding: wishes)
            if state.pending[id] != nil { report.resolved.append(id) }
            try setPending(id, nil)
            try store(supplied, as: service)
        } catch let error as AddressingError {
            report.failures.append(ApplyReport.Failure(key: supplied.object.key, reason: "\(error)"))
            // What it has stays in force; without addresses it is known by its name alone.
            guard former == nil else { return }
            try setPending(
                id, RegistryStore.PendingService(reason: "\(error)", document: supplied.document))
            try store(supplied, as: ServiceDocument.withoutAddresses(wanted))
        }
    }

    private func storedService(_ id: NamespacedName) throws -> Service? {
        guard case .service(let service)? = state.objects[ObjectKey(.service, id)]?.object else { return nil }
        return service
    }

    private mutating func assign(
        _ wanted: Service, replacing stored: Service?, avoiding wishes: AddressWishes
    ) throws -> Service {
        let plan = try ServiceAddressing.plan(
            for: wanted, replacing: stored, from: state.pools, avoiding: wishes, using: &state.generator)
        try apply(plan.changes, of: wanted.metadata.id)
        return plan.service
    }

    private mutating func store(_ supplied: SuppliedObject, as service: Service? = nil) throws {
        let key = supplied.object.key
        let stored = try StoredRows.object(key, in: database, file: file)
        let feeder = stored?.feeder ?? feeder
        var document = service.map { ServiceDocument.filled(supplied.document, from: $0) } ?? supplied.document
        var metadata = document["metadata"] ?? .object([:])
        let uid = stored?.uid ?? UUID().uuidString.lowercased()
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
        try database.execute(
            sql: """
                INSERT INTO objects (kind, namespace, name, uid, version, feeder, origin, document)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET version = excluded.version, origin = excluded.origin,
                    document = excluded.document
                """,
            arguments: [
                key.kind.rawValue, key.id.namespace, key.id.name, uid, version.rawValue, feeder, supplied.origin,
                JSONText.text(of: document),
            ])
        state.objects[key] = RegistryStore.KnownObject(object: object, feeder: feeder)
        try record(stored == nil ? .added : .modified, key, document)
        changes.append(.put(object))
        if stored == nil { report.created += 1 } else { report.updated += 1 }
    }

    private func setOrigin(_ key: ObjectKey, _ origin: String) throws {
        try database.execute(
            sql: "UPDATE objects SET origin = ? WHERE kind = ? AND namespace = ? AND name = ?",
            arguments: [origin, key.kind.rawValue, key.id.namespace, key.id.name])
    }

    // MARK: Versions

    private mutating func advance() -> ResourceVersion {
        state.version = ResourceVersion(rawValue: state.version.rawValue &+ 1)
        report.version = state.version
        return state.version
    }

    private func record(_ change: StoredChange.Kind, _ key: ObjectKey, _ document: JSONValue) throws {
        try database.execute(
            sql: "INSERT INTO changes (version, change, kind, document) VALUES (?, ?, ?, ?)",
            arguments: [state.version.rawValue, change.rawValue, key.kind.rawValue, JSONText.text(of: document)])
    }

    // MARK: Addresses

    private mutating func apply(_ plan: AddressingChanges, of owner: NamespacedName) throws {
        guard !plan.isEmpty else { return }
        if plan.releasesAnything { hasReleased = true }
        let ends = state.pools.apply(plan, of: owner, at: now)
        for address in plan.releasedAddresses {
            try database.execute(sql: "DELETE FROM allocations WHERE address = ?", arguments: ["\(address)"])
        }
        for (address, end) in ends {
            try database.execute(
                sql: """
                    INSERT INTO quarantine (address, ends) VALUES (?, ?)
                    ON CONFLICT DO UPDATE SET ends = excluded.ends
                    """, arguments: ["\(address)", end.milliseconds])
        }
        for number in plan.releasedNodePorts {
            try database.execute(sql: "DELETE FROM node_ports WHERE number = ?", arguments: [number])
        }
        for address in plan.takenAddresses {
            // UNIQUE by the primary key: whatever else fails, no address is ever written twice.
            try database.execute(
                sql: "INSERT INTO allocations (address, namespace, name) VALUES (?, ?, ?)",
                arguments: ["\(address)", owner.namespace, owner.name])
            try database.execute(sql: "DELETE FROM quarantine WHERE address = ?", arguments: ["\(address)"])
        }
        for number in plan.takenNodePorts {
            try database.execute(
                sql: "INSERT INTO node_ports (number, namespace, name) VALUES (?, ?, ?)",
                arguments: [number, owner.namespace, owner.name])
        }
    }

    private mutating func setPending(_ id: NamespacedName, _ pending: RegistryStore.PendingService?) throws {
        guard let pending else {
            guard state.pending.removeValue(forKey: id) != nil else { return }
            return try database.execute(
                sql: "DELETE FROM pending WHERE namespace = ? AND name = ?", arguments: [id.namespace, id.name])
        }
        state.pending[id] = pending
        try database.execute(
            sql: """
                INSERT INTO pending (namespace, name, reason, document) VALUES (?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET reason = excluded.reason, document = excluded.document
                """, arguments: [id.namespace, id.name, pending.reason, JSONText.text(of: pending.document)])
    }

    /// Tries the Services that wait once more, those that ask for something by name first.
    mutating func retryPending(evenIfNothingWasReleased: Bool = false) throws {
        guard hasReleased || evenIfNothingWasReleased, !state.pending.isEmpty else { return }
        hasReleased = false
        var waiting: [(service: Service, pending: RegistryStore.PendingService)] = []
        for (id, pending) in state.pending.sorted(by: { $0.key < $1.key }) {
            guard case .service(let service) = try RegistryObject(pending.document, kind: .service),
                service.metadata.id == id
            else { continue }
            waiting.append((service, pending))
        }
        let wishes = AddressWishes(of: waiting.map(\.service))
        let named = waiting.filter { !AddressWishes(of: [$0.service]).isEmpty }
        let others = waiting.filter { AddressWishes(of: [$0.service]).isEmpty }
        for (service, pending) in named + others {
            let id = service.metadata.id
            let key = ObjectKey(.service, id)
            guard let stored = try StoredRows.object(key, in: database, file: file)
            else { continue }
            do {
                let assigned = try assign(service, replacing: nil, avoiding: wishes)
                try setPending(id, nil)
                try store(
                    SuppliedObject(object: .service(service), document: pending.document, origin: stored.origin),
                    as: assigned)
                report.resolved.append(id)
            } catch let error as AddressingError {
                let reason = "\(error)"
                guard reason != pending.reason else { continue }
                try setPending(id, RegistryStore.PendingService(reason: reason, document: pending.document))
            }
        }
    }
}

extension AddressWishes {
    /// Whether nothing is asked for by name.
    fileprivate var isEmpty: Bool { addresses.isEmpty && nodePorts.isEmpty }
}
