import AddressAllocator
import Foundation
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
    package func run() async throws {
        try retryPending()
        while !Task.isCancelled {
            let end = state.withLock { $0.pending.isEmpty ? nil : $0.pools.addresses.nextQuarantineEnd }
            await withTaskGroup(of: Void.self) { tasks in
                tasks.addTask { [wake] in for await _ in wake { return } }
                if let end {
                    tasks.addTask { [clock] in try? await clock.sleep(end) }
                }
                await tasks.next()
                tasks.cancelAll()
            }
            guard !Task.isCancelled else { return }
            if let end, end <= clock.now() { try retryPending() }
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
        try batch.retryPending()
    }

    /// Runs a batch in a transaction; memory follows only once the disk has it.
    private func write(feeder: String, _ body: (inout StoreBatch) throws -> Void) throws -> ApplyReport {
        try state.withLock { state in
            let (report, changes, new) = try StoreError.mapping(file: file) {
                try database.write { database in
                    var batch = StoreBatch(
                        database: database, file: file, feeder: feeder, now: clock.now(), state: state)
                    try body(&batch)
                    if batch.state.version != state.version {
                        try finish(&batch, in: database)
                    }
                    return (batch.report, batch.changes, batch.state)
                }
            }
            state = new
            publish(changes, &state)
            waker.yield()
            return report
        }
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
