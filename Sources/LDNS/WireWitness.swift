import CLdns
import DNS
import Glibc

/// A message as ldns reads it: the independent witness that tests call on what the server sends.
package struct WireWitness: Hashable, Sendable {
    /// The bits of the header behind the ID, as `dig` names them (RFC 1035 §4.1.1, RFC 4035 §3).
    package struct Flags: OptionSet, Hashable, Sendable {
        package let rawValue: UInt16
        package init(rawValue: UInt16) { self.rawValue = rawValue }

        package static let qr = Self(rawValue: 0x8000)
        package static let aa = Self(rawValue: 0x0400)
        package static let tc = Self(rawValue: 0x0200)
        package static let rd = Self(rawValue: 0x0100)
        package static let ra = Self(rawValue: 0x0080)
        /// The reserved bit, which must be zero; ldns passes over it, so it is read from the bytes.
        package static let z = Self(rawValue: 0x0040)
        package static let ad = Self(rawValue: 0x0020)
        package static let cd = Self(rawValue: 0x0010)
    }

    /// The OPT record (RFC 6891 §6.1).
    package struct EDNS: Hashable, Sendable {
        package struct Option: Hashable, Sendable {
            package var code: OptionCode
            package var bytes: [UInt8]

            package init(code: OptionCode, bytes: [UInt8]) {
                self.code = code
                self.bytes = bytes
            }
        }

        package var version: UInt8
        /// The largest UDP payload the sender takes, in bytes.
        package var udpSize: UInt16
        /// The DO bit (RFC 3225 §3).
        package var isDNSSECOK: Bool
        /// The other 15 flags, which must be zero.
        package var unassignedFlags: UInt16
        package var options: [Option]
    }

    package let id: UInt16
    package let flags: Flags
    package let opcode: Opcode
    /// With the upper bits that the OPT record adds (RFC 6891 §6.1.3).
    package let rcode: ResponseCode
    /// Name, class and type, such as `www.example.org. IN A`; nil where the message has no question.
    package let question: String?
    /// The sections in order, each record as `RecordText` writes it.
    package let answer: [String]
    package let authority: [String]
    /// Without the OPT record.
    package let additional: [String]
    /// Nil without an OPT record.
    package let edns: EDNS?

    /// The code as ldns and `dig` name it, such as `NXDOMAIN`.
    package var rcodeName: String {
        switch rcode {
        case .badVersion: return "BADVERS"
        case .badCookie: return "BADCOOKIE"
        case _ where rcode.rawValue > 15: return "RCODE\(rcode.rawValue)"
        default:
            guard let text = ldns_pkt_rcode2str(ldns_pkt_rcode(rawValue: UInt32(rcode.rawValue))) else {
                return "RCODE\(rcode.rawValue)"
            }
            defer { free(text) }
            return String(cString: text)
        }
    }

    /// Has ldns read a message, which must take up all of `message`.
    package init(_ message: [UInt8]) throws(LDNSError) {
        var packet: UnsafeMutablePointer<ldns_pkt>?
        defer { ldns_pkt_free(packet) }
        let status = ldns_wire2pkt(&packet, message, message.count)
        guard status == LDNS_STATUS_OK, let packet else { throw LDNSError(status) }
        try Self.checkExtent(of: message, packet)

        id = ldns_pkt_id(packet)
        flags = Self.flags(packet).union(message[3] & 0x40 == 0 ? [] : .z)
        opcode = Opcode(rawValue: UInt8(truncatingIfNeeded: ldns_pkt_get_opcode(packet).rawValue))
        let upperBits = ldns_pkt_edns(packet) ? UInt16(ldns_pkt_edns_extended_rcode(packet)) << 4 : 0
        rcode = ResponseCode(rawValue: upperBits | UInt16(ldns_pkt_get_rcode(packet).rawValue & 15))
        question = try Self.records(ldns_pkt_question(packet)).first
        answer = try Self.records(ldns_pkt_answer(packet))
        authority = try Self.records(ldns_pkt_authority(packet))
        additional = try Self.records(ldns_pkt_additional(packet))
        edns = try Self.edns(packet)
    }

    /// Steps over every record once more: ldns tells neither of bytes behind the last nor of OPT records overwritten.
    private static func checkExtent(
        of message: [UInt8], _ packet: UnsafePointer<ldns_pkt>
    ) throws(LDNSError) {
        let sections = [
            (LDNS_SECTION_QUESTION, ldns_pkt_qdcount(packet)), (LDNS_SECTION_ANSWER, ldns_pkt_ancount(packet)),
            (LDNS_SECTION_AUTHORITY, ldns_pkt_nscount(packet)),
            // ldns takes OPT and TSIG records out of this section and corrects the count, so the message's is used.
            (LDNS_SECTION_ADDITIONAL, UInt16(message[10]) << 8 | UInt16(message[11])),
        ]
        guard sections[0].1 <= 1 else { throw .severalQuestions(Int(sections[0].1)) }
        var end = 12
        var optionRecordCount = 0
        for (section, count) in sections {
            for _ in 0..<count {
                var record: UnsafeMutablePointer<ldns_rr>?
                defer { ldns_rr_free(record) }
                let status = ldns_wire2rr(&record, message, message.count, &end, section)
                guard status == LDNS_STATUS_OK, let record else { throw LDNSError(status) }
                if ldns_rr_get_type(record) == LDNS_RR_TYPE_OPT { optionRecordCount += 1 }
            }
        }
        guard optionRecordCount <= 1 else { throw .severalOptionRecords(optionRecordCount) }
        guard end == message.count else { throw .trailingBytes(message.count - end) }
    }

    private static func flags(_ packet: UnsafePointer<ldns_pkt>) -> Flags {
        var flags: Flags = []
        if ldns_pkt_qr(packet) { flags.insert(.qr) }
        if ldns_pkt_aa(packet) { flags.insert(.aa) }
        if ldns_pkt_tc(packet) { flags.insert(.tc) }
        if ldns_pkt_rd(packet) { flags.insert(.rd) }
        if ldns_pkt_ra(packet) { flags.insert(.ra) }
        if ldns_pkt_ad(packet) { flags.insert(.ad) }
        if ldns_pkt_cd(packet) { flags.insert(.cd) }
        return flags
    }

    private static func records(_ list: UnsafePointer<ldns_rr_list>?) throws(LDNSError) -> [String] {
        var records: [String] = []
        for index in 0..<ldns_rr_list_rr_count(list) {
            guard let record = ldns_rr_list_rr(list, index) else { continue }
            records.append(try LDNSRecord.text(record))
        }
        return records
    }

    private static func edns(_ packet: UnsafeMutablePointer<ldns_pkt>) throws(LDNSError) -> EDNS? {
        guard ldns_pkt_edns(packet) else { return nil }
        var options: [EDNS.Option] = []
        // The list belongs to the packet; there is none without options.
        if ldns_pkt_edns_data(packet) != nil {
            guard let list = ldns_pkt_edns_get_option_list(packet) else { throw LDNSError(LDNS_STATUS_WIRE_RDATA_ERR) }
            for index in 0..<ldns_edns_option_list_get_count(list) {
                guard let option = ldns_edns_option_list_get_option(list, index) else { continue }
                let code = OptionCode(rawValue: UInt16(truncatingIfNeeded: ldns_edns_get_code(option).rawValue))
                let bytes = UnsafeBufferPointer(start: ldns_edns_get_data(option), count: ldns_edns_get_size(option))
                options.append(EDNS.Option(code: code, bytes: Array(bytes)))
            }
        }
        return EDNS(
            version: ldns_pkt_edns_version(packet), udpSize: ldns_pkt_edns_udp_size(packet),
            isDNSSECOK: ldns_pkt_edns_do(packet), unassignedFlags: ldns_pkt_edns_unassigned(packet), options: options)
    }
}
