import DNS
import Synchronization

/// One thread's way into the table.
///
/// `enter` before the first look-up of a batch, `leave` after the last use of anything found: what a look-up gives
/// is valid in between only. Not for more than one thread at a time; hence not Sendable.
@usableFromInline
package final class AnswerReader {
    /// Keeps the memory that `view` leads to.
    private let table: AnswerTable
    /// The look-ups themselves; valid while this reader is there.
    @usableFromInline package let view: TableView
    private let unregister: () -> Void

    init(
        table: AnswerTable, cell: UnsafeMutablePointer<Atomic<UInt64>>, epoch: UnsafeMutablePointer<Atomic<UInt64>>,
        composer: AnswerComposer, unregister: @escaping () -> Void
    ) {
        self.table = table
        view = TableView(roots: table.roots, cell: cell, epoch: epoch, seed: table.seed, composer: composer)
        self.unregister = unregister
    }

    deinit {
        unregister()
        view.composer.memory.deallocate()
    }

    @inlinable
    package func enter() { view.enter() }

    @inlinable
    package func leave() { view.leave() }

    /// The seed of `NameKey.make` for this table.
    @inlinable
    package var seed: UInt64 { view.seed }

    /// The entry of a name as `NameKey.make` wrote it.
    @inlinable
    package func entry(_ words: UnsafePointer<UInt64>, length: Int, hash: UInt64) -> Entry? {
        view.entry(words, length: length, hash: hash)
    }

    /// The zones, as they are now.
    @inlinable
    package var directory: ZoneDirectory { view.directory }

    /// The answer of a name and type, read back into records; nil where the name does not exist.
    ///
    /// For the slow path; the caller must be inside (`enter`).
    package func records(of name: DomainName, type: RecordType) -> LookedUp? {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: NameKey.maximumWords) { words in
            guard let key = words.baseAddress else { return nil }
            let hash = NameKey.make(name, seed: seed, into: key)
            guard let entry = entry(key, length: name.wire.count, hash: hash) else { return nil }
            guard let body = entry.body(for: type) else {
                return LookedUp(zone: entry.zone, flags: [], answers: [], additionals: [])
            }
            let message =
                [UInt8](repeating: 0, count: 12) + name.wire + [0, 0, 0, 0]
                + UnsafeRawBufferPointer(start: body.bytes, count: body.length)
            var offset = 12 + name.wire.count + 4
            guard
                let answers = RecordReader.records(in: message, at: &offset, count: Int(body.answers)),
                let additionals = RecordReader.records(in: message, at: &offset, count: Int(body.additionals))
            else { return nil }
            return LookedUp(zone: entry.zone, flags: body.flags, answers: answers, additionals: additionals)
        }
    }

    /// What the table has for one name and type; no answers stand for NODATA.
    package struct LookedUp {
        /// The index of the name's zone in the directory.
        package let zone: Int
        package let flags: Body.Flags
        package let answers: [Record]
        package let additionals: [Record]
    }
}
