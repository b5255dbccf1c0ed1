import CLdns

/// Why ldns cannot read or write a record or a message.
package enum LDNSError: Error, Hashable, Sendable {
    /// ldns gave up; the number is its status code (`ldns/error.h`).
    case status(UInt32)
    /// The message ends before its bytes do; ldns itself would not mind.
    case trailingBytes(Int)
    /// The message holds more questions than one.
    case severalQuestions(Int)
    /// The message holds more OPT records than one (RFC 6891 §6.1.1).
    case severalOptionRecords(Int)

    init(_ status: ldns_status) {
        self = .status(status.rawValue)
    }
}

extension LDNSError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .status(let code):
            guard let text = ldns_get_errorstr_by_id(ldns_status(rawValue: code)) else { return "ldns status \(code)" }
            return String(cString: text)
        case .trailingBytes(let count): return "\(count) bytes follow the last record"
        case .severalQuestions(let count): return "\(count) questions in one message"
        case .severalOptionRecords(let count): return "\(count) OPT records in one message"
        }
    }
}
