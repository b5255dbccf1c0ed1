import DNS
import Registry
import Testing

@testable import Nameserver

/// Bytes written as hexadecimal digits.
private func bytes(_ hex: String) -> [UInt8] {
    stride(from: 0, to: hex.utf8.count, by: 2).compactMap { UInt8(hex.dropFirst($0).prefix(2), radix: 16) }
}

extension ServerCookie {
    fileprivate func make(client: [UInt8], address: IPAddress, now: UInt32) -> [UInt8] {
        make(clientCookie: Self.word(client), address: address, now: now).bytes
    }

    fileprivate func verdict(on cookie: [UInt8], client: [UInt8], address: IPAddress, now: UInt32) -> Verdict {
        guard let words = Words(cookie[...]) else { return .invalid }
        return verdict(on: words, clientCookie: Self.word(client), address: address, now: now)
    }

    private static func word(_ bytes: [UInt8]) -> UInt64 { bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) } }
}

/// An address written as the hexadecimal digits of its 4 or 16 bytes.
private func ipAddress(_ hex: String) -> IPAddress {
    let value = bytes(hex).reduce(0 as UInt128) { $0 << 8 | UInt128($1) }
    return hex.utf8.count == 8 ? .v4(UInt32(truncatingIfNeeded: value)) : .v6(value)
}

/// The client of RFC 9018 appendix A.1 and A.2, its cookie, and the first secret of the appendix.
private enum Appendix {
    static let secret = "e5e973e5a6b2a43f48e7dc849e37bfcf"
    static let client = bytes("2464c4abcf10c957")
    static let address = ipAddress("c6336464")
    static let first: UInt32 = 1_559_731_985
    static let cookie = bytes("010000005cf79f111f8130c3eee29480")
}

@Suite("DNS cookies")
struct ServerCookieTests {
    private static func key(_ hex: String) -> (UInt64, UInt64) {
        let words = [bytes(hex).prefix(8), bytes(hex).suffix(8)].map {
            $0.reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        return (words[0], words[1])
    }

    @Test("SipHash-2-4 gives the numbers of its authors' paper")
    func sipHash() {
        let key = Self.key("000102030405060708090a0b0c0d0e0f")
        #expect(SipHash.hash((0..<15).map { $0 }, key: key) == 0xa129_ca61_49be_45e5)
        #expect(SipHash.hash([], key: key) == 0x726f_db47_dd0e_0e31)
        #expect(SipHash.hash([0], key: key) == 0x74f8_39c5_93dc_67fd)
        #expect(SipHash.hash((0..<8).map { $0 }, key: key) == 0x93f5_f579_9a93_2462)
    }

    @Test(
        "Cookies are those of RFC 9018 appendix A",
        arguments: [
            (
                "e5e973e5a6b2a43f48e7dc849e37bfcf", "2464c4abcf10c957", "c6336464", 1_559_731_985,
                "010000005cf79f111f8130c3eee29480"
            ),
            (
                "e5e973e5a6b2a43f48e7dc849e37bfcf", "2464c4abcf10c957", "c6336464", 1_559_734_385,
                "010000005cf7a871d4a564a1442aca77"
            ),
            (
                "445536bcd2513298075a5d379663c962", "22681ab97d52c298", "20010db80220000159ded0f4876982b8",
                1_559_741_961, "010000005cf7c609a6bb79d16625507a"
            ),
        ] as [(String, String, String, UInt32, String)])
    func vectors(key: String, client: String, address: String, now: UInt32, cookie: String) {
        let server = ServerCookie(key: Self.key(key))
        let made = server.make(client: bytes(client), address: ipAddress(address), now: now)
        #expect(made == bytes(cookie))
    }

    @Test("A reply carries the client's cookie and a server's of 16 bytes; lengths no cookie has are FORMERR")
    func replies() throws {
        let server = try TestServer()
        let cookie: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
        for length in 0...45 {
            let data = [UInt8]((cookie + [UInt8](repeating: 9, count: 40)).prefix(length))
            let query = TestQuery("web.prod.svc.cluster.local.", edns: TestQuery.EDNS(options: [(10, data)]))
            let reply = try server.ask(query)
            guard length == 8 || (16...40).contains(length) else {
                // With an OPT record, as what brings one is answered (RFC 7873 §5.2.2).
                #expect(reply.code == 1 && reply.answers.isEmpty && reply.opt?.options == [:], "\(length)")
                continue
            }
            let option = try #require(reply.opt?.options[10])
            #expect(option.prefix(8) == cookie[...])
            #expect(option.count == 24)
            #expect(option[8..<12] == [1, 0, 0, 0])
        }
    }

    @Test("Cookies tell clients apart")
    func clients() {
        let server = ServerCookie()
        func cookie(_ server: ServerCookie, _ last: UInt8, now: UInt32 = 1) -> [UInt8] {
            server.make(client: [1, 2, 3, 4, 5, 6, 7, 8], address: .v4(0xc000_0200 | UInt32(last)), now: now)
        }
        #expect(cookie(server, 1) == cookie(server, 1))
        #expect(cookie(server, 1) != cookie(server, 2))
        #expect(cookie(server, 1) != cookie(server, 1, now: 2))
        #expect(cookie(server, 1) != cookie(ServerCookie(), 1))
    }

    @Test(
        "A secret is 32 hexadecimal digits",
        arguments: ["", "e5", "e5e973e5a6b2a43f48e7dc849e37bfc", "\(Appendix.secret)0"])
    func badSecrets(text: String) {
        #expect(ServerCookie(hex: text) == nil)
        #expect(ServerCookie(hex: String(Appendix.secret.dropLast()) + "g") == nil)
        #expect(ServerCookie(hex: Appendix.secret.uppercased()) == ServerCookie(key: Self.key(Appendix.secret)))
    }

    @Test(
        "A cookie is good for an hour and ahead by five minutes, and renewed after half an hour (RFC 9018 §4.3)",
        arguments: [
            (-301, .invalid), (-300, .fresh), (0, .fresh), (1800, .fresh), (1801, .aging), (3600, .aging),
            (3601, .invalid), (0x7fff_ffff, .invalid), (-0x8000_0000, .invalid),
        ] as [(Int64, ServerCookie.Verdict)])
    func window(age: Int64, verdict: ServerCookie.Verdict) throws {
        let server = try #require(ServerCookie(hex: Appendix.secret))
        let now = UInt32(truncatingIfNeeded: Int64(Appendix.first) + age)
        #expect(
            server.verdict(
                on: Appendix.cookie, client: Appendix.client, address: Appendix.address, now: now)
                == verdict)
    }

    @Test("Times pass the end of their 32 bits")
    func wrap() {
        let server = ServerCookie()
        let (client, address) = (Appendix.client, Appendix.address)
        let cookie = server.make(client: client, address: address, now: .max - 10)
        #expect(server.verdict(on: cookie, client: client, address: address, now: 20) == .fresh)
        #expect(server.verdict(on: cookie, client: client, address: address, now: 3000) == .aging)
    }

    @Test("Each bit of a cookie, of the client's and of its address counts; another version or length is none of ours")
    func forgery() throws {
        let server = try #require(ServerCookie(hex: Appendix.secret))
        let whole = [Appendix.cookie, Appendix.client, bytes("c6336464")]
        for (part, bytes) in whole.enumerated() {
            for bit in 0..<(bytes.count * 8) {
                var parts = whole
                parts[part][bit / 8] ^= 1 << (bit % 8)
                #expect(
                    server.verdict(
                        on: parts[0], client: parts[1],
                        address: .v4(parts[2].reduce(0) { $0 << 8 | UInt32($1) }), now: Appendix.first)
                        == .invalid, "part \(part), bit \(bit)")
            }
        }
        for cookie in [Array(Appendix.cookie.dropLast()), Appendix.cookie + [0]] {
            #expect(
                server.verdict(
                    on: cookie, client: Appendix.client, address: Appendix.address, now: Appendix.first)
                    == .invalid)
        }
    }

    @Test("Reserved bytes count as they came, and are clear in the cookie that follows (RFC 9018 §4.2, A.3)")
    func reserved() throws {
        let secrets = CookieSecrets([try #require(ServerCookie(hex: Appendix.secret))])
        let answer = secrets.answer(
            to: bytes("fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5"), address: ipAddress("cb0071cb"),
            now: 1_559_728_000)
        #expect(answer.isValid)
        let later = secrets.answer(
            to: bytes("fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5"), address: ipAddress("cb0071cb"),
            now: 1_559_734_700)
        #expect(later.option == bytes("fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e"))
    }

    @Test("A rolled over secret is accepted beside the new one, which the cookie that follows is made with (A.4)")
    func rollover() throws {
        let new = try #require(ServerCookie(hex: "445536bcd2513298075a5d379663c962"))
        let former = try #require(ServerCookie(hex: "dd3bdf9344b678b185a6f5cb60fca715"))
        let option = bytes("22681ab97d52c298010000005cf7c57926556bd0934c72f8")
        let address = ipAddress("20010db80220000159ded0f4876982b8")
        let renewed = bytes("22681ab97d52c298010000005cf7c609a6bb79d16625507a")
        let answer = CookieSecrets([new, former]).answer(to: option, address: address, now: 1_559_741_961)
        #expect(answer.isValid && answer.option == renewed)
        let alone = CookieSecrets([new]).answer(to: option, address: address, now: 1_559_741_961)
        #expect(!alone.isValid && alone.option == renewed)
        // The first step of a roll-over: the new secret is known, and not used yet.
        let before = CookieSecrets([former, new])
        #expect(before.answer(to: renewed, address: address, now: 1_559_741_961).isValid)
        #expect(before.answer(to: option, address: address, now: 1_559_741_961).option == option)
    }

    @Test("A young cookie comes back as it is, and an old one anew")
    func renewal() throws {
        let secrets = CookieSecrets([try #require(ServerCookie(hex: Appendix.secret))])
        let option = Appendix.client + Appendix.cookie
        for (age, isSame) in [(0, true), (1800, true), (1801, false), (3601, false)] as [(UInt32, Bool)] {
            let answer = secrets.answer(to: option, address: Appendix.address, now: Appendix.first + age)
            #expect((answer.option == option) == isSame, "\(age)")
            #expect(answer.isValid == (age <= 3600))
        }
    }

    @Test("Random secrets take turns by time: each is accepted for as long again as it made cookies")
    func turns() {
        let secrets = CookieSecrets()
        let (client, address) = (Appendix.client, Appendix.address)
        let day = CookieSecrets.lifetime
        let start = Appendix.first
        func ask(_ option: [UInt8], _ now: UInt32) -> (option: [UInt8], isValid: Bool) {
            secrets.answer(to: option, address: address, now: now)
        }
        let before = ask(client, start).option
        #expect(ask(before, start + 60).option == before)
        let last = ask(client, start + day - 1).option
        let after = ask(last, start + day)
        #expect(after.isValid, "one of the former secret")
        #expect(after.option != last, "and replaced by one of the new")
        #expect(ask(after.option, start + day + 1).option == after.option)
        #expect(ask(client, start + 3 * day).option != after.option)
        #expect(!ask(last, start + 3 * day).isValid)
    }

    @Test("Secrets are exchanged as a whole; without any they are random")
    func exchange() throws {
        let first = try #require(ServerCookie(hex: Appendix.secret))
        let secrets = CookieSecrets([first])
        let option = Appendix.client + Appendix.cookie
        #expect(secrets.answer(to: option, address: Appendix.address, now: Appendix.first).isValid)
        secrets.exchange([])
        #expect(!secrets.answer(to: option, address: Appendix.address, now: Appendix.first).isValid)
    }

    /// A query without a question (RFC 7873 §5.4).
    private static func request(_ cookie: [UInt8]) -> [UInt8] {
        var query = TestQuery(".", edns: TestQuery.EDNS(options: [(10, cookie)]))
        query.counts = [0, 0, 0, 1]
        let bytes = query.bytes
        // Without the name, type and class that a question has.
        return Array(bytes[..<12] + bytes[17...])
    }

    @Test("A query without a question is answered by its cookie: BADCOOKIE where the server's is wrong (RFC 7873 §5.4)")
    func requests() throws {
        let server = try TestServer()
        let first = try TestReply(server.reply(to: Self.request(Appendix.client)))
        #expect(first.code == 0 && first.opt?.extendedCode == 0 && first.question.isEmpty)
        let cookie = try #require(first.opt?.options[10])
        #expect(cookie.count == 24 && cookie.starts(with: Appendix.client))
        let again = try TestReply(server.reply(to: Self.request(cookie)))
        #expect(again.code == 0 && again.opt?.options[10] == cookie)
        let wrong = try TestReply(server.reply(to: Self.request(cookie.dropLast() + [cookie[23] ^ 1])))
        #expect(wrong.code == 23 & 15 && wrong.opt?.extendedCode == 23 >> 4)
        #expect(wrong.opt?.options[10]?.count == 24)
        for length in [0, 7, 9, 15, 41] {
            let reply = try TestReply(server.reply(to: Self.request([UInt8](repeating: 1, count: length))))
            #expect(reply.code == 1 && reply.question.isEmpty && reply.opt?.options == [:], "\(length)")
        }
    }
}
