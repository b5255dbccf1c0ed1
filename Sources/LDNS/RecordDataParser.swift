import CLdns
import DNS
import Glibc

/// Turns the data of one record from text into bytes: of most types through ldns.
enum RecordDataParser {
    /// The type with a mnemonic, in any case, or in the form TYPEnnn (RFC 3597 §5).
    static func type(named name: String) -> RecordType? {
        if name.count > 4, name.prefix(4).uppercased() == "TYPE" {
            // ldns reads `TYPE1x` as TYPE1.
            return decimal(name.dropFirst(4).utf8).flatMap(UInt16.init(exactly:)).map(RecordType.init(rawValue:))
        }
        let type = ldns_get_rr_type_by_name(name)
        return type.rawValue == 0 ? nil : UInt16(exactly: type.rawValue).map(RecordType.init(rawValue:))
    }

    /// The mnemonic of a type, or TYPEnnn.
    static func name(of type: RecordType) -> String {
        guard let text = ldns_rr_type2str(ldns_rr_type(rawValue: UInt32(type.rawValue))) else { return "\(type)" }
        defer { free(text) }
        return String(cString: text)
    }

    /// The data that `fields`, the record's text behind its type, stand for; relative names end in `origin`.
    static func data(
        of type: RecordType, in fields: ArraySlice<ArraySlice<UInt8>>, origin: DomainName
    ) throws(ZoneFileError.Reason) -> RecordData {
        if let first = fields.first, first.elementsEqual([UInt8(ascii: "\\"), UInt8(ascii: "#")]) {
            return try genericData(of: type, in: fields.dropFirst())
        }
        try checkRanges(of: type, in: fields)
        do throws(LDNSError) {
            if let bytes = try PlainRecordData.bytes(of: type, in: fields, origin: origin) {
                return RecordData(type: type, bytes: bytes)
            }
        } catch {
            throw .data(type, error)
        }
        return try ldnsData(of: type, in: fields, origin: origin)
    }

    /// The data that ldns makes of fields, whose numbers and strings are known to fit.
    static func ldnsData(
        of type: RecordType, in fields: ArraySlice<ArraySlice<UInt8>>, origin: DomainName
    ) throws(ZoneFileError.Reason) -> RecordData {
        // Class and TTL are there because ldns wants a whole record.
        let line = Array(". 0 IN TYPE\(type.rawValue) ".utf8) + fields.joined(separator: [0x20])
        do throws(LDNSError) {
            let bytes = try LDNSRecord.withRecord(line: line, origin: origin, LDNSRecord.data)
            // Text can make data that is none, such as a name that is too long with its origin.
            if try canRead(bytes, of: type) { return RecordData(type: type, bytes: bytes) }
        } catch {
            throw .data(type, error)
        }
        throw .data(type, LDNSError(LDNS_STATUS_SYNTAX_RDATA_ERR))
    }

    /// Whether ldns takes bytes for data of a type, with no names compressed and nothing left over.
    private static func canRead(_ bytes: [UInt8], of type: RecordType) throws(LDNSError) -> Bool {
        let record = Record(owner: .root, ttl: 0, data: RecordData(type: type, bytes: bytes))
        return try LDNSRecord.withRecord(wire: LDNSRecord.wire(record), LDNSRecord.data) == bytes
    }

    /// Refuses numbers and strings that are too large for their fields, which ldns would cut to size.
    static func checkRanges(
        of type: RecordType, in fields: ArraySlice<ArraySlice<UInt8>>
    ) throws(ZoneFileError.Reason) {
        guard let descriptor = ldns_rr_descript(type.rawValue) else { return }
        for (position, field) in zip(0..<ldns_rr_descriptor_maximum(descriptor), fields) {
            let limit: UInt64
            switch ldns_rr_descriptor_field_type(descriptor, position) {
            case LDNS_RDF_TYPE_INT8: limit = UInt64(UInt8.max)
            case LDNS_RDF_TYPE_INT16: limit = UInt64(UInt16.max)
            case LDNS_RDF_TYPE_INT32: limit = UInt64(UInt32.max)
            case LDNS_RDF_TYPE_PERIOD:
                guard Period(field) != nil else { throw outOfRange(field, UInt64(UInt32.max)) }
                continue
            // The date at which 32 bits of seconds end (RFC 4034 §3.2).
            case LDNS_RDF_TYPE_TIME where field.count == 14: limit = 2106_02_07_06_28_15
            case LDNS_RDF_TYPE_TIME: limit = UInt64(UInt32.max)
            case LDNS_RDF_TYPE_STR:
                guard stringLength(field) <= 255 else { throw .stringTooLong }
                continue
            case LDNS_RDF_TYPE_B64, LDNS_RDF_TYPE_HEX, LDNS_RDF_TYPE_LOC, LDNS_RDF_TYPE_WKS, LDNS_RDF_TYPE_IPSECKEY,
                LDNS_RDF_TYPE_NSEC, LDNS_RDF_TYPE_HIP, LDNS_RDF_TYPE_AMTRELAY:
                // One of ldns's fields may be several of ours from here on.
                return
            default: continue
            }
            guard let number = decimal(field), number <= limit else {
                throw outOfRange(field, limit)
            }
        }
    }

    /// The number that nothing but digits make; nil for other text and beyond 64 bits.
    static func decimal(_ text: some Collection<UInt8>) -> UInt64? {
        guard text.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return UInt64(String(decoding: text, as: UTF8.self))
    }

    private static func outOfRange(_ field: ArraySlice<UInt8>, _ limit: UInt64) -> ZoneFileError.Reason {
        .numberOutOfRange(String(decoding: field, as: UTF8.self), limit: limit)
    }

    /// The bytes of a string once quotes are gone and escapes resolved.
    private static func stringLength(_ field: ArraySlice<UInt8>) -> Int {
        var rest = field.first == UInt8(ascii: "\"") ? field.dropFirst().dropLast() : field
        var length = 0
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\") {
                rest = rest.dropFirst(rest.first.map { (0x30...0x39).contains($0) } == true ? 3 : 1)
            }
            length += 1
        }
        return length
    }

    /// Data as a length and hexadecimal digits (RFC 3597 §5).
    private static func genericData(
        of type: RecordType, in fields: ArraySlice<ArraySlice<UInt8>>
    ) throws(ZoneFileError.Reason) -> RecordData {
        guard let length = fields.first.flatMap(decimal).flatMap(UInt16.init(exactly:)) else {
            throw .badGenericData
        }
        let digits = fields.dropFirst().joined().map { Character(UnicodeScalar($0)).hexDigitValue }
        guard digits.count == 2 * Int(length) else { throw .badGenericData }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(length))
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = digits[index], let low = digits[index + 1] else { throw .badGenericData }
            bytes.append(UInt8(high << 4 | low))
        }
        do throws(LDNSError) {
            if try canRead(bytes, of: type) { return RecordData(type: type, bytes: bytes) }
        } catch {
            throw .data(type, error)
        }
        throw .badGenericData
    }
}
