import TestSupport
import Testing

@testable import DNS

/// Bytes of messages, written by hand.
private enum Wire {
    static func number(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 255)] }

    /// Header of a response with one question of `q.test.` A, then `rest`; offset 12 is the name, 19 the root.
    static func response(_ counts: [UInt16], _ rest: [UInt8], flags: UInt16 = 0x8180) -> [UInt8] {
        ([0xabcd, flags, 1] + counts).flatMap(number) + [1, 113, 4, 116, 101, 115, 116, 0, 0, 1, 0, 1] + rest
    }

    /// A record owned by the name at offset 12.
    static func record(_ type: UInt16, _ data: [UInt8], recordClass: UInt16 = 1, ttl: [UInt8] = [0, 0, 0, 60])
        -> [UInt8]
    {
        [0xc0, 12] + number(type) + number(recordClass) + ttl + number(UInt16(data.count)) + data
    }

    /// A pointer to `q.test.`, and what it stands for.
    static let pointer: [UInt8] = [0xc0, 12]
    static let name: [UInt8] = [1, 113, 4, 116, 101, 115, 116, 0]
}

@Suite("Whole messages")
struct DNSMessageTests {
    struct Expansion: CustomTestStringConvertible, Sendable {
        let type: UInt16
        let data: [UInt8]
        let expanded: [UInt8]
        var testDescription: String { "type \(type)" }

        init(_ type: UInt16, _ data: [UInt8], _ expanded: [UInt8]) {
            (self.type, self.data, self.expanded) = (type, data, expanded)
        }
    }

    @Test(
        "Names in data are spelled out for every type that may compress them (RFC 1035 §3.3, RFC 3597 §4)",
        arguments: [2, 3, 4, 5, 7, 8, 9, 12, 23, 39].map { Expansion($0, Wire.pointer, Wire.name) }
            + [14, 17].map { Expansion($0, Wire.pointer + Wire.pointer, Wire.name + Wire.name) }
            + [15, 18, 21, 36].map { Expansion($0, [0, 7] + Wire.pointer, [0, 7] + Wire.name) } + [
                Expansion(
                    6, Wire.pointer + Wire.pointer + [UInt8](repeating: 9, count: 20),
                    Wire.name + Wire.name + [UInt8](repeating: 9, count: 20)),
                Expansion(
                    24, [UInt8](repeating: 3, count: 18) + Wire.pointer + [1, 2, 3],
                    [UInt8](repeating: 3, count: 18) + Wire.name + [1, 2, 3]),
                Expansion(26, [0, 1] + Wire.pointer + Wire.pointer, [0, 1] + Wire.name + Wire.name),
                Expansion(30, Wire.pointer + [0x40], Wire.name + [0x40]),
                Expansion(33, [0, 1, 0, 2, 0, 53] + Wire.pointer, [0, 1, 0, 2, 0, 53] + Wire.name),
                Expansion(
                    35, [0, 1, 0, 2, 1, 115, 0, 2, 33, 33] + Wire.pointer,
                    [0, 1, 0, 2, 1, 115, 0, 2, 33, 33] + Wire.name),
                Expansion(65, [0, 1, 0xc0, 12], [0, 1, 0xc0, 12]), Expansion(1, [1, 2, 3, 4], [1, 2, 3, 4]),
                Expansion(65280, [], []),
            ])
    func expansion(_ expected: Expansion) throws {
        let bytes = Wire.response([1, 0, 0], Wire.record(expected.type, expected.data))
        let record = try #require(DNSMessage.read(bytes)?.answers.first)
        #expect(record.type.rawValue == expected.type)
        #expect(record.data.bytes == expected.expanded)
        #expect(record.owner.wire == Wire.name)
        #expect(record.ttl == 60)
        // One byte less, or one more behind the last name, is no such record.
        guard !expected.data.isEmpty, ![24, 30, 65].contains(expected.type) else { return }
        let short = Wire.response([1, 0, 0], Wire.record(expected.type, expected.data.dropLast()))
        #expect(DNSMessage.read(short) == nil)
        #expect(DNSMessage.read(Wire.response([1, 0, 0], Wire.record(expected.type, expected.data + [0]))) == nil)
    }

    @Test("Flags, counts and EDNS are read: extended code, DO, options in their order")
    func header() throws {
        let opt: [UInt8] = [0, 0, 41, 4, 208, 1, 0, 0x80, 0, 0, 10, 0, 15, 0, 2, 0, 22, 0, 65, 0, 0]
        let records = Wire.record(1, [1, 2, 3, 4]) + Wire.record(2, Wire.pointer) + opt + Wire.record(1, [5, 6, 7, 8])
        let message = try #require(DNSMessage.read(Wire.response([1, 1, 2], records, flags: 0xa7b7)))
        #expect(message.id == 0xabcd)
        #expect(message.isResponse && message.opcode.rawValue == 4 && message.isAuthoritative && message.isTruncated)
        #expect(message.isRecursionDesired && message.isRecursionAvailable && message.isAuthenticData)
        #expect(message.isCheckingDisabled)
        #expect(message.code.rawValue == 16 + 7)
        #expect(message.question == .init(try #require(DomainName("q.test.")), .a))
        #expect([message.answers.count, message.authorities.count, message.additionals.count] == [1, 1, 1])
        let edns = try #require(message.edns)
        #expect(edns.udpPayload == 1232 && edns.isDNSSECOK)
        #expect(edns.options == [EDNSOption(.extendedError, [0, 22]), EDNSOption(OptionCode(rawValue: 65), [])])
    }

    @Test("Records of other classes are not kept, TTLs with the first bit set are zero (RFC 2181 §8)")
    func classes() throws {
        let records =
            Wire.record(1, [1, 2, 3, 4], recordClass: 3) + Wire.record(250, [1], recordClass: 255)
            + Wire.record(1, [1, 2, 3, 4], ttl: [0x80, 0, 0, 1])
            + Wire.record(1, [1, 2, 3, 4], ttl: [0x7f, 255, 255, 255])
        let message = try #require(DNSMessage.read(Wire.response([4, 0, 0], records)))
        #expect(message.answers.map(\.ttl) == [0, UInt32(Int32.max)])
    }

    @Test("What is no message is none")
    func broken() {
        let whole = Wire.response([1, 0, 1], Wire.record(1, [1, 2, 3, 4]) + [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0])
        #expect(DNSMessage.read(whole) != nil)
        #expect(DNSMessage.read(whole + [1, 2, 3]) == DNSMessage.read(whole))
        for length in 0..<whole.count { #expect(DNSMessage.read(Array(whole.prefix(length))) == nil, "\(length)") }
        let opt: [UInt8] = [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0]
        for (counts, rest) in [
            ([0, 0, 2], opt + opt), ([1, 0, 0], opt), ([0, 0, 1], [1, 97] + opt),
            ([0, 0, 1], opt.dropLast(2) + [0, 3, 0, 1, 0]), ([0, 0, 1], opt.dropLast(2) + [0, 5, 0, 1, 0, 2, 9]),
            ([1, 0, 0], Wire.record(1, [1, 2, 3])), ([1, 0, 0], Wire.record(28, [1, 2, 3, 4])),
            ([4097, 0, 0], []), ([65535, 65535, 65535], []),
        ] as [([UInt16], [UInt8])] {
            #expect(DNSMessage.read(Wire.response(counts, rest)) == nil, "\(counts) \(rest)")
        }
        var questions = whole
        questions[5] = 2
        #expect(DNSMessage.read(questions) == nil)
    }

    @Test("A message that was cut may end in the middle of a record")
    func truncated() throws {
        let records = Wire.record(1, [1, 2, 3, 4]) + Wire.record(1, [5, 6, 7, 8])
        for length in 0..<records.count {
            let bytes = Wire.response([2, 0, 0], Array(records.prefix(length)), flags: 0x8380)
            let message = try #require(DNSMessage.read(bytes))
            #expect(message.isTruncated && message.answers.count == length / 16)
        }
    }

    @Test("An answer without a question is read")
    func withoutQuestion() throws {
        let message = try #require(DNSMessage.read([0, 1, 0x80, 5, 0, 0, 0, 0, 0, 0, 0, 0]))
        #expect(message.question == nil && message.code == .refused)
        #expect(DNSMessage.read(message.wire()) == message)
    }

    @Test("Pointers lead back and are bounded, whatever a message is made of")
    func pointers() {
        for target in [24, 25, 26, 30, 65535 & 0x3fff] as [UInt16] {
            let owner = Wire.number(0xc000 | target)
            let record = owner + Wire.number(1) + Wire.number(1) + [0, 0, 0, 1, 0, 4, 1, 2, 3, 4]
            #expect(DNSMessage.read(Wire.response([1, 0, 0], record)) == nil, "\(target)")
        }
        // Into the header.
        #expect(DNSMessage.read(Wire.response([1, 0, 0], [0xc0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 1, 2, 3, 4])) == nil)
        // A chain of pointers, each to the one before, in data that nobody reads as names; then owners at its end.
        var bytes = Wire.response([2, 0, 0], [])
        let chain = (0..<8000).flatMap { (index: Int) -> [UInt8] in
            let target = index == 0 ? 12 : 34 + 2 * index
            return Wire.number(0xc000 | UInt16(target))
        }
        bytes += [0xc0, 12] + Wire.number(65280) + Wire.number(1) + [0, 0, 0, 0] + Wire.number(UInt16(chain.count))
        bytes += chain
        let end = Wire.number(0xc000 | UInt16(36 + 2 * 7990))
        #expect(DNSMessage.read(bytes + end + Wire.number(1) + Wire.number(1) + [0, 0, 0, 0, 0, 4, 1, 2, 3, 4]) == nil)
        // 127 of them are followed.
        let near = Wire.number(0xc000 | UInt16(36 + 2 * 100))
        let message = DNSMessage.read(bytes + near + Wire.number(1) + Wire.number(1) + [0, 0, 0, 0, 0, 4, 1, 2, 3, 4])
        #expect(message?.answers.last?.owner.wire == Wire.name)
    }

    @Test("What is written is read back the same")
    func roundTrip() throws {
        var generator = SeededGenerator.announced()
        let names = ["a.test.", "b.a.test.", ".", "x.y.z.a.test."].compactMap { DomainName($0) }
        for _ in 0..<300 {
            func name() -> DomainName { names[Int.random(in: 0..<names.count, using: &generator)] }
            func data() -> RecordData {
                switch Int.random(in: 0..<5, using: &generator) {
                case 0: .address((0..<4).map { _ in .random(in: 0...255, using: &generator) })
                case 1: .cname(name())
                case 2: .srv(priority: 1, weight: 2, port: 3, target: name())
                case 3: RecordData(type: .mx, bytes: [0, 5] + name().wire)
                default: RecordData(type: .txt, bytes: [2, 65, 66])
                }
            }
            func records() -> [Record] {
                (0..<Int.random(in: 0...5, using: &generator)).map { _ in
                    Record(owner: name(), ttl: .random(in: 0...1000, using: &generator), data: data())
                }
            }
            var message = DNSMessage(
                id: .random(in: 0...65535, using: &generator), question: .init(name(), .a))
            message.isResponse = true
            message.isAuthoritative = .random(using: &generator)
            message.isRecursionAvailable = .random(using: &generator)
            message.isAuthenticData = .random(using: &generator)
            message.code = ResponseCode(rawValue: .random(in: 0...15, using: &generator))
            (message.answers, message.authorities, message.additionals) = (records(), records(), records())
            if Bool.random(using: &generator) {
                message.edns = EDNS(udpPayload: 1232, isDNSSECOK: true, options: [EDNSOption(.nsid, [1, 2])])
                message.code = ResponseCode(rawValue: .random(in: 0...4095, using: &generator))
            }
            #expect(DNSMessage.read(message.wire()) == message)
        }
    }

    @Test("Mutated messages are read or refused, and never more")
    func mutations() {
        var generator = SeededGenerator.announced()
        let seed = Wire.response(
            [2, 1, 1],
            Wire.record(5, Wire.pointer) + Wire.record(35, [0, 1, 0, 2, 1, 115, 0, 2, 33, 33] + Wire.pointer)
                + Wire.record(6, Wire.pointer + Wire.pointer + [UInt8](repeating: 9, count: 20))
                + [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 5, 0, 3, 0, 1, 7])
        for _ in 0..<20_000 {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            if let message = DNSMessage.read(bytes) {
                #expect(message.answers.count + message.authorities.count + message.additionals.count <= 4096)
            }
        }
    }

    @Test("A size limit cuts whole records: TC where it was no additional one")
    func limits() throws {
        let owner = try #require(DomainName("q.test."))
        let records = (0..<20).map { Record(owner: owner, ttl: 1, data: .address([1, 2, 3, $0])) }
        var message = DNSMessage(id: 1, question: .init(owner, .a))
        message.isResponse = true
        message.edns = EDNS(udpPayload: 512, options: [EDNSOption(.padding, [UInt8](repeating: 0, count: 20))])
        message.answers = records
        for limit in 60...400 {
            let bytes = message.wire(limit: limit)
            #expect(bytes.count <= limit)
            let read = try #require(DNSMessage.read(bytes))
            #expect(read.isTruncated == (read.answers.count < 20))
            #expect(read.answers == Array(records.prefix(read.answers.count)))
        }
        message.answers = []
        message.additionals = records
        let read = try #require(DNSMessage.read(message.wire(limit: 200)))
        #expect(!read.isTruncated && (1..<20).contains(read.additionals.count))
    }

    @Test("Queries for upstreams")
    func queries() throws {
        let name = try #require(DomainName("Q.test."))
        let bytes = DNSMessage.query(
            id: 7, name: name, type: .txt, recordClass: .chaos,
            flags: .init(isRecursionDesired: false, isAuthenticDataWanted: true, isCheckingDisabled: true),
            edns: EDNS(udpPayload: 1232, isDNSSECOK: true))
        #expect(
            bytes == [0, 7, 0, 0x30, 0, 1, 0, 0, 0, 0, 0, 1] + name.wire + [0, 16, 0, 3]
                + [0, 0, 41, 4, 208, 0, 0, 0x80, 0, 0, 0])
        #expect(Array(DNSMessage.query(id: 7, name: name, type: .a).prefix(4)) == [0, 7, 1, 0])
    }
}
