import DNS
import Foundation
import Synchronization
import Testing

@testable import AnswerTable

@Suite("Readers beside a writer")
struct ConcurrencyTests {
    @Test("Every read is one of the values written, whole")
    func readsAreWhole() throws {
        let table = AnswerTable(capacity: 1)
        let names = try (0..<16).map { try name("n\($0).example.") }
        let faults = Mutex<[String]>([])
        let isDone = Atomic<Bool>(false)
        let threads = DispatchGroup()
        for _ in 0..<4 {
            threads.enter()
            Thread {
                defer { threads.leave() }
                let reader = table.makeReader()
                var count = 0
                while count < 100_000, count < 4000 || !isDone.load(ordering: .relaxed) {
                    for name in names {
                        count += 1
                        guard let fault = Self.fault(reader, name) else { continue }
                        faults.withLock { $0.append(fault) }
                    }
                }
            }.start()
        }
        for round in 0..<1500 {
            table.update { update in
                for (index, name) in names.enumerated() {
                    guard round % 7 != index % 7 else {
                        update.remove(name)
                        continue
                    }
                    update.set(name, zone: 0, answers: Self.answers(name, round))
                }
                // Other names make the table grow and leave tombstones.
                let other = DomainName(labels: ["o\(round % 900)", "example"])
                if let other { round % 3 == 0 ? update.remove(other) : update.set(other, zone: 0, answers: []) }
                if round % 50 == 0 { update.setZones(names.prefix(round % 5).map { .test($0) }) }
            }
        }
        isDone.store(true, ordering: .relaxed)
        threads.wait()
        #expect(faults.withLock { $0 } == [])
    }

    /// Two A records and a TXT of a length and content that follow from one number.
    private static func answers(_ name: DomainName, _ value: Int) -> [PreparedAnswer] {
        let bytes = AnswerTableTests.bytes(value)
        let text = RecordData(type: .txt, bytes: (0..<(4 + value % 200)).map { bytes[$0 % 4] })
        return [
            PreparedAnswer(to: name, type: .a, answers: [.address(name, bytes), .address(name, bytes)]),
            PreparedAnswer(to: name, type: .txt, answers: [Record(owner: name, ttl: 5, data: text)]),
        ]
    }

    private static func fault(_ reader: AnswerReader, _ name: DomainName) -> String? {
        reader.enter()
        defer { reader.leave() }
        if let found = reader.records(of: name, type: .a) {
            guard found.answers.count == 2, found.answers[0].data == found.answers[1].data else {
                return "\(found.answers)"
            }
        }
        if let found = reader.records(of: name, type: .txt) {
            guard let bytes = found.answers.first?.data.bytes, found.answers.count == 1, bytes.count >= 4 else {
                return "\(found.answers)"
            }
            let value = bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) }
            guard bytes.count == 4 + value % 200, bytes.indices.allSatisfy({ bytes[$0] == bytes[$0 % 4] }) else {
                return "\(bytes)"
            }
        }
        let zones = reader.directory
        return zones.count > 4 ? "\(zones.count) zones" : nil
    }

    @Test("Retired memory waits for readers that were inside, and for no others")
    func reclamation() {
        let readGuard = ReadGuard()
        let (first, cell, epoch) = readGuard.addReader()
        let (second, otherCell, _) = readGuard.addReader()
        func retire() { readGuard.retire(.allocate(byteCount: 8, alignment: 8)) }
        func enter(_ cell: ReadGuard.Cell) {
            cell.pointee.store(epoch.pointee.load(ordering: .acquiring), ordering: .sequentiallyConsistent)
        }
        retire()
        readGuard.collect()
        #expect(readGuard.pending == 0, "nobody is inside")
        enter(cell)
        retire()
        readGuard.collect()
        #expect(readGuard.pending == 1)
        enter(otherCell)
        retire()
        readGuard.collect()
        #expect(readGuard.pending == 2)
        cell.pointee.store(0, ordering: .releasing)
        readGuard.collect()
        #expect(readGuard.pending == 1, "the later reader never saw the first piece")
        readGuard.removeReader(second)
        readGuard.collect()
        #expect(readGuard.pending == 0, "a reader that went away holds nothing")
        readGuard.removeReader(first)
    }
}
