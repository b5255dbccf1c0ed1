import DNS
import Foundation
import TestSupport
import Testing

@testable import LDNS

@Suite("Broken zone files")
struct ZoneFileMutationTests {
    /// A record of every shape that ldns reads, and all that entries may be made of.
    private static let text = ##"""
        $TTL 1h30m
        $ORIGIN example.org.
        @ IN SOA ns hostmaster ( 2026010101 2h 30m ; comment
            1w 300 )
          NS ns
        a 3600 IN A 192.0.2.1
        a AAAA 2001:db8::1
        * MX 10 a
        t TXT "one; (two)" three\ four "\"\\\065"
        s SRV 0 5 5060 a
        c CAA 0 issue "ca.example.net; policy=ev"
        h HTTPS 1 . alpn="h2,h3" port=443 ipv4hint=192.0.2.1 ipv6hint=2001:db8::1 key65333="x y"
        d DS 60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118
        k DNSKEY 257 3 5 AQPSKmynfzW4kyBv015MUG2DeIQ3 Cbl+BBZH4b/0PY1kxkmvHjcZc8no
        r RRSIG A 5 3 86400 20030322173103 20030220173103 2642 example.com. oJB1W6WNGv+ldvQ3WDG0MQkg5IEhjRip8WTr
        n NSEC host.example.com. A MX RRSIG NSEC TYPE1234
        o NSEC3 1 1 12 aabbccdd 2vptu5timamqttgl4luu9kg21e0aor3s A RRSIG
        p NSEC3PARAM 1 0 12 aabbccdd
        l LOC 42 21 54 N 71 06 18 W -24m 30m
        q NAPTR 100 50 "s" "http+I2L+I2C+I2R" "" _http._tcp.gatech.edu.
        i IPSECKEY 10 1 2 192.0.2.38 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==
        w WKS 192.0.2.1 TCP 25 80
        u APL 1:192.168.32.0/21 !1:192.168.38.0/28
        v SSHFP 2 1 123456789abcdef67890123456789abcdef67890
        x TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
        y CERT PKIX 1 RSASHA256 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==
        z HIP 2 200100107B1A74DF365639CC39F1D578 AwEAAbdxyhNuSutc5EMzxTs9LBPCIkOFH8cIvM4p rvs.example.com.
        e EUI48 00-00-5e-00-53-2a
        f NID 10 0014:4fff:ff20:ee64
        g URI 10 1 "ftp://ftp1.example.com/public"
        m ZONEMD 2018031500 1 1 FEBE3D4CE2EC2FFA4BA99D46CD69D6D29711E55217057BEE7EB1A7B641A47BA7FED2DD5B97AE499FAFA4F22C6BD647DE
        b TYPE65280 \# 6 abcdef 012345
        """##

    @Test("The unbroken file is read")
    func unbroken() throws {
        #expect(try ZoneFileReader.records(in: Self.text, origin: .root).count == 29)
    }

    @Test("Whatever is done to a file: an error, or records that are their own presentation")
    func mutations() throws {
        let environment = ProcessInfo.processInfo.environment
        let seed = environment["FUZZ_SEED"].flatMap(UInt64.init) ?? .random(in: .min ... .max)
        let rounds = environment["FUZZ_ROUNDS"].flatMap(Int.init) ?? 2000
        var generator = SeededGenerator(seed: seed)
        let original = Array(Self.text.utf8)
        for round in 0..<rounds {
            var bytes = original
            for _ in 0..<Int.random(in: 1...8, using: &generator) { mutate(&bytes, &generator) }
            guard let records = try? ZoneFileReader.records(in: bytes, origin: .root) else { continue }
            for record in records {
                let text = RecordText.text(record)
                let reread = Result { try RecordText.record(text) }
                #expect((try? reread.get()) == record, "\(text) gives \(reread), FUZZ_SEED=\(seed) round \(round)")
            }
        }
    }

    @Test("Random bytes are an error or no records")
    func noise() throws {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let bytes = (0..<Int.random(in: 0...300, using: &generator)).map { _ in
                UInt8.random(in: .min ... .max, using: &generator)
            }
            let records = try? ZoneFileReader.records(in: bytes, origin: .root)
            #expect(records?.isEmpty != false, "seed \(seed)")
        }
    }

    private func mutate(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
        guard !bytes.isEmpty else { return }
        let index = Int.random(in: 0..<bytes.count, using: &generator)
        let end = min(bytes.count, index + Int.random(in: 1...40, using: &generator))
        switch Int.random(in: 0..<7, using: &generator) {
        case 0: bytes[index] = .random(in: .min ... .max, using: &generator)
        case 1: bytes.insert(Array("\\\"();@.$#\n\t 0".utf8).randomElement(using: &generator) ?? 0, at: index)
        case 2: bytes.removeSubrange(index..<end)
        case 3: bytes.insert(contentsOf: bytes[index..<end], at: Int.random(in: 0..<bytes.count, using: &generator))
        case 4: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 5:
            bytes.insert(
                contentsOf: repeatElement(bytes[index], count: .random(in: 1...300, using: &generator)), at: index)
        default: bytes.removeSubrange(index...)
        }
    }
}
