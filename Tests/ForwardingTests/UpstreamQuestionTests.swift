import DNS
import Pipeline
import Testing

@testable import Forwarding

@Suite("Questions to upstreams")
struct UpstreamQuestionTests {
    private func query(_ change: (inout PipelineQuery) -> Void) throws -> PipelineQuery {
        var query = PipelineQuery(
            name: try #require(DomainName("www.Example.org")), type: .aaaa, client: .init(.v4(1), port: 1),
            server: .init(.v4(2), port: 53), transport: .udp, received: .now, lookups: Asker.Silence())
        change(&query)
        return query
    }

    @Test("The flags of the query and DO go along; our own payload size stands in the OPT record")
    func flags() throws {
        let query = try query { query in
            query.isRecursionDesired = false
            query.isCheckingDisabled = true
            query.isAuthenticDataWanted = true
            query.edns = EDNS(udpPayload: 4096, isDNSSECOK: true)
        }
        let question = UpstreamQuestion(query)
        let bytes = question.message(id: 0x1234, .init(name: query.name.wire, hasEDNS: true))
        let message = try #require(DNSMessage.read(bytes))
        #expect(message.id == 0x1234)
        #expect(!message.isRecursionDesired && message.isCheckingDisabled && message.isAuthenticData)
        #expect(message.question == DNSMessage.Question(query.name, .aaaa))
        #expect(message.question?.name.wire == query.name.wire)
        #expect(message.edns == EDNS(udpPayload: 1232, isDNSSECOK: true))
    }

    @Test("A query without EDNS is asked with EDNS as well; without it where the upstream knows none")
    func ednsOfOurOwn() throws {
        let question = UpstreamQuestion(try query { _ in })
        let with = question.message(id: 1, .init(name: question.name.wire, hasEDNS: true))
        let without = question.message(id: 1, .init(name: question.name.wire, hasEDNS: false))
        #expect(DNSMessage.read(with)?.edns == EDNS(udpPayload: 1232))
        #expect(DNSMessage.read(without)?.edns == nil)
        #expect(without.count == 12 + question.name.wire.count + 4)
    }

    @Test("Options for the next hop alone stay behind, the client's subnet goes on")
    func options() throws {
        let subnet = EDNSOption(OptionCode(rawValue: 8), [0, 1, 24, 0, 192, 0, 2])
        let local = EDNSOption(OptionCode(rawValue: 0xffee), [1, 2])
        let query = try query { query in
            query.edns = EDNS(
                udpPayload: 1232,
                options: [
                    EDNSOption(.cookie, [1, 2, 3, 4, 5, 6, 7, 8]), subnet, EDNSOption(.nsid, []),
                    EDNSOption(.keepalive, []), EDNSOption(.padding, [0]), EDNSOption(.expire, []), local,
                ])
        }
        #expect(UpstreamQuestion(query).options == [subnet, local])
    }

    @Test("Options beyond 512 bytes are not passed on")
    func optionLimit() throws {
        let query = try query { query in
            query.edns = EDNS(
                udpPayload: 1232, options: [EDNSOption(OptionCode(rawValue: 65001), [UInt8](repeating: 0, count: 600))])
        }
        #expect(UpstreamQuestion(query).options.isEmpty)
    }

    @Test("Over TLS a question is padded to a multiple of 128 bytes (RFC 8467)", arguments: [1, 40, 60, 90, 200])
    func padding(labels: Int) throws {
        let name = try #require(DomainName(labels: [String](repeating: "a", count: min(labels, 120))))
        let question = UpstreamQuestion(name, .a)
        let bytes = question.message(id: 1, .init(name: name.wire, hasEDNS: true, paddingBlock: 128))
        #expect(bytes.count % 128 == 0)
        #expect(DNSMessage.read(bytes)?.edns?.options.map(\.code) == [.padding])
    }

    @Test("Questions that differ only in the case of the name are equal")
    func equality() throws {
        var other = UpstreamQuestion(try query { _ in })
        other.name = other.name.lowercased
        #expect(other == UpstreamQuestion(try query { _ in }))
        other.isCheckingDisabled = true
        #expect(other != UpstreamQuestion(try query { _ in }))
    }
}
