import AddressAllocator
import GRDB
import Registry

extension RegistryStore {
    /// Makes `objects` all that there is of a feeder, in one transaction.
    package func replaceAll(_ objects: [SuppliedObject], feeder: String) throws -> ApplyReport {
        try write(feeder: feeder) { batch in
            let supplied = Set(objects.map(\.object.key))
            let gone = batch.state.objects.filter { $0.value.feeder == feeder && !supplied.contains($0.key) }.keys
            try Self.apply(puts: objects, deletes: gone.sorted(), to: &batch)
        }
    }

    /// Writes and removes single objects of a feeder, in one transaction, deletes before puts.
    package func apply(puts: [SuppliedObject], deletes: [ObjectKey], feeder: String) throws -> ApplyReport {
        try write(feeder: feeder) { try Self.apply(puts: puts, deletes: deletes, to: &$0) }
    }

    /// Gives Services that wait another chance; to be called when quarantines have ended.
    @discardableResult
    package func retryPending() throws -> ApplyReport {
        try write(feeder: "registry") { try $0.retryPending(evenIfNothingWasReleased: true) }
    }

    /// What there is of a feeder.
    package func supplied(by feeder: String) throws -> [SuppliedObject] {
        try StoreError.mapping(file: file) {
            try database.read { try StoredRows.objects(in: $0, file: file) }
        }.filter { $0.feeder == feeder }.map { stored in
            let waiting = state.withLock { $0.pending[stored.key.id]?.document }
            // A Service that waits still wants what it was supplied with, not what it had to be stored as.
            if stored.key.kind == .service, let waiting, let wanted = try? RegistryObject(waiting, kind: .service) {
                return SuppliedObject(object: wanted, document: waiting, origin: stored.origin)
            }
            return SuppliedObject(object: stored.object, document: stored.document, origin: stored.origin)
        }
    }

    /// Keeps pending Services moving as quarantines end, until the task is cancelled.
    ///
    /// A disk that refuses a write is asked again after a while: what is in memory goes on being served.
    package func run() async throws {
        var failure = attemptRetry()
        while !Task.isCancelled {
            // A stream a round: it ends when a task that waits for it is cancelled.
            let (signals, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
            let quarantineEnd = state.withLock { state in
                state.upkeep = continuation
                return state.pending.isEmpty ? nil : state.pools.addresses.nextQuarantineEnd
            }
            let end = failure == nil ? quarantineEnd : clock.now().advanced(byMilliseconds: 10_000)
            await withTaskGroup(of: Void.self) { tasks in
                tasks.addTask { for await _ in signals { return } }
                if let end {
                    tasks.addTask { [clock] in try? await clock.sleep(end) }
                }
                await tasks.next()
                tasks.cancelAll()
            }
            guard !Task.isCancelled else { break }
            if let end, end <= clock.now() { failure = attemptRetry() }
        }
        state.withLock { $0.upkeep = nil }
    }

    private func attemptRetry() -> (any Error)? {
        do {
            try retryPending()
            return nil
        } catch {
            return error
        }
    }

    /// Deletes first, then what is no Service, then Services that ask for something by name, then the others: a
    /// random pick never takes what another Service of the batch asks for.
    private static func apply(
        puts: [SuppliedObject], deletes: [ObjectKey], to batch: inout StoreBatch
    ) throws {
        for key in deletes { try batch.delete(key) }
        var named: [SuppliedObject] = []
        var others: [SuppliedObject] = []
        var services: [Service] = []
        for supplied in puts {
            guard case .service(let service) = supplied.object else {
                try batch.put(supplied, avoiding: AddressWishes())
                continue
            }
            let wishes = AddressWishes(of: [service])
            if wishes.addresses.isEmpty && wishes.nodePorts.isEmpty {
                others.append(supplied)
            } else {
                named.append(supplied)
                services.append(service)
            }
        }
        let wishes = AddressWishes(of: services)
        for supplied in named + others { try batch.put(supplied, avoiding: wishes) }
        // What was kept for one that asked for it by name, and did not get all it asked for, is free for others now.
        try batch.retryPending(evenIfNothingWasReleased: !named.isEmpty && !batch.report.failures.isEmpty)
    }

    /// Runs a batch in a transaction; memory follows only once the disk has it.
    @discardableResult
    func write(feeder: String, _ body: (inout StoreBatch) throws -> Void) throws -> ApplyReport {
        let (report, lagging) = try state.withLock { state in
            let (report, changes, new) = try StoreError.mapping(file: file) {
                try database.write { database in
                    var batch = try StoreBatch(
                        database: database, file: file, feeder: feeder, now: clock.now(), state: state)
                    try body(&batch)
                    if batch.state.version != state.version {
                        try finish(&batch, in: database)
                    }
                    return (batch.report, batch.changes, batch.state)
                }
            }
            state = new
            let lagging = publish(changes, &state)
            state.upkeep?.yield()
            return (report, lagging)
        }
        for watcher in lagging {
            watcher.finish(throwing: StoreError.versionTooOld(report.version, oldest: report.version))
        }
        return report
    }

    /// Writes the version and forgets changes that are older than those retained.
    private func finish(_ batch: inout StoreBatch, in database: Database) throws {
        let version = batch.state.version.rawValue
        try StoredRows.set(StoreSetting.version, "\(version)", in: database)
        let oldest = version - Int64(settings.retainedEvents)
        guard oldest > batch.state.oldestChange.rawValue else { return }
        try database.execute(sql: "DELETE FROM changes WHERE version <= ?", arguments: [oldest])
        try StoredRows.set(StoreSetting.oldestChange, "\(oldest)", in: database)
        batch.state.oldestChange = ResourceVersion(rawValue: oldest)
    }
}
