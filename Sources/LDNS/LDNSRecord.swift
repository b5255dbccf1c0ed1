import CLdns
import DNS
import Glibc
import Synchronization

/// The life of an `ldns_rr`: made, used and freed within one call.
enum LDNSRecord {
    /// For the types WKS and the like ldns asks the C library's services database, whose answers lie in static memory.
    static let lock = Mutex(())

    /// Has ldns read a line in presentation form; relative names end in `origin`.
    static func withRecord<Value>(
        line: [UInt8], origin: DomainName, _ body: (UnsafePointer<ldns_rr>) throws(LDNSError) -> Value
    ) throws(LDNSError) -> Value {
        var record: UnsafeMutablePointer<ldns_rr>?
        defer { ldns_rr_free(record) }
        let originData = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, origin.wire.count, origin.wire)
        defer { ldns_rdf_deep_free(originData) }
        let text = line.map(CChar.init(bitPattern:)) + [0]
        let status = lock.withLock { _ in ldns_rr_new_frm_str(&record, text, 0, originData, nil) }
        guard status == LDNS_STATUS_OK, let record else { throw LDNSError(status) }
        return try body(record)
    }

    /// Has ldns read an uncompressed record.
    static func withRecord<Value>(
        wire: [UInt8], _ body: (UnsafePointer<ldns_rr>) throws(LDNSError) -> Value
    ) throws(LDNSError) -> Value {
        var record: UnsafeMutablePointer<ldns_rr>?
        defer { ldns_rr_free(record) }
        var end = 0
        let status = ldns_wire2rr(&record, wire, wire.count, &end, LDNS_SECTION_ANSWER)
        guard status == LDNS_STATUS_OK, let record else { throw LDNSError(status) }
        guard end == wire.count else { throw .trailingBytes(wire.count - end) }
        // ldns lets data of no bytes pass for any type.
        let type = UInt16(truncatingIfNeeded: ldns_rr_get_type(record).rawValue)
        guard ldns_rr_rd_count(record) >= ldns_rr_descriptor_minimum(ldns_rr_descript(type)) else {
            throw LDNSError(LDNS_STATUS_WIRE_RDATA_ERR)
        }
        return try body(record)
    }

    /// A record's data, its names uncompressed.
    static func data(_ record: UnsafePointer<ldns_rr>) throws(LDNSError) -> [UInt8] {
        guard let buffer = ldns_buffer_new(512) else { throw LDNSError(LDNS_STATUS_MEM_ERR) }
        defer { ldns_buffer_free(buffer) }
        let status = ldns_rr_rdata2buffer_wire(buffer, record)
        guard status == LDNS_STATUS_OK else { throw LDNSError(status) }
        return Array(UnsafeBufferPointer(start: ldns_buffer_begin(buffer), count: ldns_buffer_position(buffer)))
    }

    /// A record in presentation form: owner, TTL, class, type and data, one space between.
    static func text(_ record: UnsafePointer<ldns_rr>) throws(LDNSError) -> String {
        guard let buffer = ldns_buffer_new(512) else { throw LDNSError(LDNS_STATUS_MEM_ERR) }
        defer { ldns_buffer_free(buffer) }
        let status = lock.withLock { _ in cldns_rr2buffer_str(buffer, record) }
        guard status == LDNS_STATUS_OK else { throw LDNSError(status) }
        let bytes = UnsafeBufferPointer(start: ldns_buffer_begin(buffer), count: ldns_buffer_position(buffer))
        var text: [UInt8] = []
        var tabCount = 0
        for byte in bytes where byte != UInt8(ascii: "\n") {
            guard byte == UInt8(ascii: "\t") else {
                text.append(byte)
                continue
            }
            // Owner, TTL, class and type end in tabs; further ones belong to strings, and ldns does not escape them.
            tabCount += 1
            text += Array(tabCount <= 4 ? " ".utf8 : "\\009".utf8)
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// A record in wire form (RFC 1035 §3.2.1), nothing compressed.
    static func wire(_ record: Record) -> [UInt8] {
        func bytes(_ number: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: number.bigEndian, Array.init) }
        return record.owner.wire + bytes(record.type.rawValue) + bytes(RecordClass.internet.rawValue)
            + bytes(record.ttl) + bytes(UInt16(truncatingIfNeeded: record.data.bytes.count)) + record.data.bytes
    }
}
