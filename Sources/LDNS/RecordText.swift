import CLdns
import DNS

/// Records as people read them: presentation form (RFC 1035 §5.1), written and read by ldns.
package enum RecordText {
    /// A record in one line, such as `www.example.org. 3600 IN A 192.0.2.53`, which `record` reads back.
    ///
    /// The form of RFC 3597 §5 stands in for data that does not fit its type, and for the odd value that ldns writes as
    /// it would not read it: a semicolon in an HTTPS parameter, a signature time more than 68 years ahead.
    package static func text(_ record: Record) -> String {
        if let text = try? LDNSRecord.withRecord(wire: LDNSRecord.wire(record), LDNSRecord.text),
            let reread = try? Self.record(text), reread.data == record.data
        {
            return text
        }
        let digits = record.data.bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        let type = RecordDataParser.name(of: record.type)
        let data = ["\\#", "\(record.data.bytes.count)", digits.joined()].filter { !$0.isEmpty }
        return "\(record.owner) \(record.ttl) IN \(type) \(data.joined(separator: " "))"
    }

    /// The mnemonic of a type as ldns knows it, or TYPEnnn (RFC 3597 §5).
    package static func name(of type: RecordType) -> String { RecordDataParser.name(of: type) }

    /// The type with a mnemonic, in any case, or in the form TYPEnnn; nil where ldns knows none.
    package static func type(named name: String) -> RecordType? { RecordDataParser.type(named: name) }

    /// The record that a line stands for; relative names end in `origin`, and the TTL must be there.
    package static func record(_ text: String, origin: DomainName = .root) throws(ZoneFileError) -> Record {
        let records = try ZoneFileReader.records(in: text, origin: origin, name: "record")
        guard records.count == 1 else { throw ZoneFileError(file: "record", line: nil, reason: .noType) }
        return records[0]
    }
}
