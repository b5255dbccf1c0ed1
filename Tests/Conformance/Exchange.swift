import Foundation
import LDNS
import Testing

/// A question and the whole reply to it, owners and TTLs included, as one line of text.
///
/// The line reads `QUESTION TYPE = REPLY`. The reply is `ND` or `NX` (with the zone's SOA record), `REFUSED`, or
/// records parted by `;`, additional ones behind `+` (`+ *`: any), an SOA record in the authority section by `& SOA`,
/// and another code than NOERROR in front, as in `NXDOMAIN: x.W CNAME y.W`. A record is `OWNER [TTL] TYPE DATA` with a
/// TTL of 5 where none is given. Names end in `W` for `prod.svc.cluster.local.` and in `Z` for `cluster.local.`
struct Exchange: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let name: String
    let type: String
    private var rcode = "NOERROR"
    private var answer: [String] = []
    private var authority: [String] = []
    /// Nil where the additional section may hold anything.
    private var additional: [String]? = []

    /// The exchanges of a table: a line each.
    static func table(_ text: String) -> [Exchange] {
        text.split(separator: "\n").map { Exchange(String($0)) }
    }

    init(_ line: String) {
        testDescription = line
        let sides = line.components(separatedBy: " = ")
        precondition(sides.count == 2, "not QUESTION TYPE = REPLY: \(line)")
        let question = sides[0].split(separator: " ")
        name = Self.expanded(question[0])
        type = String(question[1])
        let denial = [Self.soa(of: name)]
        switch sides[1] {
        case "REFUSED": rcode = "REFUSED"
        case "ND": authority = denial
        case "NX": (rcode, authority) = ("NXDOMAIN", denial)
        default:
            var reply = sides[1]
            if reply.hasPrefix("NXDOMAIN: ") {
                rcode = "NXDOMAIN"
                reply.removeFirst("NXDOMAIN: ".count)
            }
            if reply.hasSuffix(" & SOA") {
                authority = denial
                reply.removeLast(" & SOA".count)
            }
            let sections = reply.components(separatedBy: " + ")
            answer = Self.records(sections[0])
            if sections.count > 1 { additional = sections[1] == "*" ? nil : Self.records(sections[1]) }
        }
    }

    private static func records(_ text: String) -> [String] {
        text.components(separatedBy: "; ").map { record in
            var words = record.split(separator: " ").map(expanded)
            if Int(words[1]) == nil { words.insert("5", at: 1) }
            words.insert("IN", at: 2)
            return words.joined(separator: " ").lowercased()
        }.sorted()
    }

    private static func expanded(_ word: some StringProtocol) -> String {
        for (ending, zone) in [("W", "prod.svc.cluster.local."), ("Z", "cluster.local.")]
        where word == ending || word.hasSuffix(".\(ending)") {
            return word.dropLast() + zone
        }
        return String(word)
    }

    private static func soa(of name: String) -> String {
        for (zone, server, ttl) in [
            ("cluster.local.", "ns.dns.", 5), ("in-addr.arpa.", "ns.dns.", 5), ("ip6.arpa.", "ns.dns.", 5),
            ("example.org.", "ns.", 300),
        ] where name.lowercased() == zone || name.lowercased().hasSuffix(".\(zone)") {
            return "\(zone) \(ttl) in soa \(server)\(zone) hostmaster.\(zone) * 7200 1800 86400 \(ttl)"
        }
        return "no zone of ours"
    }

    // MARK: Asking

    /// Asks with every program and with raw packets, over UDP and TCP.
    func check() throws {
        let port = try SharedServer.server.get().port
        for overTCP in [false, true] {
            for asker in [Asker.dig, .drill, .kdig] {
                let seen = try asker.ask(name, type, port: port, overTCP: overTCP)
                expect(seen, "\(asker) over \(overTCP ? "TCP" : "UDP"): \(seen)")
            }
            try checkRaw(port: port, overTCP: overTCP, isPlain: true)
            try checkRaw(port: port, overTCP: overTCP, isPlain: false)
        }
    }

    private func expect(_ seen: Seen, _ context: Comment) {
        #expect(seen.rcode == rcode, context)
        #expect(seen.answer.map(Self.withoutSerial) == answer, context)
        #expect(seen.authority.map(Self.withoutSerial) == authority, context)
        if let additional { #expect(seen.additional == additional, context) }
    }

    /// Puts `*` for the serial of an SOA record, which is a time.
    private static func withoutSerial(_ record: String) -> String {
        var words = record.split(separator: " ")
        guard words.count > 6, words[3] == "soa" else { return record }
        words[6] = "*"
        return words.joined(separator: " ")
    }

    /// Asks in mixed case: plainly, or with RD, CD and an OPT record with DO.
    private func checkRaw(port: UInt16, overTCP: Bool, isPlain: Bool) throws {
        let query = try RawQuery(
            name: name.mixedCase, type: type, id: isPlain ? 1 : 0xffff, flags: isPlain ? 0 : 0x0110,
            edns: isPlain ? [] : RawQuery.opt(flags: 0x8000))
        let bytes = try RawClient(port: port, overTCP: overTCP).exchange(query.bytes)
        let reply = try WireWitness(bytes)
        let context: Comment = "raw over \(overTCP ? "TCP" : "UDP"), \(isPlain ? "plain" : "EDNS"): \(reply)"
        var seen = Seen(rcode: reply.rcodeName)
        seen.answer = reply.answer.map { $0.lowercased() }.sorted()
        seen.authority = reply.authority.map { $0.lowercased() }.sorted()
        seen.additional = reply.additional.map { $0.lowercased() }.sorted()
        expect(seen, context)

        var flags: WireWitness.Flags = isPlain ? .qr : [.qr, .rd, .cd]
        if rcode != "REFUSED" { flags.insert(.aa) }
        #expect(reply.flags == flags, context)
        #expect(reply.id == (isPlain ? 1 : 0xffff), context)
        #expect(reply.opcode.rawValue == 0, context)
        let question = query.bytes.dropFirst(12).dropLast(isPlain ? 0 : 11)
        #expect(bytes.dropFirst(12).prefix(question.count).elementsEqual(question), context)
        guard !isPlain else { return #expect(reply.edns == nil, context) }
        #expect(reply.edns?.version == 0, context)
        #expect(reply.edns?.udpSize == 1232, context)
        #expect(reply.edns?.isDNSSECOK == true, context)
        #expect(reply.edns?.unassignedFlags == 0, context)
        #expect(reply.edns?.options == [], context)
        // The owner of an answer is the question's name, spelled as asked (the SOA record's is the zone's).
        if let first = reply.answer.first, reply.answer.count == 1 {
            #expect(first.hasPrefix("\(name.mixedCase) "), context)
        }
    }
}

extension String {
    /// The text with every other letter in upper case, as resolvers do against forgery (0x20).
    var mixedCase: String {
        String(enumerated().map { $0.offset.isMultiple(of: 2) ? Character($0.element.uppercased()) : $0.element })
    }
}
