import DNS
import FileReading

/// Reads zone files (RFC 1035 §5.1, RFC 2308 §4, RFC 3597 §5) into records.
///
/// `$ORIGIN`, `$TTL` and `$INCLUDE` are understood. Any bytes may be given: what is wrong becomes an error.
package enum ZoneFileReader {
    /// The most bytes that a file and all that it includes may have.
    package static let sizeLimit = 256 << 20

    /// How deep `$INCLUDE` may be nested.
    package static let includeLimit = 7

    /// The records of a file, in its order; `origin` is what relative names end in until `$ORIGIN` says otherwise.
    ///
    /// Files named by `$INCLUDE` are looked for beside the file that names them.
    package static func records(inFileAt path: String, origin: DomainName) throws(ZoneFileError) -> [Record] {
        let bytes: [UInt8]
        do throws(ZoneFileError.Reason) {
            bytes = try fileBytes(path, limit: sizeLimit)
        } catch {
            throw ZoneFileError(file: path, line: nil, reason: error)
        }
        var parser = ZoneFileParser(file: path, origin: origin, isFile: true)
        try parser.read(bytes)
        return parser.records
    }

    /// The records of a text; `name` stands for the file in errors.
    package static func records(
        in text: String, origin: DomainName, name: String = "text"
    ) throws(ZoneFileError) -> [Record] {
        try records(in: Array(text.utf8), origin: origin, name: name)
    }

    /// The records of a text that may be of any bytes.
    package static func records(
        in bytes: [UInt8], origin: DomainName, name: String = "text"
    ) throws(ZoneFileError) -> [Record] {
        guard bytes.count <= sizeLimit else { throw ZoneFileError(file: name, line: nil, reason: .tooLarge) }
        var parser = ZoneFileParser(file: name, origin: origin, isFile: false)
        try parser.read(bytes)
        return parser.records
    }

    /// The bytes of a file.
    static func fileBytes(_ path: String, limit: Int) throws(ZoneFileError.Reason) -> [UInt8] {
        do {
            return try RegularFile.bytes(path, limit: limit)
        } catch {
            switch error {
            case .unreadable(let code): throw .unreadable(code)
            case .notRegular: throw .notRegular
            case .tooLarge: throw .tooLarge
            }
        }
    }
}
