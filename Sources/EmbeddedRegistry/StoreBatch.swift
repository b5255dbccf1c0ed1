import AddressAllocator
import Foundation
import GRDB
import Registry

/// The writes of one transaction: what it does to the tables, to the pools and to what is known in memory.
///
/// Works on the store's only copy of the state. A write that is refused is refused before it has changed anything; what
/// fails later is the disk, and then the transaction and the state are given up together.
struct StoreBatch {
    let database: Database
    let file: String
    let settings: StoreSettings
    let now: Timestamp
    var state: StoreState
    var report: ApplyReport
    private(set) var changes: [RecordedChange] = []
    /// The texts of the changes, in bytes.
    private(set) var size = 0
    /// Whether something has become free that a Service may wait for.
    private var hasReleased = false

    init(
        database: Database, file: String, settings: StoreSettings, now: Timestamp, state: consuming StoreState
    ) throws {
        self.database = database
        self.file = file
        self.settings = settings
        self.now = now
        self.state = state
        report = ApplyReport(version: self.state.version)
        if !self.state.pools.addresses.endQuarantine(at: now).isEmpty {
            try execute("DELETE FROM quarantine WHERE ends <= ?", [now.milliseconds])
            hasReleased = true
        }
        if let end = self.state.nextRangeEnd, end <= now { try settleRanges() }
    }

    // MARK: Objects of feeders

    /// Removes an object of this feeder; one of another feeder stays.
    mutating func delete(_ key: ObjectKey, feeder: String) throws {
        guard let stored = try object(key), stored.feeder == feeder else { return }
        if key.kind == .namespace, try StoredRows.isLivedIn(key.id.name, apartFrom: feeder, in: database) {
            // Without it their names would go as well. From now on it is nobody's in particular.
            try execute(
                "UPDATE objects SET feeder = ?, origin = '' WHERE kind = ? AND namespace = '' AND name = ?",
                [Feeder.controllers, key.kind.rawValue, key.id.name])
            state.set(key, StoreState.KnownObject(object: stored.object, feeder: Feeder.controllers))
            report.failures.append(
                ApplyReport.Failure(
                    key: key, reason: "is not declared any more; it stays for the objects of others in it"))
            return
        }
        try remove(stored)
        report.deleted += 1
    }

    /// Writes an object as it was supplied; a Service gets its addresses, or waits for them.
    mutating func put(_ supplied: SuppliedObject, feeder: String, avoiding wishes: AddressWishes) throws {
        let key = supplied.object.key
        let stored = try object(key)
        if let stored, stored.feeder != feeder, stored.feeder != Feeder.controllers {
            let origin = stored.origin.isEmpty ? "" : " (\(stored.origin))"
            report.failures.append(
                ApplyReport.Failure(
                    key: key, reason: "belongs to \(stored.feeder)\(origin); left alone", isForeign: true))
            return
        }
        do throws(ObjectStoreError) {
            try StorableDocument.check(supplied.document, of: key, over: stored?.document, isOwn: false)
        } catch {
            report.failures.append(ApplyReport.Failure(key: key, reason: "\(error)"))
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
            try setPending(
                key.id, StoreState.PendingService(reason: "\(error)", document: supplied.document, service: wanted))
            // So does one that holds something; any other is known from now on, without addresses.
            guard former?.hasAddressWishes != true else { return }
            try store(supplied, over: stored, as: ServiceDocument.withoutAddresses(wanted), feeder: feeder)
        }
    }

    // MARK: Any object

    func object(_ key: ObjectKey) throws -> StoredObject? {
        // Memory knows of all objects of its kinds whether they are there.
        if key.kind.isReadByDNS, state.objects[key] == nil { return nil }
        return try StoredRows.object(key, in: database, file: file)
    }

    /// Removes an object, and behind it what it holds.
    mutating func remove(_ stored: StoredObject) throws {
        try erase(stored)
        switch stored.object {
        case .service(let service):
            try setPending(service.metadata.id, nil)
            try apply(AddressingChanges(removing: service), of: service.metadata.id)
        case .other(.ipAddress, _):
            guard let address = IPAddress(stored.key.id.name), let owner = state.pools.addresses.owner(of: address)
            else { break }
            try rest(address, until: state.pools.addresses.release(address, of: owner, at: now))
            hasReleased = true
        case .other(.serviceCIDR, _):
            try declareAnew(stored)
            try settleRanges()
        default:
            break
        }
    }

    /// The Service that an update starts from; nil for one that waits and has nothing to keep.
    func settledService(_ stored: StoredObject?) -> Service? { settledService(stored?.object) }

    private func settledService(_ stored: RegistryObject?) -> Service? {
        guard case .service(let service)? = stored,
            state.pending[service.metadata.id] == nil || service.hasAddressWishes
        else { return nil }
        return service
    }

    mutating func assign(
        _ wanted: Service, replacing stored: Service?, avoiding wishes: AddressWishes = AddressWishes()
    ) throws -> Service {
        let plan = try plan(for: wanted, replacing: stored, avoiding: wishes)
        try apply(plan.changes, of: wanted.metadata.id)
        return plan.service
    }

    private mutating func plan(
        for wanted: Service, replacing stored: Service?, avoiding wishes: AddressWishes
    ) throws(AddressingError) -> AddressingPlan {
        try ServiceAddressing.plan(
            for: wanted, replacing: stored, from: state.pools, avoiding: wishes, using: &state.generator)
    }

    /// Writes an object unless it says what is stored already.
    mutating func store(
        _ supplied: SuppliedObject, over stored: StoredObject?, as service: Service? = nil, feeder: String
    ) throws {
        let document = service.map { ServiceDocument.filled(supplied.document, from: $0) } ?? supplied.document
        let completed = completed(document, key: supplied.object.key, over: stored)
        guard completed != stored?.document else {
            if let stored, stored.origin != supplied.origin { try setOrigin(stored.key, supplied.origin) }
            report.unchanged += 1
            return
        }
        _ = try write(completed, key: supplied.object.key, over: stored, feeder: feeder, origin: supplied.origin)
        if stored == nil { report.created += 1 } else { report.updated += 1 }
    }

    /// A document with what the store sets in its metadata; the version is still the former one.
    func completed(_ document: JSONValue, key: ObjectKey, over stored: StoredObject?) -> JSONValue {
        var document = document
        var metadata = document["metadata"] ?? .object([:])
        metadata["name"] = .string(key.id.name)
        metadata["namespace"] = key.kind.isNamespaced ? .string(key.id.namespace) : nil
        metadata["uid"] = .string(stored?.uid ?? UUID().uuidString.lowercased())
        metadata["creationTimestamp"] = stored?.document["metadata"]?["creationTimestamp"] ?? .string(now.text)
        metadata["resourceVersion"] = stored?.document["metadata"]?["resourceVersion"]
        document["metadata"] = metadata
        return document
    }

    /// Writes a completed document, which has been checked (`StorableDocument`), at a new version.
    mutating func write(
        _ document: JSONValue, key: ObjectKey, over stored: StoredObject?, feeder: String, origin: String
    ) throws -> ObjectRecord {
        let object = try RegistryObject(document, kind: key.kind)
        let version = advance()
        var document = document
        document["metadata"]?["resourceVersion"] = .string("\(version.rawValue)")
        let record = ObjectRecord(
            key: key, uid: document["metadata"]?["uid"]?.string ?? "", version: version,
            text: JSONText.text(of: document))
        try execute(
            """
            INSERT INTO objects (kind, namespace, name, uid, version, feeder, origin, document)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET version = excluded.version, origin = excluded.origin,
                document = excluded.document
            """,
            [
                key.kind.rawValue, key.id.namespace, key.id.name, record.uid, version.rawValue,
                stored?.feeder ?? feeder, origin, record.text,
            ])
        if key.kind.isReadByDNS {
            state.set(key, StoreState.KnownObject(object: object, feeder: stored?.feeder ?? feeder))
        }
        try note(
            RecordedChange(
                kind: stored == nil ? .added : .modified, record: record,
                selectable: SelectableFields(of: document, kind: key.kind), formerText: stored?.record.text,
                formerSelectable: stored.map { SelectableFields(of: $0.document, kind: key.kind) }, object: object),
            former: stored?.record)
        return record
    }

    /// Takes an object out of the table; whatever it held is the caller's business.
    private mutating func erase(_ stored: StoredObject) throws {
        try execute(
            "DELETE FROM objects WHERE kind = ? AND namespace = ? AND name = ?",
            [stored.key.kind.rawValue, stored.key.id.namespace, stored.key.id.name])
        state.set(stored.key, nil)
        let version = advance()
        var document = stored.document
        document["metadata"]?["resourceVersion"] = .string("\(version.rawValue)")
        let record = ObjectRecord(
            key: stored.key, uid: stored.uid, version: version, text: JSONText.text(of: document))
        let selectable = SelectableFields(of: document, kind: stored.key.kind)
        try note(
            RecordedChange(
                kind: .deleted, record: record, selectable: selectable, formerText: stored.record.text,
                formerSelectable: selectable, object: stored.object), former: stored.record)
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

    private mutating func note(_ change: RecordedChange, former: ObjectRecord?) throws {
        try execute(
            """
            INSERT INTO changes (version, change, kind, namespace, name, uid, document, former, former_version)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                change.version.rawValue, change.kind.rawValue, change.key.kind.rawValue, change.key.id.namespace,
                change.key.id.name, change.record.uid, change.record.text, change.formerText,
                former?.version.rawValue,
            ])
        changes.append(change)
        size += change.size
    }

    /// Writes the version and forgets changes that are older than those retained, by their number and by their bytes.
    mutating func finish() throws {
        guard !changes.isEmpty else { return }
        if changes.contains(where: { $0.key.kind == .ipAddress && $0.kind == .deleted }) { try settleRanges() }
        let version = state.version.rawValue
        try StoredRows.set(StoreSetting.version, "\(version)", in: database)
        state.historySize += size
        let oldest = try oldestRetained(of: version)
        if oldest > state.oldestChange.rawValue {
            try execute("DELETE FROM changes WHERE version <= ?", [oldest])
            try StoredRows.set(StoreSetting.oldestChange, "\(oldest)", in: database)
            state.oldestChange = ResourceVersion(rawValue: oldest)
        }
        try StoredRows.setHistorySize(state.historySize, at: state.version, in: database)
    }

    /// The version up to which changes are forgotten; takes their bytes off what is kept.
    private mutating func oldestRetained(of version: Int64) throws -> Int64 {
        var oldest = state.oldestChange.rawValue
        let end = version - Int64(settings.retainedEvents)
        guard end > oldest || state.historySize > settings.retainedBytes else { return oldest }
        let rows = try Row.fetchCursor(
            try database.cachedStatement(
                sql: "SELECT version, \(StoredRows.changeSize) AS size FROM changes ORDER BY version"))
        // The newest one stays, whatever it has: a watch that follows is not behind.
        while let row = try rows.next(), try row.value("version") < version {
            guard try row.value("version") <= end || state.historySize > settings.retainedBytes else { break }
            oldest = try row.value("version")
            state.historySize = max(0, state.historySize - (try row.value("size")))
        }
        return oldest
    }

    /// Runs a statement that is prepared once for all batches.
    private func execute(_ sql: String, _ arguments: StatementArguments) throws {
        try database.cachedStatement(sql: sql).execute(arguments: arguments)
    }

    // MARK: Addresses

    mutating func apply(_ plan: AddressingChanges, of owner: NamespacedName) throws {
        guard !plan.isEmpty else { return }
        if plan.releasesAnything { hasReleased = true }
        let ends = state.pools.apply(plan, of: owner, at: now)
        for address in plan.releasedAddresses {
            let key = IPAddressDocument.key(of: address)
            if let stored = try object(key), IPAddressDocument.owner(of: stored) == owner {
                try erase(stored)
            }
            try rest(address, until: ends[address])
        }
        for number in plan.releasedNodePorts {
            try execute(
                "DELETE FROM node_ports WHERE number = ? AND namespace = ? AND name = ?",
                [number, owner.namespace, owner.name])
        }
        for address in plan.takenAddresses {
            try writeAllocation(of: address, to: owner)
            try execute("DELETE FROM quarantine WHERE address = ?", ["\(address)"])
        }
        for number in plan.takenNodePorts {
            try execute(
                "INSERT INTO node_ports (number, namespace, name) VALUES (?, ?, ?)",
                [number, owner.namespace, owner.name])
        }
    }

    /// Takes an address, in memory and on disk, that an earlier version of the registry has given away.
    mutating func adopt(_ address: IPAddress, of owner: NamespacedName) throws {
        state.pools.addresses.take(address, for: owner)
        try writeAllocation(of: address, to: owner)
    }

    /// UNIQUE by the primary key: whatever else fails, no address is ever written twice.
    private mutating func writeAllocation(of address: IPAddress, to owner: NamespacedName) throws {
        let key = IPAddressDocument.key(of: address)
        let stored = try object(key)
        let document = completed(IPAddressDocument.document(of: address, owner: owner), key: key, over: stored)
        _ = try write(document, key: key, over: stored, feeder: RegistryStore.ownFeeder, origin: "")
    }

    private func rest(_ address: IPAddress, until end: Timestamp?) throws {
        guard let end, end > now else { return }
        try execute(
            """
            INSERT INTO quarantine (address, ends) VALUES (?, ?)
            ON CONFLICT DO UPDATE SET ends = excluded.ends
            """, ["\(address)", end.milliseconds])
    }

    // MARK: Ranges

    /// Takes or gives up ranges as ServiceCIDR objects say, and ends those that are being removed once nothing is left
    /// in them and their time has come; to be called then, when one of them has been written, and when an address of
    /// theirs has gone.
    mutating func settleRanges() throws {
        let all = try StoredRows.ranges(in: database, file: file)
        let leaving = all.filter { ServiceCIDRDocument($0.document).isBeingDeleted }
        let usable = all.flatMap { ServiceCIDRDocument($0.document).usableRanges }
        // A Service that waits may find an address in a new range.
        if usable.contains(where: { !state.pools.addresses.ranges.contains($0) }) { hasReleased = true }
        state.pools.addresses.setRanges(usable)
        state.nextRangeEnd = nil
        for stored in leaving {
            var range = ServiceCIDRDocument(stored.document)
            let isNeeded = state.pools.addresses.allocations.contains { allocation in
                range.cidrs.contains { $0.contains(allocation.address) }
                    && !usable.contains { $0.offset(of: allocation.address) != nil }
            }
            if isNeeded {
                range.setReady(false, at: now)
            } else if let end = range.removalEnd, now < end {
                state.nextRangeEnd = min(state.nextRangeEnd ?? end, end)
            } else {
                range.removeFinalizer()
                guard range.hasFinalizers else {
                    try erase(stored)
                    if try declareAnew(stored) { return try settleRanges() }
                    continue
                }
            }
            guard range.document != stored.document else { continue }
            _ = try write(range.document, key: stored.key, over: stored, feeder: stored.feeder, origin: stored.origin)
        }
    }

    /// Makes the default range again once it has gone, as Kubernetes' controller of it does; says whether it is one.
    @discardableResult
    private mutating func declareAnew(_ stored: StoredObject) throws -> Bool {
        let ranges = ServiceCIDRDocument(stored.document).cidrs
        guard stored.key.id.name == ServiceCIDRDocument.defaultName, !ranges.isEmpty else { return false }
        var range = ServiceCIDRDocument(ranges: ranges)
        range.addFinalizer()
        range.setReady(true, at: now)
        let document = completed(range.document, key: stored.key, over: nil)
        _ = try write(document, key: stored.key, over: nil, feeder: RegistryStore.ownFeeder, origin: "")
        return true
    }

    // MARK: Services that wait

    mutating func setPending(_ id: NamespacedName, _ pending: StoreState.PendingService?) throws {
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
    ///
    /// Whether one can be served is found out in memory, and once for all that ask for the same where no address is
    /// free: very many may wait, and something is released with every Service that goes.
    mutating func retryPending(evenIfNothingWasReleased: Bool = false) throws {
        guard hasReleased || evenIfNothingWasReleased, !state.pending.isEmpty else { return }
        hasReleased = false
        let waiting = state.pending.sorted { $0.key < $1.key }.map(\.value)
        let wishes = AddressWishes(of: waiting.map(\.service))
        let named = waiting.filter { $0.service.hasAddressWishes }
        let others = waiting.filter { !$0.service.hasAddressWishes }
        var unmet: Set<AddressNeed> = []
        for pending in named + others {
            let id = pending.service.metadata.id
            let key = ObjectKey(.service, id)
            guard let known = state.objects[key] else { continue }
            let former = settledService(known.object)
            let need = former == nil ? AddressNeed(pending.service) : nil
            if let need, unmet.contains(need) { continue }
            let plan: AddressingPlan
            do throws(AddressingError) {
                plan = try self.plan(for: pending.service, replacing: former, avoiding: wishes)
            } catch {
                if let need, case .allocation(.addressesExhausted) = error.reason { unmet.insert(need) }
                let reason = "\(error)"
                guard reason != pending.reason else { continue }
                try setPending(
                    id,
                    StoreState.PendingService(reason: reason, document: pending.document, service: pending.service))
                continue
            }
            guard let stored = try object(key) else { continue }
            try apply(plan.changes, of: id)
            try setPending(id, nil)
            try store(
                SuppliedObject(
                    object: .service(pending.service), document: pending.document, origin: stored.origin),
                over: stored, as: plan.service, feeder: stored.feeder)
            report.resolved.append(id)
            report.failures.removeAll { $0.key == stored.key }
        }
    }
}

/// What decides whether a Service that asks for nothing by name, and holds nothing, can have addresses.
private struct AddressNeed: Hashable {
    let kind: Service.Kind
    let families: [IPFamily]
    let familyPolicy: Service.FamilyPolicy?
    let isHeadless: Bool
    let hasSelector: Bool

    /// nil for a Service that asks for something by name.
    init?(_ service: Service) {
        guard !service.hasAddressWishes else { return nil }
        kind = service.kind
        families = service.families
        familyPolicy = service.familyPolicy
        isHeadless = service.isHeadless
        hasSelector = !service.selector.isEmpty
    }
}
