import DNS
import Testing

@testable import Nameserver

@Suite("DNS cookies")
struct ServerCookieTests {
    private static func bytes(_ hex: String) -> [UInt8] {
        stride(from: 0, to: hex.utf8.count, by: 2).compactMap { UInt8(hex.dropFirst($0).prefix(2), radix: 16) }
    }

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
        let made = server.make(clientCookie: Self.bytes(client)[...], address: Self.bytes(address), now: now)
        #expect(made == Self.bytes(cookie))
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
                #expect(reply.code == 1 && reply.bytes.count == 12, "\(length)")
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
            server.make(clientCookie: [1, 2, 3, 4, 5, 6, 7, 8], address: [192, 0, 2, last], now: now)
        }
        #expect(cookie(server, 1) == cookie(server, 1))
        #expect(cookie(server, 1) != cookie(server, 2))
        #expect(cookie(server, 1) != cookie(server, 1, now: 2))
        #expect(cookie(server, 1) != cookie(ServerCookie(), 1))
    }
}
