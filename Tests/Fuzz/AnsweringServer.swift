import AnswerTable
import DNS
@testable import Nameserver
import Pipeline
import Registry

/// Says all that a response may say, at the length of the name's first label.
private struct TalkativeStage: Stage {
    let directive = "talk"

    nonisolated(nonsending) func respond(to query: PipelineQuery, next: Chain) async -> Response {
        var response = Response(.noError, isAuthoritative: query.isRecursionDesired)
        let count = query.name.labels.first?.count ?? 0
        response.answers = (0..<count * 4).map { index in
            Record(owner: query.name, ttl: 1, data: .address([10, 0, UInt8(index >> 8), UInt8(index & 255)]))
        }
        response.isAuthenticData = true
        response.isTruncated = count % 7 == 6
        response.extendedError = ExtendedError(.blocked, String(repeating: "é", count: count * 20))
        response.options = [EDNSOption(.nsid, [UInt8](repeating: 1, count: count))]
        response.udpLimit = count % 2 == 0 ? nil : count * 30
        return response
    }
}

/// Follows the first alias.
private struct AliasStage: Stage {
    let directive = "alias"
    let target: DomainName

    nonisolated(nonsending) func respond(to query: PipelineQuery, next: Chain) async -> Response {
        var response = Response(.nxDomain, isAuthoritative: true)
        response.answers = [Record(owner: query.name, ttl: 5, data: .cname(target))]
        response.answers += await query.ask(target, query.type).answers
        return response
    }
}

private struct FuzzOrigin: QueryOrigin {
    let client = PipelineQuery.Peer(.v4(0xc000_0201), port: 4000)
    let server = PipelineQuery.Peer(.v4(0x7f00_0001), port: 53)

    func makeReturnPath() -> ReturnPath { { _ in true } }
}

/// A responder over UDP and one over TCP with a table and stages behind, whose replies are checked.
final class AnsweringServer {
    private static let capacity = 65535
    let state: ListenerState
    private let responders: [Transport: Responder]

    init() {
        let zone = Self.zone("cluster.local.", .tableThenPipeline)
        let late = Self.zone("late.", .notReady)
        let table = AnswerTable()
        table.update { update in
            update.setZones([zone, late])
            for (name, answers) in Self.answers() { update.set(name, zone: 0, answers: answers) }
        }
        func route(_ zone: String, _ stage: any Stage) -> ServerBlockRoute {
            ServerBlockRoute(
                zone: Self.name(zone), label: "dns://:53", chain: Chain([stage]), takesChaos: true,
                takesTransfers: true, isCounted: true)
        }
        let router = Router([
            route("cluster.local.", AliasStage(target: Self.name("talk.elsewhere."))), route(".", TalkativeStage()),
        ])
        state = ListenerState(
            ListenerContent(router: router, readyAnswers: ReadyAnswers(table, rotates: true)))
        responders = [.udp: Responder(state, transport: .udp), .tcp: Responder(state, transport: .tcp)]
    }

    /// The reply to a query, checked; empty for silence.
    @discardableResult
    func run(_ input: UnsafeRawBufferPointer, _ transport: Transport) -> [UInt8] {
        // Memory of exactly this size, so that the sanitizer sees every byte too many.
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(Self.capacity, input.count) + Responder.slack, alignment: 16)
        defer { buffer.deallocate() }
        guard let base = buffer.baseAddress else { return [] }
        buffer.copyBytes(from: input)
        guard let responder = responders[transport] else { return [] }
        responder.enter()
        let outcome = responder.respond(
            base, length: input.count, capacity: Self.capacity, isIPv6: false, from: FuzzOrigin())
        responder.leave()
        demand(outcome != .later, "a stage that waits for nothing was waited for")
        var length = 0
        if case .reply(let bytes) = outcome { length = bytes }
        let reply = UnsafeRawBufferPointer(rebasing: buffer[..<max(0, length)])
        check(reply, of: input, transport)
        return Array(reply)
    }

    private func check(_ reply: UnsafeRawBufferPointer, of query: UnsafeRawBufferPointer, _ transport: Transport) {
        guard !reply.isEmpty else {
            return demand(query.count < 12 || query[2] & 0x80 != 0, "silence for what is no response")
        }
        demand(reply.count >= 12, "less than a header")
        demand(reply[0] == query[0] && reply[1] == query[1], "another ID")
        demand(reply[2] & 0x80 != 0, "QR is not set")
        demand(reply[2] & 0x78 == query[2] & 0x78 || reply[2] & 0x78 == 0, "another opcode")
        demand((reply[2] ^ query[2]) & 1 == 0, "another RD")
        if case .udp = transport { demand(reply.count <= 1232, "larger than any UDP reply") }
        guard let payload = Self.walk(reply) else {
            return demand(false, "records that do not end where the reply ends")
        }
        if case .udp = transport, payload == nil { demand(reply.count <= 512, "larger than 512 bytes without EDNS") }
    }

    /// Steps over question and records; nil where they do not fill the message exactly.
    ///
    /// Gives the payload size of the OPT record, nil within where there is none.
    private static func walk(_ message: UnsafeRawBufferPointer) -> UInt16?? {
        func number(_ index: Int) -> Int { Int(message[index]) << 8 | Int(message[index + 1]) }
        var index = 12
        var payload: UInt16?
        let questions = number(4)
        for count in 0..<(questions + number(6) + number(8) + number(10)) {
            guard let end = nameEnd(message, index) else { return nil }
            index = end + (count < questions ? 4 : 10)
            guard index <= message.count else { return nil }
            guard count >= questions else { continue }
            if number(end) == 41 { payload = UInt16(number(end + 2)) }
            index += number(end + 8)
            guard index <= message.count else { return nil }
        }
        return index == message.count ? .some(payload) : nil
    }

    /// Where a name ends, following no pointer but checking that it leads backwards.
    private static func nameEnd(_ message: UnsafeRawBufferPointer, _ start: Int) -> Int? {
        var index = start
        while index < message.count {
            let length = Int(message[index])
            if length == 0 { return index + 1 }
            if length >= 0xc0 {
                guard index + 1 < message.count else { return nil }
                let target = (length & 0x3f) << 8 | Int(message[index + 1])
                return target >= 12 && target < start ? index + 2 : nil
            }
            guard length <= 63 else { return nil }
            index += 1 + length
        }
        return nil
    }

    // MARK: Names

    private static func name(_ text: String) -> DomainName { DomainName(text) ?? .root }

    private static func zone(_ apex: String, _ content: ServedZone.Content) -> ServedZone {
        let soa = StartOfAuthority(
            primary: name("ns.dns." + apex), mailbox: name("hostmaster." + apex), serial: 1, refresh: 7200,
            retry: 1800, expire: 86400, minimum: 5)
        return ServedZone(
            apex: name(apex), content: content, denialSOA: Record(owner: name(apex), ttl: 5, data: soa.data), ttl: 5)
    }

    /// Short names, which mutations find: addresses, services, aliases in a chain and a loop, one name without data.
    private static func answers() -> [(DomainName, [PreparedAnswer])] {
        func list(_ owner: DomainName, _ data: [RecordData], additionals: [Record] = []) -> PreparedAnswer {
            PreparedAnswer(
                to: owner, type: data[0].type, answers: data.map { Record(owner: owner, ttl: 5, data: $0) },
                additionals: additionals)
        }
        let apex = name("cluster.local.")
        let web = name("a.cluster.local.")
        let targets = (0..<40).map { name("h\($0).a.cluster.local.") }
        var names: [(DomainName, [PreparedAnswer])] = [
            (apex, [list(apex, [.ns(name("ns.dns.cluster.local."))])]), (name("b.cluster.local."), []),
            (
                web,
                [
                    list(web, (0..<90).map { .address([10, 0, 0, $0]) }),
                    list(web, [.address([UInt8](repeating: 7, count: 16))]),
                    list(
                        web, targets.map { .srv(priority: 0, weight: 2, port: 80, target: $0) },
                        additionals: targets.map { Record(owner: $0, ttl: 5, data: .address([10, 0, 0, 1])) }),
                    list(web, [RecordData(type: .txt, bytes: [5] + Array("1.1.0".utf8))]),
                ]
            ),
        ]
        for (owner, target) in [("c", "a"), ("d", "c"), ("e", "f"), ("f", "e"), ("g", "x"), ("h", "x.late")] {
            let owner = name(owner + ".cluster.local.")
            let target = target == "x.late" ? name("x.late.") : name(target + ".cluster.local.")
            let alias = [Record(owner: owner, ttl: 5, data: .cname(target))]
            names.append(
                (
                    owner,
                    [
                        PreparedAnswer(to: owner, type: .cname, answers: alias),
                        PreparedAnswer(to: owner, type: .a, answers: alias, isAlias: true),
                    ]
                ))
        }
        return names
    }
}
