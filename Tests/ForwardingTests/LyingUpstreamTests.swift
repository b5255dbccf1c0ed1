import DNS
import Pipeline
import Testing

@testable import Forwarding

@Suite("Upstreams that lie, by UDP")
struct LyingUpstreamTests {
    @Test("An answer comes with the flags, the rcode and the sections of the upstream")
    func answer() async throws {
        let upstream = try await ScriptedUpstream { asked in
            [
                .send(
                    asked.reply { reply in
                        let name = asked.message.question?.name ?? .root
                        reply.isAuthoritative = true
                        reply.isAuthenticData = true
                        reply.answers = [Record(owner: name, ttl: 300, data: .address([192, 0, 2, 1]))]
                        reply.authorities = [Record(owner: name, ttl: 300, data: .ns(name))]
                        reply.additionals = [Record(owner: name, ttl: 300, data: .address([192, 0, 2, 2]))]
                        reply.edns?.options = [EDNSOption(.extendedError, [0, 3, 0x6f, 0x6c, 0x64])]
                    })
            ]
        }
        let asker = try Asker("forward . \(upstream.address)")
        let response = try await asker.ask("wWw.Example.Org")
        #expect(response.code == .noError)
        #expect(response.isAuthoritative && response.isAuthenticData && response.isRecursionAvailable)
        #expect(!response.isTruncated)
        #expect(response.answers.map { $0.owner.wire } == [DomainName("wWw.Example.Org")?.wire], "the asker's case")
        #expect(response.authorities.count == 1 && response.additionals.count == 1)
        #expect(response.extendedError == ExtendedError(ExtendedErrorCode(rawValue: 3), "old"))
        #expect(response.source == "forward" && response.failure == nil)
    }

    private enum Lie: String, CaseIterable {
        case id, port, question, query, type
    }

    @Test("A false reply is dropped, and the true one behind it is taken", arguments: Lie.allCases)
    private func lie(_ lie: Lie) async throws {
        let upstream = try await ScriptedUpstream { asked in
            var forged = asked.address(66)
            switch lie {
            case .id: forged[0] ^= 0xff
            case .port: return [.sendFromElsewhere(forged), .send(asked.address(1))]
            case .question: forged[13] = forged[13] == 0x78 ? 0x79 : 0x78
            case .query: forged[2] &= 0x7f
            case .type: forged[12 + (asked.message.question?.name.wire.count ?? 0) + 1] = 28
            }
            return [.send(forged), .send(asked.address(1))]
        }
        let asker = try Asker("forward . \(upstream.address)")
        let response = try await asker.ask("www.example.org")
        #expect(response.lastBytes == [1])
        switch lie {
        case .id: #expect(asker.ignored(.id, by: upstream) == 1)
        case .port: break  // The kernel drops it; nobody is there to count.
        case .question, .type: #expect(asker.ignored(.question, by: upstream) == 1)
        case .query: #expect(asker.ignored(.query, by: upstream) == 1)
        }
    }

    @Test("Lies alone are no answer: SERVFAIL when the time is over, and the extended error says why")
    func onlyLies() async throws {
        let upstream = try await ScriptedUpstream { asked in
            var forged = asked.address(66)
            forged[1] ^= 1
            return [.send(forged)]
        }
        let asker = try Asker("forward . \(upstream.address)") { $0.times = .short }
        let response = try await asker.ask("www.example.org")
        #expect(response.code == .serverFailure)
        #expect(response.extendedError?.code == .noReachableAuthority)
        let failure = try #require(response.failure)
        #expect(failure.wholeMatch(of: /read udp 127\.0\.0\.1:\d+->127\.0\.0\.1:\d+: i\/o timeout/) != nil)
        #expect(upstream.asked.count == 3, "three attempts in all")
    }

    @Test("A reply to a former attempt comes too late")
    func late() async throws {
        let upstream = try await ScriptedUpstream { asked in
            // The reply to the first question is sent when the second one comes, from the same port.
            asked.number == 0 ? [] : [.send(asked.address(UInt8(asked.number)))]
        }
        let asker = try Asker("forward . \(upstream.address)") { $0.times = .short }
        #expect(try await asker.ask("www.example.org").lastBytes == [1])
    }

    @Test("Each question goes out from a port and under an ID of its own")
    func sourcePorts() async throws {
        let upstream = try await ScriptedUpstream { [.send($0.address())] }
        let asker = try Asker("forward . \(upstream.address)")
        for number in 0..<40 { _ = try await asker.ask("n\(number).example.org") }
        #expect(Set(upstream.asked.map(\.message.id)).count > 35)
        let misses = asker.metrics.counter(
            "coredns_proxy_conn_cache_misses_total", "",
            ["proxy_name": "forward", "to": upstream.address, "proto": "udp"])
        #expect((8...16).contains(misses.value), "sixteen ports at most, drawn at random")
    }

    @Test("Records off the chain are dropped and counted; NXDOMAIN stays NXDOMAIN")
    func junk() async throws {
        let upstream = try await ScriptedUpstream { asked in
            [
                .send(
                    asked.reply { reply in
                        reply.code = .nxDomain
                        reply.answers = [
                            Record(
                                owner: DomainName("bank.example") ?? .root, ttl: 9, data: .address([6, 6, 6, 6]))
                        ]
                    } + [0xde, 0xad])
            ]
        }
        let asker = try Asker("forward . \(upstream.address)")
        let response = try await asker.ask("gone.example.org")
        #expect(response.code == .nxDomain && response.answers.isEmpty)
        let stray = asker.metrics.counter("swiftlet_forward_stray_records_total", "", ["to": upstream.address])
        #expect(stray.value == 1)
    }

    @Test("An answer over more aliases than are followed is a failure, and no fault of the upstream")
    func manyAliases() async throws {
        let upstream = try await ScriptedUpstream { asked in
            [
                .send(
                    asked.reply { reply in
                        var name = asked.message.question?.name ?? .root
                        for number in 0..<70 {
                            let next = DomainName("a\(number).example") ?? .root
                            reply.answers.append(Record(owner: name, ttl: 60, data: .cname(next)))
                            name = next
                        }
                    })
            ]
        }
        let asker = try Asker("forward . \(upstream.address)")
        let response = try await asker.ask("long.example.org", transport: .tcp)
        #expect(response.code == .serverFailure && response.answers.isEmpty)
        #expect(response.extendedError?.text == "\(upstream.address): more than 64 aliases")
        #expect(upstream.asked.count == 1)
    }

    @Test("Authority and additional records that the question does not lead to are dropped and counted")
    func strangers() async throws {
        let bank = DomainName("www.bank.example") ?? .root
        let upstream = try await ScriptedUpstream { asked in
            [
                .send(
                    asked.reply { reply in
                        let name = asked.message.question?.name ?? .root
                        reply.answers = [Record(owner: name, ttl: 300, data: .address([192, 0, 2, 1]))]
                        reply.authorities = [
                            Record(owner: name.parent ?? .root, ttl: 300, data: .ns(name)),
                            Record(owner: bank, ttl: 300, data: .ns(bank)),
                        ]
                        reply.additionals = [bank, name].map {
                            Record(owner: $0, ttl: 300, data: .address([6, 6, 6, 6]))
                        }
                    })
            ]
        }
        let asker = try Asker("forward . \(upstream.address)")
        let response = try await asker.ask("www.example.org")
        #expect(response.lastBytes == [1])
        #expect(response.authorities.map(\.owner) == [DomainName("example.org")])
        #expect(response.additionals.map(\.owner) == [DomainName("www.example.org")])
        let stray = asker.metrics.counter("swiftlet_forward_stray_records_total", "", ["to": upstream.address])
        #expect(stray.value == 2)
    }

    @Test("A reply that cannot be read is a failure, and the next upstream is asked")
    func malformed() async throws {
        let broken = try await ScriptedUpstream { asked in
            var bytes = asked.address()
            bytes[7] = 9
            return [.send(bytes)]
        }
        let sound = try await ScriptedUpstream { [.send($0.address(2))] }
        let asker = try Asker("forward . \(broken.address) \(sound.address) {\npolicy sequential\n}")
        #expect(try await asker.ask("www.example.org").lastBytes == [2])
    }

    @Test("An over-large TTL counts as zero (RFC 2181 §8)")
    func ttl() async throws {
        let upstream = try await ScriptedUpstream { asked in
            var bytes = asked.address()
            // The TTL stands 4 + 2 + 4 bytes, and the OPT record's 11, in front of the end.
            let place = bytes.count - (asked.message.edns == nil ? 0 : 11) - 10
            bytes[place] = 0xff
            return [.send(bytes)]
        }
        let asker = try Asker("forward . \(upstream.address)")
        #expect(try await asker.ask("www.example.org").answers.map(\.ttl) == [0])
    }

    // MARK: Case

    @Test("Once an upstream is known to keep the case, replies in another case are dropped")
    func keptCase() async throws {
        let upstream = try await ScriptedUpstream { asked in
            guard asked.number > 0 else { return [.send(asked.address(1))] }
            var forged = asked.address(66)
            for index in 12..<29 where forged[index] >= 0x41 { forged[index] ^= 0x20 }
            return [.send(forged), .send(asked.address(2))]
        }
        let asker = try Asker("forward . \(upstream.address)")
        #expect(try await asker.ask("abcdefghijklm.nop").lastBytes == [1])
        #expect(try await asker.ask("abcdefghijklm.nop").lastBytes == [2])
        #expect(asker.ignored(.letterCase, by: upstream) == 1)
    }

    @Test("No name of an answer keeps the case that a question went out in")
    func restoredCase() async throws {
        // The names of the data end as the question does, the first one with a label more.
        let upstream = try await ScriptedUpstream { asked in
            [
                .send(
                    asked.reply { reply in
                        let name = asked.message.question?.name ?? .root
                        let zone = name.parent ?? .root
                        let server = DomainName(wire: [2, 0x4e, 0x73] + zone.wire) ?? .root
                        let soa = StartOfAuthority(
                            primary: server, mailbox: zone, serial: 0x4142_4344, refresh: 1, retry: 1, expire: 1,
                            minimum: 1)
                        reply.answers = [Record(owner: name, ttl: 1, data: .ptr(zone))]
                        for data in [.ns(server), soa.data] {
                            reply.authorities.append(Record(owner: zone, ttl: 1, data: data))
                        }
                        let service = RecordData.srv(priority: 0x4142, weight: 1, port: 1, target: server)
                        reply.additionals = [Record(owner: server, ttl: 1, data: service)]
                    })
            ]
        }
        let asker = try Asker("forward . \(upstream.address)")
        for text in ["x.abcdefghijklmnop.Qrstuvwxyz", "x.ABCDEFGHIJKLMNOP.qrstuvwxyz"] {
            let response = try await asker.ask(text)
            let zone = try #require(DomainName(text)?.parent)
            let server = [2, 0x4e, 0x73] + zone.wire
            #expect(response.answers.map(\.data.bytes) == [zone.wire])
            #expect(response.authorities.map(\.owner.wire) == [zone.wire, zone.wire])
            #expect(response.authorities.first?.data.bytes == server)
            let soa = try #require(response.authorities.last?.data.bytes)
            #expect(soa.starts(with: server + zone.wire + [0x41, 0x42, 0x43, 0x44]))
            #expect(response.additionals.map(\.owner.wire) == [server])
            #expect(response.additionals.map(\.data.bytes) == [[0x41, 0x42, 0, 1, 0, 1] + server])
        }
    }

    @Test("An upstream that changes the case is asked with letters as they are")
    func changedCase() async throws {
        let upstream = try await ScriptedUpstream { asked in
            [
                .send(
                    asked.reply { reply in
                        let name = (asked.message.question?.name ?? .root).lowercased
                        reply.question?.name = name
                        reply.answers = [Record(owner: name, ttl: 1, data: .address([192, 0, 2, 1]))]
                    })
            ]
        }
        let asker = try Asker("forward . \(upstream.address)")
        #expect(try await asker.ask("abcdefghijklmnop.qrstuvwxyz").lastBytes == [1])
        #expect(try await asker.ask("abcdefghijklmnop.qrstuvwxyz").lastBytes == [1])
        let names = upstream.asked.compactMap { $0.message.question?.name }
        #expect(names.count == 2)
        #expect(names.first?.wire != names.first?.lowercased.wire)
        #expect(names.last?.wire == names.last?.lowercased.wire)
    }

    @Test("An upstream that gets lost by mixed case is asked again, and believed then")
    func lostByCase() async throws {
        let upstream = try await ScriptedUpstream { asked in
            let name = asked.message.question?.name ?? .root
            return [.send(name.wire == name.lowercased.wire ? asked.address() : asked.reply { $0.code = .nxDomain })]
        }
        let asker = try Asker("forward . \(upstream.address)")
        for _ in 0..<3 { #expect(try await asker.ask("abcdefghijklmnop.qrstuvwxyz").lastBytes == [1]) }
        #expect(upstream.asked.count == 4)
    }

    // MARK: EDNS

    @Test("An upstream that refuses EDNS is asked without", arguments: [UInt16(1), 4, 16])
    func refusedEDNS(code: UInt16) async throws {
        let upstream = try await ScriptedUpstream { asked in
            guard asked.message.edns != nil else { return [.send(asked.address())] }
            return [
                .send(
                    asked.reply { reply in
                        reply.code = ResponseCode(rawValue: code)
                        if code < 16 { reply.edns = nil }
                    })
            ]
        }
        let asker = try Asker("forward . \(upstream.address)")
        for _ in 0..<3 { #expect(try await asker.ask("www.example.org").lastBytes == [1]) }
        #expect(upstream.asked.filter { $0.message.edns != nil }.count == 1, "it is remembered")
        let fallbacks = asker.metrics.counter("swiftlet_forward_edns_fallbacks_total", "", ["to": upstream.address])
        #expect(fallbacks.value == 1)
    }

    /// FORMERR as of a server from before EDNS.
    private static func plainRefusal(of asked: ScriptedUpstream.Asked) -> [UInt8] {
        asked.reply { reply in
            reply.code = .formatError
            reply.edns = nil
        }
    }

    @Test("An upstream that refuses a client's option is asked without it, and others with EDNS as before")
    func refusedOption() async throws {
        let upstream = try await ScriptedUpstream { asked in
            guard asked.message.edns?.options.isEmpty == false else { return [.send(asked.address())] }
            return [.send(Self.plainRefusal(of: asked))]
        }
        let asker = try Asker("forward . \(upstream.address)")
        let malformed = EDNS(udpPayload: 1232, options: [EDNSOption(.clientSubnet, [0x41, 0x41, 0x41])])
        let first = try await asker.ask("a.example.") { $0.edns = malformed }
        #expect(first.code == .noError && first.answers.count == 1)
        _ = try await asker.ask("b.example.")
        #expect(upstream.asked.map { $0.message.edns?.options.count } == [1, 0, 0])
    }

    @Test("A question lost between a refused option and the next try teaches nothing")
    func lostBehindRefusedOption() async throws {
        let upstream = try await ScriptedUpstream { asked in
            guard let edns = asked.message.edns else { return [.send(asked.address())] }
            if asked.number == 1 { return [] }
            if edns.options.isEmpty { return [.send(asked.address())] }
            return [.send(Self.plainRefusal(of: asked))]
        }
        let asker = try Asker("forward . \(upstream.address)")
        let malformed = EDNS(udpPayload: 1232, options: [EDNSOption(.clientSubnet, [0x41, 0x41, 0x41])])
        _ = try await asker.ask("a.example.") { $0.edns = malformed }
        _ = try await asker.ask("b.example.")
        #expect(upstream.asked.allSatisfy { $0.message.edns != nil })
    }

    @Test("FORMERR with a bare header counts as refused EDNS as well")
    func bareFormatError() async throws {
        let upstream = try await ScriptedUpstream { asked in
            guard asked.message.edns != nil else { return [.send(asked.address())] }
            return [.send([asked.bytes[0], asked.bytes[1], 0x81, 1, 0, 0, 0, 0, 0, 0, 0, 0])]
        }
        let asker = try Asker("forward . \(upstream.address)")
        #expect(try await asker.ask("www.example.org").lastBytes == [1])
    }

    @Test("FORMERR to both ways is passed on, and nothing is learned")
    func formatError() async throws {
        let upstream = try await ScriptedUpstream { asked in
            [
                .send(
                    asked.reply { reply in
                        reply.code = .formatError
                        reply.edns = nil
                    })
            ]
        }
        let asker = try Asker("forward . \(upstream.address)")
        for _ in 0..<2 { #expect(try await asker.ask("x.").code == .formatError) }
        #expect(upstream.asked.filter { $0.message.edns != nil }.count >= 2)
    }
}
