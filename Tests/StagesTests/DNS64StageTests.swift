import Corefile
import DNS
import Pipeline
import Registry
import Telemetry
import Testing

@testable import Stages

@Suite struct DNS64StageTests {
    private let metrics = Metrics()

    private func ask(
        _ text: String = "dns64", from client: String = "2001:db8::1", _ type: RecordType = .aaaa,
        change: (inout PipelineQuery) -> Void = { _ in }, answer: @escaping @Sendable (PipelineQuery) -> Response
    ) async throws -> (response: Response, queries: [PipelineQuery]) {
        let stage = DNS64Stage(try replySettings(text, DNS64Settings.self), metrics: metrics)
        let behind = AnsweringStage(answer)
        var query = try replyQuery("www.example", type, from: client)
        change(&query)
        return (await stage.respond(to: query, next: Chain([behind])), behind.queries)
    }

    /// A name with an IPv4 address behind a CNAME.
    @Sendable private static func onlyIPv4(_ query: PipelineQuery) -> Response {
        var response = Response(.noError, isAuthoritative: true)
        response.answers = [Brief.cname("www.example", "host.example", ttl: 900)]
        if query.type == .a {
            response.answers.append(Brief.address("host.example", "192.0.2.33", ttl: 400))
            response.additionals = [Brief.address("ns.example", "192.0.2.53")]
            response.isAuthenticData = true
        } else {
            response.authorities = [Brief.soa(ttl: 300)]
        }
        return response
    }

    @Test func anAddressIsMadeWhereThereIsNone() async throws {
        let (response, queries) = try await ask(answer: Self.onlyIPv4)
        #expect(queries.map(\.type) == [.aaaa, .a])
        #expect(
            response.answers == [
                Brief.cname("www.example", "host.example", ttl: 900),
                Brief.address("host.example", "64:ff9b::c000:221", ttl: 300),
            ])
        #expect(response.authorities.isEmpty && response.additionals == [Brief.address("ns.example", "192.0.2.53")])
        #expect(!response.isAuthenticData)
        // Who asks over IPv4 is answered otherwise.
        #expect(response.dependsOnAsker)
        #expect(metrics.text().contains("coredns_dns64_requests_translated_total{server=\"dns://:53\"} 1\n"))
    }

    @Test func whatWasCutSaysNothingAboutAddresses() async throws {
        let (response, queries) = try await ask { query in
            var response = Response(.noError)
            if query.type == .a { response.answers = [Brief.address("www.example", "192.0.2.1")] }
            response.isTruncated = query.type == .aaaa
            return response
        }
        #expect(response.isTruncated && response.answers.isEmpty && queries.map(\.type) == [.aaaa])
        let (other, _) = try await ask { query in
            var response = Response(.noError)
            if query.type == .aaaa { response.authorities = [Brief.soa(ttl: 300)] }
            response.isTruncated = query.type == .a
            return response
        }
        #expect(other.isTruncated && other.answers.isEmpty)
    }

    @Test func signaturesOfWhatIsTranslatedAreLeftOut() async throws {
        func signature(of type: RecordType, _ owner: String) throws -> Record {
            let bytes = [UInt8(type.rawValue >> 8), UInt8(type.rawValue & 255)] + [UInt8](repeating: 0, count: 20)
            return Record(
                owner: try #require(DomainName(owner)), ttl: 300, data: RecordData(type: .rrsig, bytes: bytes))
        }
        let (ofAddress, ofAlias) = (try signature(of: .a, "host.example"), try signature(of: .cname, "www.example"))
        let (response, _) = try await ask(change: { $0.edns = EDNS(udpPayload: 1232, isDNSSECOK: true) }) { query in
            var response = Self.onlyIPv4(query)
            response.answers += query.type == .a ? [ofAlias, ofAddress] : [ofAlias]
            return response
        }
        #expect(response.answers.map(\.type) == [.cname, .aaaa, .rrsig] && response.answers.last == ofAlias)
    }

    @Test func withoutAnSOARecordTenMinutesAreTheMost() async throws {
        let (response, _) = try await ask { query in
            var response = Response(query.type == .a ? .noError : .serverFailure)
            if query.type == .a { response.answers = [Brief.address("www.example", "192.0.2.1", ttl: 9999)] }
            return response
        }
        #expect(response.code == .noError && response.answers.map(\.ttl) == [600])
    }

    @Test func whoNeedsNoneIsLeftAlone() async throws {
        let cases: [(String, String, RecordType, @Sendable (inout PipelineQuery) -> Void)] = [
            ("dns64", "10.0.0.1", .aaaa, { _ in }),
            ("dns64", "2001:db8::1", .a, { _ in }),
            ("dns64", "2001:db8::1", .aaaa, { $0.recordClass = RecordClass(rawValue: 3) }),
            (
                "dns64", "2001:db8::1", .aaaa,
                {
                    $0.edns = EDNS(udpPayload: 1232, isDNSSECOK: true)
                    $0.isCheckingDisabled = true
                }
            ),
        ]
        for (text, client, type, change) in cases {
            let (response, queries) = try await ask(text, from: client, type, change: change, answer: Self.onlyIPv4)
            #expect(queries.count == 1 && !response.answers.contains { $0.type == .aaaa })
        }
        let (_, queries) = try await ask("dns64 {\nallow_ipv4\n}", from: "10.0.0.1", answer: Self.onlyIPv4)
        #expect(queries.count == 2)
    }

    @Test func addressesThatAreThereStay() async throws {
        @Sendable func both(_ query: PipelineQuery) -> Response {
            var response = Response(.noError)
            response.answers = [
                Brief.address("www.example", query.type == .a ? "192.0.2.1" : "2001:db8::80")
            ]
            if query.type == .aaaa { response.answers.append(Brief.address("www.example", "::ffff:192.0.2.9")) }
            return response
        }
        let (native, queries) = try await ask("dns64", answer: both)
        #expect(native.answers == [Brief.address("www.example", "2001:db8::80")] && queries.count == 1)
        let (all, _) = try await ask("dns64 {\ntranslate_all\n}", answer: both)
        #expect(all.answers == [Brief.address("www.example", "64:ff9b::c000:201")])
    }

    @Test func mappedAddressesCountAsNone() async throws {
        let (response, _) = try await ask { query in
            var response = Response(.noError)
            response.answers = [Brief.address("www.example", query.type == .a ? "192.0.2.1" : "::ffff:192.0.2.1")]
            return response
        }
        #expect(response.answers == [Brief.address("www.example", "64:ff9b::c000:201")])
    }

    @Test func denialsStay() async throws {
        let (missing, queries) = try await ask { _ in Response(.nxDomain) }
        #expect(missing.code == .nxDomain && queries.count == 1)
        let (empty, _) = try await ask { query in
            var response = Response(query.type == .a ? .serverFailure : .noError)
            response.authorities = [Brief.soa(ttl: 30)]
            return response
        }
        #expect(empty.code == .noError && empty.authorities == [Brief.soa(ttl: 30)])
    }

    @Test("The forms of RFC 6052 §2.4", arguments: TranslationCase.all)
    func prefixes(_ translation: TranslationCase) throws {
        let prefix = try #require(CIDR(translation.prefix))
        #expect(DNS64Stage.address(0xc000_0221, in: prefix) == IPAddress(translation.address))
    }
}

struct TranslationCase: Sendable {
    var prefix: String
    var address: String

    static let all: [TranslationCase] = [
        TranslationCase(prefix: "2001:db8::/32", address: "2001:db8:c000:221::"),
        TranslationCase(prefix: "2001:db8:100::/40", address: "2001:db8:1c0:2:21::"),
        TranslationCase(prefix: "2001:db8:122::/48", address: "2001:db8:122:c000:2:2100::"),
        TranslationCase(prefix: "2001:db8:122:300::/56", address: "2001:db8:122:3c0:0:221::"),
        TranslationCase(prefix: "2001:db8:122:344::/64", address: "2001:db8:122:344:c0:2:2100::"),
        TranslationCase(prefix: "2001:db8:122:344::/96", address: "2001:db8:122:344::192.0.2.33"),
    ]
}
