import DNS
import Testing

@testable import AnswerTable

@Suite("Prepared answers")
struct PreparedAnswerTests {
    @Test("Read back as they were given")
    func roundTrip() throws {
        let table = AnswerTable()
        let reader = table.makeReader()
        let owner = try name("_http._tcp.web.prod.example.")
        let target = try name("web.prod.example.")
        func record(_ data: RecordData, _ owner: DomainName) -> Record {
            Record(owner: owner, ttl: 2_147_483_647, data: data)
        }
        let soa = StartOfAuthority(
            primary: target, mailbox: try name("h.other."), serial: .max, refresh: 1, retry: 2, expire: 3, minimum: 4)
        let mx = RecordData(type: .mx, bytes: [0, 10] + target.wire)
        let given: [[RecordData]] = [
            [.address([192, 0, 2, 1]), .address([192, 0, 2, 2])], [.address((0..<16).map { $0 })], [.cname(target)],
            [.ns(target), .ns(owner), .ns(.root)], [.ptr(try name("10\\.a.web.prod.example."))],
            [
                .srv(priority: 1, weight: 2, port: 3, target: target),
                .srv(priority: 0, weight: 0, port: 0, target: .root),
            ],
            [soa.data], [mx], [RecordData(type: .txt, bytes: [5] + Array("1.1.0".utf8))], [.minimalAny],
            [RecordData(type: RecordType(rawValue: 65280), bytes: [])],
        ]
        let additionals = [
            record(.address([192, 0, 2, 1]), target), record(.address([UInt8](repeating: 7, count: 16)), target),
        ]
        table.update { update in
            update.set(
                owner, zone: 7,
                answers: given.map { list in
                    PreparedAnswer(
                        to: owner, type: list[0].type, answers: list.map { record($0, owner) },
                        additionals: additionals, isAlias: list[0].type == .cname)
                })
        }
        reader.enter()
        defer { reader.leave() }
        for list in given {
            let found = try #require(reader.records(of: owner, type: list[0].type))
            #expect(found.answers == list.map { record($0, owner) })
            #expect(found.additionals == additionals)
            #expect(found.zone == 7)
            #expect(found.flags.contains(.alias) == (list[0].type == .cname))
            #expect(found.flags.contains(.rotates) == (list.count > 1 && list[0].type == .a))
        }
        #expect(try #require(reader.records(of: owner, type: .ds)).answers == [])
    }

    @Test("What does not fit the largest message is cut, additional records silently")
    func cut() throws {
        let name = try name("many.example.")
        let addresses = (0..<5000).map { Record.address(name, AnswerTableTests.bytes($0)) }
        let whole = PreparedAnswer(to: name, type: .a, answers: Array(addresses.prefix(4000)), additionals: addresses)
        #expect(!whole.flags.contains(.cut))
        #expect(whole.answers == 4000)
        #expect((1..<1000).contains(whole.additionals))
        let cut = PreparedAnswer(to: name, type: .a, answers: addresses, additionals: addresses)
        #expect(cut.flags.contains(.cut))
        #expect(cut.answers == (65535 - 12 - name.wire.count - 4) / 16)
        #expect(cut.additionals == 0)
        #expect(cut.body.count == Int(cut.answers) * 16)
    }

    @Test("Bodies written without a search are those of the message writer, byte for byte", arguments: Bodies.all)
    func plainBodies(_ given: Bodies) throws {
        let question = try name(given.question)
        let answers = try given.answers.map { try $0.record() }
        let additionals = try given.additionals.map { try $0.record() }
        var writer = MessageWriter(for: question)
        let start = writer.bytes.count
        for record in answers + additionals {
            let isWritten = writer.append(record)
            try #require(isWritten)
        }
        let answer = PreparedAnswer(
            to: question, type: answers[0].type, answers: answers, additionals: additionals)
        #expect(answer.body == Array(writer.bytes[start...]))
        #expect(answer.answers == UInt16(answers.count))
        #expect(answer.additionals == UInt16(additionals.count))
        let plain = PlainBody(to: question, answers: answers, additionals: additionals)
        #expect((plain != nil) == given.isPlain)
    }
}

/// A question and records behind it.
struct Bodies: Sendable, CustomTestStringConvertible {
    struct Item: Sendable {
        let owner: String
        let type: RecordType
        let text: String

        func record() throws -> Record {
            let data: RecordData =
                switch type {
                case .ptr: .ptr(try name(text))
                case .srv: .srv(priority: 0, weight: 50, port: 8080, target: try name(text))
                default: .address(Array(text.utf8))
                }
            return Record(owner: try name(owner), ttl: 0x0102_0304, data: data)
        }
    }

    let question: String
    let answers: [Item]
    var additionals: [Item] = []
    let isPlain: Bool

    var testDescription: String { question + (isPlain ? " without a search" : " with one") }

    private static let web = "web.prod.svc.cluster.local."
    private static let pod = "pod-0.web.prod.svc.cluster.local."
    private static let reverse = "1.0.0.10.in-addr.arpa."

    static let all: [Bodies] = [
        Bodies(
            question: web,
            answers: [.init(owner: web, type: .a, text: "abcd"), .init(owner: web, type: .a, text: "efgh")],
            isPlain: true),
        Bodies(
            question: web,
            answers: [.init(owner: "WEB.prod.svc.cluster.LOCAL.", type: .aaaa, text: "0123456789abcdef")],
            isPlain: true),
        Bodies(
            question: "_http._tcp." + web, answers: [.init(owner: "_http._tcp." + web, type: .srv, text: web)],
            additionals: [.init(owner: web, type: .a, text: "abcd")], isPlain: true),
        Bodies(
            question: pod,
            answers: [.init(owner: pod, type: .srv, text: pod), .init(owner: pod, type: .srv, text: pod)],
            additionals: [.init(owner: pod, type: .a, text: "abcd")], isPlain: true),
        Bodies(
            question: web, answers: [.init(owner: web, type: .srv, text: pod)],
            additionals: [.init(owner: pod, type: .a, text: "abcd")], isPlain: false),
        Bodies(question: reverse, answers: [.init(owner: reverse, type: .ptr, text: pod)], isPlain: true),
        Bodies(question: reverse, answers: [.init(owner: reverse, type: .ptr, text: "host.ARPA.")], isPlain: false),
        Bodies(question: reverse, answers: [.init(owner: reverse, type: .ptr, text: ".")], isPlain: true),
        Bodies(
            question: reverse,
            answers: [.init(owner: reverse, type: .ptr, text: web), .init(owner: reverse, type: .ptr, text: pod)],
            isPlain: false),
        Bodies(question: ".", answers: [.init(owner: ".", type: .a, text: "abcd")], isPlain: false),
        Bodies(question: web, answers: [.init(owner: "other.", type: .a, text: "abcd")], isPlain: false),
        Bodies(question: web, answers: [.init(owner: ".", type: .a, text: "abcd")], isPlain: false),
    ]
}
