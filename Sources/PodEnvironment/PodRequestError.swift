import Registry

/// Why a request for an environment or a resolv.conf is not answered.
///
/// Items are named as the options of the commands are, behind the prefix that the request was read with.
package enum PodRequestError: Error, Hashable, Sendable {
    case unknownItem(String, known: [String])
    /// An item that may be given once stands there more often.
    case repeatedItem(String)
    case invalidValue(item: String, value: String, reason: String)
    case invalidItem(String, reason: String)
    /// Items that together are no dnsConfig of a Pod.
    case invalidDNSConfig([Fault])
    /// The request is sound, what it asks for cannot be made.
    case notMade(PodEnvironmentError)

    /// One item and what is wrong with it.
    package struct Fault: Hashable, Sendable {
        package let item: String
        package let reason: String
    }

    /// Whether another request would be answered, rather than another registry.
    package var isRequestAtFault: Bool {
        switch self {
        // One that asks for less is answered, and one whose own variables fit into the dialect: those of Services do.
        case .notMade(.variableTooLarge), .notMade(.environmentTooLarge), .notMade(.unwritable): true
        case .notMade: false
        case .unknownItem, .repeatedItem, .invalidValue, .invalidItem, .invalidDNSConfig: true
        }
    }
}

extension PodRequestError: CustomStringConvertible {
    /// One sentence.
    package var description: String {
        switch self {
        case .unknownItem(let name, let known):
            "'\(name.beginning)' is unknown here: known are \(known.joined(separator: ", "))"
        case .repeatedItem(let item):
            "\(item) is given twice, and may be given once"
        case .invalidValue(let item, let value, let reason):
            "\(item) '\(value.beginning)' \(reason)"
        case .invalidItem(let item, let reason):
            "\(item): \(reason)"
        case .invalidDNSConfig(let faults):
            faults.map { "\($0.item): \($0.reason)" }.joined(separator: "; ")
        case .notMade(let error):
            error.description
        }
    }
}
