import Foundation
import Registry

/// A store in memory that keeps count of what it is asked to write.
///
/// Unchecked: everything that changes is read and written under `lock`.
final class MemoryStore: ObjectStore, @unchecked Sendable {
    private let lock = NSLock()
    private let clock: WallClock
    private let ring = ChangeRing(at: ResourceVersion(rawValue: 1), capacity: 100_000)
    private var objects: [ObjectKey: ObjectRecord] = [:]
    private var version = ResourceVersion(rawValue: 1)
    private var counts: [WriteOutcome.Kind: [ObjectKind: Int]] = [:]
    private var largestCall = 0
    private var listed = 0
    /// What the reader of changes gets instead of the next ones.
    private var streamFailure: (any Error)?
    /// What a write is refused with before it is decided.
    private var refusal: (@Sendable (ObjectWrite) -> (any Error)?)?

    init(clock: WallClock) {
        self.clock = clock
    }

    var newestVersion: ResourceVersion { get async { currentVersion } }

    var currentVersion: ResourceVersion { lock.withLock { version } }

    func object(_ key: ObjectKey) async throws -> ObjectRecord? { record(key) }

    func record(_ key: ObjectKey) -> ObjectRecord? { lock.withLock { objects[key] } }

    func objects(_ request: ListRequest) async throws -> ObjectList {
        lock.withLock {
            listed += 1
            var records = objects.values.filter { record in
                record.key.kind == request.scope.kind
                    && (request.scope.namespace.map { $0 == record.key.id.namespace } ?? true)
                    && (request.after.map { $0 < record.key.id } ?? true)
            }.sorted { $0.key < $1.key }
            let remaining = max(0, records.count - (request.limit ?? records.count))
            records.removeLast(remaining)
            return ObjectList(records: records, version: version, remaining: remaining)
        }
    }

    func services() async throws -> [Service] { [] }

    func write(_ writes: [ObjectWrite]) async -> [Result<WriteOutcome, any Error>] { perform(writes) }

    @discardableResult
    func perform(_ writes: [ObjectWrite]) -> [Result<WriteOutcome, any Error>] {
        lock.withLock {
            if writes.first?.feeder == "controllers" { largestCall = max(largestCall, writes.count) }
            var changes: [RecordedChange] = []
            let results = writes.map { write in
                Result<WriteOutcome, any Error> {
                    if let error = refusal?(write) { throw error }
                    return try perform(write, changes: &changes)
                }
            }
            ring.append(changes)
            return results
        }
    }

    func changes(after version: ResourceVersion) async throws -> AsyncThrowingStream<[RecordedChange], any Error> {
        let cursor = ChangeCursor(ring, after: version)
        return AsyncThrowingStream {
            let changes = try await cursor.next()
            if let error = self.lock.withLock({ self.streamFailure.take() }) { throw error }
            return changes
        }
    }

    func events() async throws -> AsyncThrowingStream<RegistryEvent, any Error> { AsyncThrowingStream { nil } }

    // MARK: Tests

    /// How many objects of a kind the controllers have written, in all or in one way.
    func written(_ kind: ObjectKind, _ outcome: WriteOutcome.Kind? = nil) -> Int {
        lock.withLock {
            counts.filter { $0.key != .unchanged && (outcome == nil || $0.key == outcome) }
                .reduce(0) { $0 + ($1.value[kind] ?? 0) }
        }
    }

    /// How many lists, or pages of lists, have been read.
    var lists: Int { lock.withLock { listed } }

    func resetCounts() {
        lock.withLock {
            counts = [:]
            listed = 0
        }
    }

    /// The most writes that the controllers have asked for at once.
    var largestBatch: Int { lock.withLock { largestCall } }

    func failStream(_ error: any Error) { lock.withLock { streamFailure = error } }

    /// Puts back what was stored, before anybody reads.
    func restore(_ records: [ObjectRecord]) {
        lock.withLock {
            for record in records {
                objects[record.key] = record
                version = max(version, record.version)
            }
        }
    }

    func refuse(_ refusal: (@Sendable (ObjectWrite) -> (any Error)?)?) { lock.withLock { self.refusal = refusal } }

    func all(_ kind: ObjectKind, in namespace: String? = nil) -> [ObjectRecord] {
        lock.withLock {
            objects.values.filter { $0.key.kind == kind && (namespace == nil || $0.key.id.namespace == namespace) }
                .sorted { $0.key < $1.key }
        }
    }

    private struct Transaction: ObjectTransaction {
        let store: MemoryStore
        let now: Timestamp

        // Read under the lock that the write holds.
        func object(_ key: ObjectKey) throws -> ObjectRecord? { store.objects[key] }
    }

    private func perform(_ write: ObjectWrite, changes: inout [RecordedChange]) throws -> WriteOutcome {
        let stored = objects[write.key]
        let decision = try write.decide(stored, Transaction(store: self, now: clock.now()))
        let outcome: WriteOutcome
        switch decision {
        case .keep:
            outcome = WriteOutcome(kind: .unchanged, record: stored)
        case .delete:
            guard let stored else { throw ObjectStoreError.notFound(write.key) }
            objects[write.key] = nil
            let record = try note(.deleted, try stored.document(), uid: stored.uid, write.key, stored, &changes)
            outcome = WriteOutcome(kind: .deleted, record: record)
        case .put(var document):
            var metadata = document["metadata"] ?? .object([:])
            metadata["name"] = .string(write.key.id.name)
            metadata["namespace"] = write.key.kind.isNamespaced ? .string(write.key.id.namespace) : nil
            let former = try stored?.document()["metadata"]
            let uid = stored?.uid ?? "uid-\(version.rawValue)"
            metadata["uid"] = .string(uid)
            metadata["creationTimestamp"] = former?["creationTimestamp"] ?? .string(clock.now().text)
            metadata["resourceVersion"] = former?["resourceVersion"]
            document["metadata"] = metadata
            if let stored, try stored.document() == document {
                outcome = WriteOutcome(kind: .unchanged, record: stored)
            } else {
                let kind: RecordedChange.Kind = stored == nil ? .added : .modified
                let record = try note(kind, document, uid: uid, write.key, stored, &changes)
                objects[write.key] = record
                outcome = WriteOutcome(kind: stored == nil ? .created : .updated, record: record)
            }
        }
        if write.feeder == "controllers" { counts[outcome.kind, default: [:]][write.key.kind, default: 0] += 1 }
        return outcome
    }

    private func note(
        _ kind: RecordedChange.Kind, _ document: JSONValue, uid: String, _ key: ObjectKey, _ former: ObjectRecord?,
        _ changes: inout [RecordedChange]
    ) throws -> ObjectRecord {
        version = ResourceVersion(rawValue: version.rawValue + 1)
        var document = document
        document["metadata"]?["resourceVersion"] = .string("\(version.rawValue)")
        let record = ObjectRecord(key: key, uid: uid, version: version, text: JSONText.text(of: document))
        changes.append(
            RecordedChange(
                kind: kind, record: record, selectable: SelectableFields(of: document, kind: key.kind),
                formerText: former?.text, formerSelectable: nil,
                object: try RegistryObject(document, kind: key.kind)))
        return record
    }
}
