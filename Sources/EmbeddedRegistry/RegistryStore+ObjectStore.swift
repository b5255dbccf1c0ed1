import AddressAllocator
import GRDB
import Registry

/// Single objects, as an API and controllers read and write them.
extension RegistryStore: ObjectStore {
    package var newestVersion: ResourceVersion { get async { ring.newest } }

    package func object(_ key: ObjectKey) async throws -> ObjectRecord? {
        let file = file
        return try await reading { try StoredRows.record(key, in: $0, file: file) }
    }

    package func objects(_ request: ListRequest) async throws -> ObjectList {
        let file = file
        return try await reading { try StoredList(request).read(from: $0, file: file) }
    }

    package func services() async throws -> [Service] {
        try state.withLock { state in
            let known = try state.known ?? reload()
            state.known = known
            return Array(known.services.values)
        }
    }

    package func changes(
        after version: ResourceVersion
    ) async throws -> AsyncThrowingStream<[RecordedChange], any Error> {
        // What has been read may be newer than what the ring has been told of.
        if version > ring.newest {
            let newest = try await reading { try StoredRows.version(in: $0) }
            guard version <= newest else { throw ObjectStoreError.versionInFuture(version, newest: newest) }
        }
        let cursor = cursor(after: version)
        if !ring.holds(after: version) {
            // One that is too old is refused at once.
            let oldest = try await reading { try StoredRows.oldestVersion(in: $0) }
            guard version >= oldest else { throw ObjectStoreError.versionTooOld(version, oldest: oldest) }
        }
        return AsyncThrowingStream { try await cursor.next() }
    }

    /// A reader's place, which the disk brings up where the ring no longer has what follows.
    func cursor(after version: ResourceVersion) -> ChangeCursor {
        let (ring, file) = (ring, file)
        return ChangeCursor(ring, after: version) { [self] version in
            // What a ring that is retired told of may be no part of what there is now.
            guard let database = database(of: ring) else {
                throw ObjectStoreError.versionTooOld(version, oldest: ring.newest)
            }
            return try await Self.reading(from: database, file: file) {
                try StoredRows.changes(
                    after: version, limit: Self.archivePage, size: Self.archiveSize, in: $0, file: file)
            }
        }
    }

    /// How many former changes a reader is handed at a time.
    private static let archivePage = 256
    /// And of how many bytes, unless a single one has more.
    private static let archiveSize = 1 << 19
    /// By how many bytes of changes a transaction ends; what else waits has the next one. With the change that it ends by
    /// it is still far less than what may wait for a watch to be read.
    static let transactionSize = 4 << 20

    package func write(_ writes: [ObjectWrite]) async -> [Result<WriteOutcome, any Error>] {
        guard !writes.isEmpty else { return [] }
        return await withCheckedContinuation { caller in
            queue.add(WriteQueue.Job(writes: writes[...], caller: caller)) { [self] jobs in perform(jobs) }
        }
    }

    /// Carries out jobs in one transaction, and answers those that have come to their end once it is on disk.
    ///
    /// - Returns: what is left of them for the next one.
    private func perform(_ jobs: [WriteQueue.Job]) -> [WriteQueue.Job] {
        let done: [WriteQueue.Job]
        do {
            done = try write { batch in
                var jobs = jobs
                // Trials, and what is left as it is, change nothing, and take their time all the same.
                var work = 0
                for index in jobs.indices {
                    while batch.size < Self.transactionSize, work < 2 * Self.transactionSize,
                        let write = jobs[index].writes.first
                    {
                        let result = try batch.perform(write)
                        if case .success(let outcome) = result { work += outcome.record?.text.utf8.count ?? 0 }
                        jobs[index].results.append(result)
                        jobs[index].writes.removeFirst()
                    }
                }
                try batch.retryPending()
                return jobs
            }
        } catch {
            // Nothing was written: all of them are told why.
            let failure = Self.unavailability(error, file: file)
            for job in jobs { job.caller.resume(returning: job.results + job.writes.map { _ in .failure(failure) }) }
            return []
        }
        for job in done where job.writes.isEmpty { job.caller.resume(returning: job.results) }
        return done.filter { !$0.writes.isEmpty }
    }

    private func reading<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        try await Self.reading(from: database, file: file, body)
    }

    private static func reading<Value: Sendable>(
        from database: any DatabaseReader, file: String, _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        do {
            return try await database.read(body)
        } catch {
            throw unavailability(error, file: file)
        }
    }

    /// What a failure of the disk means to those who read and write.
    static func unavailability(_ error: any Error, file: String) -> any Error {
        switch error {
        case let error as DatabaseError: StoreError(error, file: file).unavailability
        case let error as StoreError: error.unavailability
        default: error
        }
    }
}

/// What a decision sees of the transaction that it is made in.
private struct BatchTransaction: ObjectTransaction {
    let batch: StoreBatch

    func object(_ key: ObjectKey) throws -> ObjectRecord? {
        try StoredRows.record(key, in: batch.database, file: batch.file)
    }

    func uid(of key: ObjectKey) throws -> String? {
        try StoredRows.uid(of: key, in: batch.database)
    }

    var now: Timestamp { batch.now }
}

extension StoreBatch {
    /// Carries out one write. A refusal is a result; an error of the disk is thrown, and ends the transaction.
    mutating func perform(_ write: ObjectWrite) throws -> Result<WriteOutcome, any Error> {
        let stored: StoredObject?
        let decision: ObjectWrite.Decision
        do {
            stored = try object(write.key)
            decision = try write.decide(stored?.record, BatchTransaction(batch: self))
        } catch let error as DatabaseError {
            throw error
        } catch let error as StoreError {
            // An object that cannot be read: the others can.
            return .failure(error.unavailability)
        } catch {
            return .failure(error)
        }
        do {
            switch decision {
            case .keep:
                return .success(WriteOutcome(kind: .unchanged, record: stored?.record))
            case .delete:
                guard let stored else { throw ObjectStoreError.notFound(write.key) }
                return .success(try delete(stored, isTrial: write.isTrial))
            case .put(let document):
                return .success(try put(document, write, over: stored))
            }
        } catch let error as ObjectStoreError {
            return .failure(error)
        } catch let error as AddressingError {
            return .failure(error)
        } catch let error as InvalidObject {
            return .failure(ObjectStoreError.invalid(write.key, error.violations))
        }
    }

    private mutating func delete(_ stored: StoredObject, isTrial: Bool) throws -> WriteOutcome {
        if stored.key.kind == .ipAddress, let owner = IPAddressDocument.owner(of: stored),
            state.objects[ObjectKey(.service, owner)] != nil
        {
            throw ObjectStoreError.invalid(
                stored.key,
                [FieldViolation("metadata.name", .forbidden, "the address is that of Service \(owner): delete that")])
        }
        guard !isTrial else { return WriteOutcome(kind: .deleted, record: stored.record) }
        let before = state.version
        try remove(stored)
        // The first version of the removal is the object's own; what it held follows.
        let record = changes.first { $0.key == stored.key && $0.kind == .deleted && $0.version > before }?.record
        return WriteOutcome(kind: .deleted, record: record ?? stored.record)
    }

    private mutating func put(
        _ document: JSONValue, _ write: ObjectWrite, over stored: StoredObject?
    ) throws -> WriteOutcome {
        var document = completed(document, key: write.key, over: stored)
        let isOwn = write.feeder == RegistryStore.ownFeeder || write.feeder == Feeder.controllers
        try StorableDocument.check(document, of: write.key, over: stored?.document, isOwn: isOwn)
        let object = try RegistryObject(document, kind: write.key.kind)
        switch write.key.kind {
        case .service:
            guard case .service(let wanted) = object else { break }
            let plan = try ServiceAddressing.plan(
                for: wanted, replacing: settledService(stored), from: state.pools, using: &state.generator)
            if write.isTrial {
                document = ServiceDocument.filled(document, from: trial(of: plan, for: wanted))
            } else {
                let filled = ServiceDocument.filled(document, from: plan.service)
                try StorableDocument.check(filled, of: write.key, over: stored?.document, isOwn: true)
                try apply(plan.changes, of: write.key.id)
                try setPending(write.key.id, nil)
                document = filled
            }
        case .ipAddress:
            if let stored {
                // Whose an address is, is decided when it is taken.
                guard IPAddressDocument.parent(in: document) == IPAddressDocument.parent(in: stored.document) else {
                    let violation = FieldViolation.immutable(
                        "spec.parentRef", value: document["spec"]?["parentRef"])
                    throw ObjectStoreError.invalid(write.key, [violation])
                }
                document["spec"] = stored.document["spec"]
            } else {
                try claim(write.key, isTrial: write.isTrial)
            }
        case .serviceCIDR:
            var range = ServiceCIDRDocument(document)
            if !range.isBeingDeleted {
                range.addFinalizer()
                range.setReady(true, at: now)
            }
            document = range.document
        case .namespace, .endpointSlice, .endpoints, .pod, .node, .event, .lease:
            break
        }
        if let stored, document == stored.document { return WriteOutcome(kind: .unchanged, record: stored.record) }
        let kind: WriteOutcome.Kind = stored == nil ? .created : .updated
        guard !write.isTrial else {
            let record = ObjectRecord(
                key: write.key, uid: document["metadata"]?["uid"]?.string ?? "",
                version: stored?.version ?? ResourceVersion(rawValue: 0), text: JSONText.text(of: document))
            return WriteOutcome(kind: kind, record: record)
        }
        let record = try self.write(
            document, key: write.key, over: stored, feeder: write.feeder, origin: stored?.origin ?? "")
        if write.key.kind == .serviceCIDR { try settleRanges() }
        return WriteOutcome(kind: kind, record: record)
    }

    /// What a dry run shows of a plan: nothing is claimed, so the base of the range stands for an address to come, and
    /// numbers behind all node ports for those.
    private func trial(of plan: AddressingPlan, for wanted: Service) -> Service {
        var service = plan.service
        let picked = Set(plan.changes.takenAddresses).subtracting(wanted.virtualIPs)
        for index in service.clusterIPs.indices {
            guard let address = IPAddress(service.clusterIPs[index]), picked.contains(address) else { continue }
            let range = state.pools.addresses.ranges.first { $0.cidr.contains(address) }
            service.clusterIPs[index] = "\(range?.cidr.base ?? address)"
        }
        service.clusterIP = service.clusterIPs.first ?? service.clusterIP
        let pickedPorts = Set(plan.changes.takenNodePorts).subtracting(wanted.nodePortNumbers)
        var shown: [Int: Int] = [:]
        for number in plan.changes.takenNodePorts where pickedPorts.contains(number) {
            shown[number] = Self.firstTrialNodePort + shown.count
        }
        for index in service.ports.indices {
            service.ports[index].nodePort = shown[service.ports[index].nodePort] ?? service.ports[index].nodePort
        }
        service.healthCheckNodePort = shown[service.healthCheckNodePort] ?? service.healthCheckNodePort
        return service
    }

    /// The number that Kubernetes' dry run begins with.
    private static let firstTrialNodePort = 32769

    /// Keeps an address for an object of a user's own, so that no Service is given it.
    private mutating func claim(_ key: ObjectKey, isTrial: Bool) throws {
        guard let address = IPAddress(key.id.name), "\(address)" == key.id.name else {
            throw ObjectStoreError.invalid(
                key,
                [FieldViolation("metadata.name", .invalid, value: key.id.name, "must be a canonical IP address")])
        }
        guard !isTrial else { return }
        state.pools.addresses.take(address, for: IPAddressDocument.stranger(address))
        try database.execute(sql: "DELETE FROM quarantine WHERE address = ?", arguments: ["\(address)"])
    }
}
