import DNS
import Testing

@testable import LDNS

@Suite("The witness")
struct WireWitnessTests {
    /// A response to `www.example.org. A`: header, question, then what is given.
    private func message(
        flags: UInt16 = 0x8400, counts: [UInt16] = [1, 0, 0, 0], sections: [UInt8] = []
    ) throws -> [UInt8] {
        let name = try #require(DomainName("www.example.org."))
        let header = [0x1234, flags] + counts
        return header.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] } + name.wire + [0, 1, 0, 1] + sections
    }

    @Test("Header, sections and EDNS are told")
    func whole() throws {
        let address: [UInt8] = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0x0e, 0x10, 0, 4, 192, 0, 2, 53]
        let server: [UInt8] = [0xc0, 16, 0, 2, 0, 1, 0, 0, 0x0e, 0x10, 0, 5, 2, 0x6e, 0x73, 0xc0, 16]
        let opt: [UInt8] = [0, 0, 41, 4, 208, 1, 0, 0x80, 0, 0, 9, 0, 3, 0, 1, 0x61, 0, 12, 0, 0]
        let witness = try WireWitness(
            message(flags: 0x85b0, counts: [1, 1, 1, 2], sections: address + server + opt + address))
        #expect(witness.id == 0x1234)
        #expect(witness.flags == [.qr, .aa, .rd, .ra, .ad, .cd])
        #expect(witness.opcode == .query)
        #expect(witness.rcode == .badVersion)
        #expect(witness.rcodeName == "BADVERS")
        #expect(witness.question == "www.example.org. IN A")
        #expect(witness.answer == ["www.example.org. 3600 IN A 192.0.2.53"])
        #expect(witness.authority == ["example.org. 3600 IN NS ns.example.org."])
        #expect(witness.additional == ["www.example.org. 3600 IN A 192.0.2.53"])
        let edns = try #require(witness.edns)
        #expect((edns.version, edns.udpSize, edns.isDNSSECOK, edns.unassignedFlags) == (0, 1232, true, 0))
        #expect(edns.options == [.init(code: .nsid, bytes: [0x61]), .init(code: .padding, bytes: [])])
    }

    @Test("The least there can be")
    func bare() throws {
        let header = try WireWitness([0, 1, 0x82, 0x45, 0, 0, 0, 0, 0, 0, 0, 0])
        #expect(header.flags == [.qr, .tc, .z])
        #expect(header.rcodeName == "REFUSED")
        #expect(header.question == nil)
        #expect(header.edns == nil)
    }

    @Test("What the writer makes, ldns reads")
    func writer() throws {
        let name = try #require(DomainName("www.example.org."))
        var writer = try MessageWriter(question: message(), name: name, limit: 512)
        let lines = [
            "www.example.org. 5 IN CNAME web.example.org.", "web.example.org. 5 IN MX 10 mail.example.org.",
            "example.org. 5 IN SOA ns.example.org. hostmaster.example.org. 1 2 3 4 5",
            "_http._tcp.web.example.org. 5 IN SRV 0 1 2 web.example.org.",
        ]
        for line in lines {
            #expect(writer.append(try RecordText.record(line)))
        }
        var bytes = writer.bytes
        bytes[7] = UInt8(lines.count)
        #expect(try WireWitness(bytes).answer == lines)
    }

    @Test("What is broken is refused")
    func broken() throws {
        let opt: [UInt8] = [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0]
        #expect(throws: LDNSError.self) { try WireWitness([]) }
        #expect(throws: LDNSError.self) { try WireWitness([0, 1, 0x80]) }
        #expect(throws: LDNSError.trailingBytes(2)) { try WireWitness(message(sections: [0, 0])) }
        #expect(throws: LDNSError.severalOptionRecords(2)) {
            try WireWitness(message(counts: [1, 0, 0, 2], sections: opt + opt))
        }
        #expect(throws: LDNSError.self) { try WireWitness(message(counts: [2, 0, 0, 0])) }
        #expect(throws: LDNSError.self) { try WireWitness(message(counts: [1, 1, 0, 0])) }
        // Shorter by any number of bytes, a message is not whole.
        let whole = try message(counts: [1, 0, 0, 1], sections: opt)
        for length in 0..<whole.count {
            #expect(throws: LDNSError.self) { try WireWitness(Array(whole[..<length])) }
        }
    }
}
