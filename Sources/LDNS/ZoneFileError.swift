import DNS
import FileReading
import Glibc

/// What is wrong in a zone file, and where.
package struct ZoneFileError: Error, Hashable, Sendable {
    /// The kinds of fault.
    package indirect enum Reason: Error, Hashable {
        /// The file cannot be read; the number is the system's.
        case unreadable(Int32)
        /// A FIFO or a device stands where the file is awaited.
        case notRegular
        /// The file is larger than `ZoneFileReader.sizeLimit` bytes.
        case tooLarge
        /// A byte that does not belong in text.
        case controlByte(UInt8)
        case unclosedQuote
        case unclosedParenthesis
        case strayParenthesis
        /// The entry has more bytes than ldns takes in one piece.
        case entryTooLong
        case unknownDirective(String)
        /// A directive without what belongs behind it; the text is how it should look.
        case directiveUsage(String)
        /// `$INCLUDE` in text that did not come from a file.
        case includeOutsideFile
        /// `$INCLUDE` within `$INCLUDE`, deeper than `ZoneFileReader.includeLimit`; mostly a circle.
        case includeTooDeep
        /// The file that `$INCLUDE` names cannot be read.
        case include(String, Reason)
        case badName(String)
        /// The entry leaves its owner to the one before it, and there is none.
        case noOwner
        case badTTL(String)
        /// The record has no TTL and nothing before it says one (RFC 2308 §4).
        case noTTL
        case foreignClass(String)
        case noType
        case unknownType(String)
        /// A type that only questions and messages use (RFC 6895 §3.1).
        case metaType(String)
        /// A number that does not fit its field; ldns alone would cut it to size.
        case numberOutOfRange(String, limit: UInt64)
        /// A string of more than 255 bytes (RFC 1035 §3.3).
        case stringTooLong
        /// Data in the form of RFC 3597 §5 whose length and digits do not agree.
        case badGenericData
        /// ldns cannot make the record's data of the text.
        case data(RecordType, LDNSError)
    }

    /// The file as it was named by the caller or in `$INCLUDE`.
    package let file: String
    /// Counted from 1: the line where the entry starts, or where the faulty character stands; nil for the whole file.
    package let line: Int?
    package let reason: Reason
}

extension ZoneFileError: CustomStringConvertible {
    /// One line: the file, the line, what is wrong.
    package var description: String {
        (line.map { "\(file):\($0): " } ?? "\(file): ") + reason.description
    }
}

extension ZoneFileError.Reason: CustomStringConvertible {
    /// A word of the file, cut off where it is longer than any that is meant.
    private static func shown(_ word: String) -> String {
        word.utf8.count <= 260 ? word : "\(word.prefix(64))…"
    }

    package var description: String {
        switch self {
        case .unreadable(let code): "cannot be read: \(String(cString: strerror(code)))"
        case .notRegular: "\(RegularFile.Failure.notRegular)"
        case .tooLarge: "larger than the limit of \(ZoneFileReader.sizeLimit >> 20) MiB"
        case .controlByte(let byte): "control byte \(byte), this is no text"
        case .unclosedQuote: "the quote is not closed on its line"
        case .unclosedParenthesis: "the parenthesis is not closed"
        case .strayParenthesis: "closing parenthesis without an opening one"
        case .entryTooLong: "the entry is longer than \(ZoneFileLexer.entryLimit) bytes"
        case .unknownDirective(let name):
            "directive \(Self.shown(name)) is not supported; $ORIGIN, $TTL and $INCLUDE are"
        case .directiveUsage(let usage): "should be: \(usage)"
        case .includeOutsideFile: "$INCLUDE works in files only"
        case .includeTooDeep: "$INCLUDE nested deeper than \(ZoneFileReader.includeLimit) files"
        case .include(let path, let reason): "\(path): \(reason)"
        case .badName(let text): "'\(Self.shown(text))' is no legal name"
        case .noOwner: "no owner name, and no record above to take it from"
        case .badTTL(let text): "'\(Self.shown(text))' is no TTL; seconds up to 2147483647 or 1w2d3h4m5s are"
        case .noTTL: "no TTL; give the record one, or the file a $TTL above it"
        case .foreignClass(let name): "class \(name); only IN is served"
        case .noType: "no record type"
        case .unknownType(let name):
            "'\(Self.shown(name))' is no record type known here; TYPEnnn works for all (RFC 3597)"
        case .metaType(let name): "\(name) is no type of data"
        case .numberOutOfRange(let text, let limit): "'\(Self.shown(text))' is no number from 0 to \(limit)"
        case .stringTooLong: "a string is longer than 255 bytes; split it into several"
        case .badGenericData: "should be: \\# LENGTH HEX, with as many bytes as the length says (RFC 3597)"
        case .data(let type, let error): "\(RecordDataParser.name(of: type)): \(error)"
        }
    }
}
