import Registry
import Testing

/// The newest changes, shared by readers at their own pace.
struct ChangeRingTests {
    private static func change(_ version: Int64, text: String = "{}") throws -> RecordedChange {
        let key = ObjectKey(.node, NamespacedName(namespace: "", name: "n\(version)"))
        let document = try JSONText.value(of: text)
        return RecordedChange(
            kind: .added,
            record: ObjectRecord(key: key, uid: "", version: ResourceVersion(rawValue: version), text: text),
            selectable: SelectableFields(of: document, kind: .node), formerText: nil, formerSelectable: nil,
            object: try RegistryObject(document, kind: .node))
    }

    private static func at(_ version: Int64) -> ResourceVersion { ResourceVersion(rawValue: version) }

    @Test("Readers that come at any time get everything behind their version, in order")
    func order() async throws {
        let ring = ChangeRing(at: Self.at(10))
        let readers = (Int64(10)..<13).map { start in
            Task {
                let cursor = ChangeCursor(ring, after: Self.at(start))
                var versions: [Int64] = []
                while versions.last != 300 { versions += try await cursor.next().map(\.version.rawValue) }
                return versions
            }
        }
        for version in Int64(11)...300 {
            ring.append([try Self.change(version)])
            if version % 7 == 0 { await Task.yield() }
        }
        for (start, reader) in zip(Int64(10)..., readers) {
            #expect(try await reader.value == Array((start + 1)...300))
        }
    }

    @Test(
        "Only so many are kept, or so many bytes; a reader from before is told the oldest it can have",
        arguments: [
            (4, 1000), (1000, 40),
        ])
    func overrun(capacity: Int, maximumSize: Int) async throws {
        let ring = ChangeRing(at: Self.at(0), capacity: capacity, maximumSize: maximumSize)
        // Ten bytes each.
        for version in Int64(1)...50 { ring.append([try Self.change(version, text: #"{"a":1234}"#)]) }
        #expect(ring.newest == Self.at(50) && ring.holds(after: Self.at(46)) && !ring.holds(after: Self.at(45)))
        let kept = ChangeCursor(ring, after: Self.at(46))
        #expect(try await kept.next().map(\.version.rawValue) == [47, 48, 49, 50])
        await #expect(throws: ObjectStoreError.versionTooOld(Self.at(45), oldest: Self.at(46))) {
            _ = try await ChangeCursor(ring, after: Self.at(45)).next()
        }
    }

    @Test("What is given up is freed at once, whoever has not read it")
    func memory() async throws {
        struct Held {
            weak var change: RecordedChange?
        }
        let ring = ChangeRing(at: Self.at(0), capacity: 10)
        let idle = ChangeCursor(ring, after: Self.at(0))
        var held: [Held] = []
        for version in Int64(1)...100 {
            let change = try Self.change(version)
            held.append(Held(change: change))
            ring.append([change])
            #expect(held.count { $0.change != nil } <= 10 + 1, "\(version)")
        }
        #expect(held.count { $0.change != nil } == 10)
        await #expect(throws: ObjectStoreError.versionTooOld(Self.at(0), oldest: Self.at(90))) {
            _ = try await idle.next()
        }
    }

    @Test("A transaction larger than the ring is kept whole")
    func largeTransaction() async throws {
        let ring = ChangeRing(at: Self.at(0), capacity: 3, maximumSize: 4)
        ring.append([try Self.change(1)])
        ring.append(try (2...20).map { try Self.change($0) })
        #expect(try await ChangeCursor(ring, after: Self.at(1)).next().map(\.version.rawValue) == Array(2...20))
        #expect(!ring.holds(after: Self.at(0)))
    }

    @Test("A reader that waits ends when its task is cancelled, and the others go on waiting")
    func cancellation() async throws {
        let ring = ChangeRing(at: Self.at(0))
        let cancelled = Task { try await ChangeCursor(ring, after: Self.at(0)).next() }
        let other = Task { try await ChangeCursor(ring, after: Self.at(0)).next() }
        for _ in 0..<10 { await Task.yield() }
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { _ = try await cancelled.value }
        ring.append([try Self.change(1)])
        #expect(try await other.value.count == 1)
    }

    @Test("A ring that is retired ends those who wait and those who come, as if they had fallen behind")
    func retired() async throws {
        let ring = ChangeRing(at: Self.at(0))
        let waiting = Task { try await ChangeCursor(ring, after: Self.at(0)).next() }
        let late = ChangeCursor(ring, after: Self.at(0))
        ring.retire()
        for reading in [{ try await waiting.value }, { try await late.next() }] {
            await #expect(throws: ObjectStoreError.versionTooOld(Self.at(0), oldest: Self.at(0))) {
                _ = try await reading()
            }
        }
    }

    @Test("A reader from before the ring is brought up from elsewhere, also when it falls behind later")
    func archive() async throws {
        let ring = ChangeRing(at: Self.at(7), capacity: 4)
        let older = try (1...16).map { try Self.change($0) }
        let cursor = ChangeCursor(ring, after: Self.at(2)) { version in
            Array(older.filter { $0.version > version && $0.version <= ring.newest }.prefix(3))
        }
        #expect(try await cursor.next().map(\.version.rawValue) == [3, 4, 5])
        #expect(try await cursor.next().map(\.version.rawValue) == [6, 7])
        ring.append([try Self.change(8)])
        #expect(try await cursor.next().map(\.version.rawValue) == [8])
        for version in Int64(9)...16 { ring.append([try Self.change(version)]) }
        #expect(try await cursor.next().map(\.version.rawValue) == [9, 10, 11])
        #expect(try await cursor.next().map(\.version.rawValue) == [12, 13, 14])
        #expect(try await cursor.next().map(\.version.rawValue) == [15, 16])
        // What is not elsewhere either is missed.
        for version in Int64(17)...40 { ring.append([try Self.change(version)]) }
        await #expect(throws: ObjectStoreError.versionTooOld(Self.at(16), oldest: Self.at(36))) {
            _ = try await cursor.next()
        }
    }
}
