import AddressAllocator
import GRDB
import Registry

/// Writes of feeders: many objects at once, all that a feeder has or what has changed of it.
extension RegistryStore: ManifestSink {
    /// Who the objects belong to that the registry makes by itself.
    static let ownFeeder = "registry"

    /// Makes `objects` all that there is of a feeder, in one transaction.
    package func replaceAll(_ objects: [SuppliedObject], feeder: String) throws -> ApplyReport {
        try write { batch in
            let supplied = Set(objects.map(\.object.key))
            let gone = batch.state.objects.filter { $0.value.feeder == feeder && !supplied.contains($0.key) }.keys
            try Self.apply(puts: objects, deletes: gone.sorted(), feeder: feeder, to: &batch)
            return batch.report
        }
    }

    /// Writes and removes single objects of a feeder, in one transaction, deletes before puts.
    package func apply(
        puts: [SuppliedObject], deletes: [ObjectKey], needing needed: [SuppliedObject], feeder: String
    ) throws -> ApplyReport {
        try write { batch in
            let missing = try needed.filter { try batch.object($0.object.key) == nil }
            try Self.apply(puts: missing + puts, deletes: deletes, feeder: feeder, to: &batch)
            return batch.report
        }
    }

    /// Gives Services that wait another chance; to be called when quarantines have ended.
    @discardableResult
    package func retryPending() throws -> ApplyReport {
        try write { batch in
            try batch.retryPending(evenIfNothingWasReleased: true)
            return batch.report
        }
    }

    /// What there is of a feeder.
    package func supplied(by feeder: String) throws -> [SuppliedObject] {
        let waiting = try state.withLock { state in
            let known = try state.known ?? reload()
            state.known = known
            return known.pending
        }
        return try StoreError.mapping(file: file) {
            try database.read { try StoredRows.objects(suppliedBy: feeder, in: $0, file: file) }
        }.map { stored in
            // A Service that waits still wants what it was supplied with, not what it had to be stored as.
            if stored.key.kind == .service, let document = waiting[stored.key.id]?.document,
                let wanted = try? RegistryObject(document, kind: .service)
            {
                return SuppliedObject(object: wanted, document: document, origin: stored.origin)
            }
            return SuppliedObject(object: stored.object, document: stored.document, origin: stored.origin)
        }
    }

    /// Deletes first, then what is no Service, then Services that ask for something by name, then the others: a
    /// random pick never takes what another Service of the batch asks for.
    private static func apply(
        puts: [SuppliedObject], deletes: [ObjectKey], feeder: String, to batch: inout StoreBatch
    ) throws {
        for key in deletes { try batch.delete(key, feeder: feeder) }
        var named: [SuppliedObject] = []
        var others: [SuppliedObject] = []
        var services: [Service] = []
        for supplied in puts {
            guard case .service(let service) = supplied.object else {
                try batch.put(supplied, feeder: feeder, avoiding: AddressWishes())
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
        for supplied in named + others { try batch.put(supplied, feeder: feeder, avoiding: wishes) }
        // What was kept for one that asked for it by name, and did not get all it asked for, is free for others now.
        let hasFailed = batch.report.failures.contains { !$0.isForeign }
        try batch.retryPending(evenIfNothingWasReleased: !named.isEmpty && hasFailed)
    }

    // MARK: Transactions

    /// Runs a batch in a transaction. Readers are told only once the disk has it; what fails leaves nothing behind.
    @discardableResult
    func write<Value: Sendable>(_ body: (inout StoreBatch) throws -> Value) throws -> Value {
        try state.withLock { state in
            try reopen(&state)
            try refuseLoss()
            // Whether the disk takes anything again is found out before all is read.
            if state.known == nil { try probe() }
            // The batch has the only copy, so that changing it copies nothing.
            var left: StoreState? = try state.known.take() ?? reload()
            do {
                let (value, changes) = try StoreError.mapping(file: file, writer: database) {
                    try database.write { database in
                        // Taken out, not read: a second reference would make every change copy.
                        guard let known = left.take() else { throw ObjectStoreError.unavailable(.damaged(file)) }
                        var batch = try StoreBatch(
                            database: database, file: file, settings: settings, now: clock.now(), state: consume known)
                        let value = try body(&batch)
                        try batch.finish()
                        let changes = batch.changes
                        left = batch.state
                        return (value, changes)
                    }
                }
                state.known = left
                state.transactions += 1
                publish(changes)
                state.upkeep?.yield()
                // Where the folder went meanwhile, what has just been written went with it.
                try refuseLoss()
                return value
            } catch {
                // `known` stays empty: what the batch had of it is void.
                throw error
            }
        }
    }

    /// Writes something that nobody reads.
    private func probe() throws {
        try StoreError.mapping(file: file, writer: database) {
            try database.write { try StoredRows.set(StoreSetting.probe, "\(clock.now().milliseconds)", in: $0) }
        }
    }

    /// The state as it is on disk: what memory was before something failed.
    func reload() throws -> StoreState {
        try StoreError.mapping(file: file) {
            try database.read { try StoreState(of: $0, settings: settings, file: file) }
        }
    }

    // MARK: Upkeep

    /// Keeps pending Services moving as quarantines end, and ends ranges whose time has come, until the task is
    /// cancelled.
    ///
    /// A disk that refuses a write is asked again after a while: what is in memory goes on being served.
    ///
    /// - Parameter reopened: told when a registry that could not be written at the start takes writes, with its `repair`.
    package func run(reopened: @escaping @Sendable (_ repair: String?) -> Void = { _ in }) async throws {
        state.withLock { $0.reopened = reopened }
        var failure = attemptRetry()
        while !Task.isCancelled {
            // A stream a round: it ends when a task that waits for it is cancelled.
            let (signals, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
            let nextEnd = state.withLock { state -> Timestamp? in
                state.upkeep = continuation
                guard let known = state.known else { return nil }
                let quarantineEnd = known.pending.isEmpty ? nil : known.pools.addresses.nextQuarantineEnd
                return [quarantineEnd, known.nextRangeEnd].compactMap(\.self).min()
            }
            let end = failure == nil ? nextEnd : clock.now().advanced(byMilliseconds: 10_000)
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
        state.withLock { ($0.upkeep, $0.reopened) = (nil, nil) }
    }

    private func attemptRetry() -> (any Error)? {
        do {
            try retryPending()
            return nil
        } catch {
            return error
        }
    }
}
