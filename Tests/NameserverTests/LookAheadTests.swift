import AnswerTable
import DNS
import Pipeline
import TestSupport
import Testing

@testable import Nameserver

@Suite("Looking ahead in a large table", .timeLimit(.minutes(2)))
struct LookAheadTests {
    private static let count = 10_000

    private static func table() throws -> AnswerTable {
        let table = AnswerTable()
        let apex = try TestServer.name("large.test.")
        let soa = try TestServer.soa(apex)
        table.update { update in
            update.setZones([ServedZone(apex: apex, content: .table, denialSOA: soa, ttl: 5)])
            for index in 0..<count {
                guard let name = DomainName("n\(index).large.test.") else { continue }
                let record = Record(owner: name, ttl: 5, data: .address(address(index)))
                update.set(name, zone: 0, answers: [PreparedAnswer(to: name, type: .a, answers: [record])])
            }
        }
        return table
    }

    private static func address(_ index: Int) -> [UInt8] { [10, 0, UInt8(index >> 8), UInt8(index & 255)] }

    /// A look ahead by somebody who reads the table.
    private struct Looking {
        private let reader: AnswerReader
        private let ahead = LookAhead(count: 1)

        init() throws {
            reader = try LookAheadTests.table().makeReader()
            reader.enter()
        }

        var view: TableView { reader.view }

        func hash(_ memory: UnsafeMutableRawPointer, _ length: Int) -> UInt64 {
            ahead.hash(memory, length: length, reader.view)
        }

        func end() {
            reader.leave()
            ahead.deallocate()
        }
    }

    @Test("Every query of many that come at once has its own answer")
    func answers() async throws {
        let table = try Self.table()
        var content = ListenerContent(
            router: Router([
                ServerBlockRoute(
                    zone: try TestServer.name("large.test."), label: "dns://:53", chain: Chain([]), isCounted: false)
            ]), timeouts: .patient)
        content.readyAnswers = ReadyAnswers(table, rotates: false)
        let listeners = Listeners(limits: .patient)
        let listener = try await listeners.open(ListenerSettings(.dns, [Loopback.address], workers: 1), content)
        let client = try TestSocket(.datagram, to: listener.addresses[0])
        defer { client.close() }
        for start in stride(from: 0, to: 1000, by: 50) {
            // Every tenth name is not there.
            for index in start..<(start + 50) {
                var query = TestQuery(index % 10 == 9 ? "m\(index).large.test." : "N\(index).large.test.")
                query.id = UInt16(index)
                client.send(query.bytes)
            }
            var asked = Set(start..<(start + 50))
            while !asked.isEmpty {
                let reply = try TestReply(await onThread { client.receive() })
                try #require(asked.remove(reply.id) != nil)
                #expect(reply.code == (reply.id % 10 == 9 ? 3 : 0))
                #expect(reply.answers.map(\.data.bytes) == (reply.id % 10 == 9 ? [] : [Self.address(reply.id)]))
            }
        }
        await listeners.stop()
    }

    @Test("The hash of a question is that of its name; packets without a whole question have none")
    func questions() throws {
        let looking = try Looking()
        defer { looking.end() }
        func hash(_ bytes: [UInt8]) -> UInt64 {
            withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { memory in
                memory.copyBytes(from: bytes)
                guard let base = memory.baseAddress else { return 0 }
                return looking.hash(base, bytes.count)
            }
        }
        let query = TestQuery("n7.large.test.").bytes
        #expect(looking.view.entryPlace(of: hash(query)) != nil)
        #expect(looking.view.entryPlace(of: hash(TestQuery("_http._tcp.N7.large.test.").bytes)) != nil)
        for length in 0..<query.count { #expect(hash(Array(query.prefix(length))) == 0) }
        let longest = [UInt8](repeating: 0, count: 12) + [UInt8](repeating: 63, count: 1000)
        #expect(hash(longest) == 0)
    }

    @Test("No packet ends it")
    func hostile() throws {
        let looking = try Looking()
        defer { looking.end() }
        let seed = UInt64.random(in: .min ... .max)
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        for length in 0...600 {
            for _ in 0..<20 {
                // Lengths of labels are few, so that many packets have names that end.
                let limit = UInt8.random(in: 1...255, using: &generator)
                withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { memory in
                    memory.initializeMemory(as: UInt8.self, repeating: limit)
                    for index in 0..<(length + 64) { memory[index] = .random(in: 0...limit, using: &generator) }
                    guard let base = memory.baseAddress else { return }
                    let hash = looking.hash(base, length)
                    _ = looking.view.entryPlace(of: hash)
                }
            }
        }
    }
}
