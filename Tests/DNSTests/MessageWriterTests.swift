import DNS
import TestSupport
import Testing

@Suite("Writing and reading records")
struct MessageWriterTests {
    /// The records of a message that follow a question of `name`.
    private static func read(_ bytes: [UInt8], after name: DomainName, count: Int) throws -> [Record] {
        var offset = 12 + name.wire.count + 4
        let records = try #require(RecordReader.records(in: bytes, at: &offset, count: count))
        #expect(offset == bytes.count)
        return records
    }

    @Test("Names are compressed in the types of RFC 1035 only (RFC 3597 §4)")
    func compression() throws {
        let owner = try name("www.example.")
        var writer = MessageWriter(for: owner)
        let start = writer.bytes.count
        func size(_ data: RecordData, _ owner: DomainName) -> Int {
            let before = writer.bytes.count
            let isWritten = writer.append(Record(owner: owner, ttl: 1, data: data))
            #expect(isWritten)
            return writer.bytes.count - before
        }
        #expect(size(.address([192, 0, 2, 1]), owner) == 16)
        #expect(size(.cname(try name("EXAMPLE.")), owner) == 14)
        #expect(size(.ns(try name("ns.example.")), owner) == 17)
        #expect(size(.ptr(try name("ns.example.")), try name("a.ns.example.")) == 16)
        #expect(size(.srv(priority: 0, weight: 0, port: 0, target: owner), owner) == 12 + 6 + 13)
        #expect(size(RecordData(type: .dname, bytes: owner.wire), owner) == 12 + 13)
        #expect(size(.ns(.root), .root) == 12)
        #expect(writer.bytes[start] == 0xc0 && writer.bytes[start + 1] == 12)
    }

    @Test("Random records are read back as they were written, spelling aside")
    func roundTrip() throws {
        var generator = SeededGenerator.announced()
        for _ in 0..<300 {
            let question = DomainNameTests.random(&generator)
            let records = (0..<Int.random(in: 0...30, using: &generator)).map { _ in
                Self.random(&generator, near: question)
            }
            var writer = MessageWriter(for: question)
            for record in records where !writer.append(record) { Issue.record("\(record) does not fit") }
            let read = try Self.read(writer.bytes, after: question, count: records.count)
            #expect(read.map { Self.lowercased($0) } == records.map { Self.lowercased($0) })
        }
    }

    @Test("What does not fit leaves no trace")
    func limit() throws {
        var generator = SeededGenerator.announced()
        let question = try name("www.example.")
        for _ in 0..<200 {
            let limit = Int.random(in: 60...600, using: &generator)
            var writer = MessageWriter(for: question, limit: limit)
            var kept: [Record] = []
            for _ in 0..<40 {
                let record = Self.random(&generator, near: question)
                let before = writer.bytes
                if writer.append(record) { kept.append(record) } else { #expect(writer.bytes == before) }
            }
            #expect(writer.bytes.count <= limit)
            // A name forgotten with its record must not be pointed to later.
            let read = try Self.read(writer.bytes, after: question, count: kept.count)
            #expect(read.map { Self.lowercased($0) } == kept.map { Self.lowercased($0) })
        }
    }

    @Test("Names behind the reach of pointers are spelled out")
    func farNames() throws {
        let question = try name("www.example.")
        var writer = MessageWriter(for: question)
        let records = try (0..<1500).map {
            Record(
                owner: try name("host\($0).far\($0 % 7).example."), ttl: 5, data: .ns(try name("n\($0).far\($0).test."))
            )
        }
        for record in records where !writer.append(record) { Issue.record("\(record) does not fit") }
        #expect(writer.bytes.count > 0x4000)
        #expect(try Self.read(writer.bytes, after: question, count: records.count) == records)
    }

    @Test("Broken messages are nil, loops of pointers too")
    func brokenMessages() throws {
        let messages: [[UInt8]] = [
            [0xc0, 0], [1, 97, 0xc0, 0], [0xc0, 2, 0xc0, 0], [0xc0], [3, 97], [1, 97], [64, 0], [0x80, 0],
            [0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 1, 2, 3], [0, 0, 5, 0, 1, 0, 0, 0, 0, 0, 0],
            [0, 0, 15, 0, 1, 0, 0, 0, 0, 0, 1, 1], [0, 0, 6, 0, 1, 0, 0, 0, 0, 0, 1, 0], [0, 0, 1],
        ]
        for message in messages {
            var offset = 0
            #expect(RecordReader.records(in: message, at: &offset, count: 1) == nil, "\(message)")
        }
        var generator = SeededGenerator.announced()
        let question = try name("www.example.")
        for _ in 0..<20_000 {
            var writer = MessageWriter(for: question)
            for _ in 0..<3 { _ = writer.append(Self.random(&generator, near: question)) }
            var bytes = writer.bytes
            for _ in 0..<3 {
                bytes[Int.random(in: 12..<bytes.count, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            var offset = Int.random(in: 0..<bytes.count, using: &generator)
            if RecordReader.records(in: bytes, at: &offset, count: 3) != nil { #expect(offset <= bytes.count) }
        }
    }

    @Test("SOA data: read as written, nil where it is broken")
    func startOfAuthority() throws {
        let soa = StartOfAuthority(
            primary: try name("ns.example."), mailbox: .root, serial: .max, refresh: 1, retry: 2, expire: 3, minimum: 4)
        #expect(StartOfAuthority(soa.data) == soa)
        for count in 0..<soa.data.bytes.count {
            #expect(StartOfAuthority(RecordData(type: .soa, bytes: Array(soa.data.bytes.prefix(count)))) == nil)
        }
        #expect(StartOfAuthority(RecordData(type: .soa, bytes: soa.data.bytes + [0])) == nil)
        #expect(StartOfAuthority(RecordData(type: .txt, bytes: soa.data.bytes)) == nil)
    }

    // MARK: Records

    private static func random(_ generator: inout SeededGenerator, near question: DomainName) -> Record {
        func name() -> DomainName {
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: question
            case 1: DomainName(labels: ["n\(Int.random(in: 0..<9, using: &generator))"], under: question) ?? .root
            case 2: question.parent ?? .root
            default: DomainNameTests.random(&generator)
            }
        }
        let data: RecordData =
            switch Int.random(in: 0..<8, using: &generator) {
            case 0: .address([1, 2, 3, 4])
            case 1: .cname(name())
            case 2: .ns(name())
            case 3: .ptr(name())
            case 4: .srv(priority: 1, weight: 2, port: 3, target: name())
            case 5: RecordData(type: .mx, bytes: [0, 1] + name().wire)
            case 6:
                StartOfAuthority(
                    primary: name(), mailbox: name(), serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5
                ).data
            default: RecordData(type: RecordType(rawValue: 65280), bytes: [0xc0, 0, 1])
            }
        return Record(owner: name(), ttl: .random(in: 0...0x7fff_ffff, using: &generator), data: data)
    }

    /// A record in lower case: compression may give a name the spelling of an earlier one.
    private static func lowercased(_ record: Record) -> Record {
        let hasName = record.data.target != nil || record.type == .soa
        let bytes = hasName ? record.data.bytes.map(DomainName.lowercased) : record.data.bytes
        return Record(owner: record.owner, ttl: record.ttl, data: RecordData(type: record.type, bytes: bytes))
    }
}
