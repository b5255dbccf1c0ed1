import CLdns
import DNS
import Glibc

/// Reads the data of the types that zones and templates are mostly made of, as ldns reads it.
///
/// What a question puts into a template's records comes from a stranger: it does not reach a parser in C here, and does
/// not wait for the one lock that ldns needs.
struct PlainRecordData {
    private var fields: ArraySlice<ArraySlice<UInt8>>
    private let origin: DomainName
    private var bytes: [UInt8] = []

    private init(_ fields: ArraySlice<ArraySlice<UInt8>>, origin: DomainName) {
        self.fields = fields
        self.origin = origin
    }

    /// The data that fields stand for, whose numbers fit; nil for a type whose data only ldns reads.
    static func bytes(
        of type: RecordType, in fields: ArraySlice<ArraySlice<UInt8>>, origin: DomainName
    ) throws(LDNSError) -> [UInt8]? {
        var data = PlainRecordData(fields, origin: origin)
        switch type {
        case .a: try data.takeAddress(AF_INET, size: 4)
        case .aaaa: try data.takeAddress(AF_INET6, size: 16)
        case .ns, .cname, .ptr, .dname: try data.takeName()
        case .mx:
            try data.takeNumber(UInt16.self)
            try data.takeName()
        case .srv:
            for _ in 0..<3 { try data.takeNumber(UInt16.self) }
            try data.takeName()
        case .soa:
            for _ in 0..<2 { try data.takeName() }
            try data.takeNumber(UInt32.self)
            for _ in 0..<4 { try data.takePeriod() }
        case .txt:
            repeat { try data.takeString() } while !data.fields.isEmpty
        default: return nil
        }
        guard data.fields.isEmpty else { throw LDNSError(LDNS_STATUS_SYNTAX_SUPERFLUOUS_TEXT_ERR) }
        guard data.bytes.count <= UInt16.max else { throw malformed }
        return data.bytes
    }

    private static var malformed: LDNSError { LDNSError(LDNS_STATUS_SYNTAX_RDATA_ERR) }

    private mutating func next() throws(LDNSError) -> ArraySlice<UInt8> {
        guard let field = fields.popFirst() else { throw LDNSError(LDNS_STATUS_SYNTAX_MISSING_VALUE_ERR) }
        return field
    }

    private mutating func takeName() throws(LDNSError) {
        let field = try next()
        // What only quotes hold together is no name.
        guard !Self.hasBareBlank(field), let name = DomainName(field: field, origin: origin) else {
            throw Self.malformed
        }
        bytes += name.wire
    }

    /// Whether white space stands in a field that is not escaped.
    private static func hasBareBlank(_ field: ArraySlice<UInt8>) -> Bool {
        var isEscaped = false
        for byte in field {
            if !isEscaped, byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") { return true }
            isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
        }
        return false
    }

    private mutating func takeNumber<Number: FixedWidthInteger>(_: Number.Type) throws(LDNSError) {
        guard let number = RecordDataParser.decimal(try next()).flatMap(Number.init(exactly:)) else {
            throw Self.malformed
        }
        append(number)
    }

    private mutating func takePeriod() throws(LDNSError) {
        guard let period = Period(try next()) else { throw Self.malformed }
        append(period.seconds)
    }

    private mutating func append(_ number: some FixedWidthInteger) {
        withUnsafeBytes(of: number.bigEndian) { bytes += $0 }
    }

    private mutating func takeAddress(_ family: Int32, size: Int) throws(LDNSError) {
        var address = in6_addr()
        // As ldns does: what the C library takes for an address is one.
        guard inet_pton(family, String(decoding: try next(), as: UTF8.self), &address) == 1 else {
            throw Self.malformed
        }
        withUnsafeBytes(of: address) { bytes += $0.prefix(size) }
    }

    /// A string of at most 255 bytes, in quotes or not, with the escapes `\"` and `\DDD` (RFC 1035 §5.1).
    private mutating func takeString() throws(LDNSError) {
        var field = try next()
        if field.first == UInt8(ascii: "\"") {
            field = field.dropFirst().dropLast()
        } else if Self.hasBareBlank(field) {
            // As in `a"b c"`, of which ldns makes two strings, others two other ones.
            throw Self.malformed
        }
        let start = bytes.count
        bytes.append(0)
        while let byte = field.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            guard let escaped = DomainName.popEscaped(from: &field) else { throw Self.malformed }
            bytes.append(escaped)
        }
        guard let length = UInt8(exactly: bytes.count - start - 1) else { throw Self.malformed }
        bytes[start] = length
    }
}
