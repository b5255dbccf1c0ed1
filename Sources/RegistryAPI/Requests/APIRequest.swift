import Registry

/// One request, read completely: what handlers need of it, whichever version of HTTP it came by.
package struct APIRequest: Sendable {
    package var method: String
    /// The segments of the path, percent-decoded, without empty ones.
    package var path: [String]
    package var query: QueryItems
    package var accept: String
    /// Without its parameters, in lower case; empty where none was given.
    package var contentType: String
    package var userAgent: String
    package var body: [UInt8]
    package var identity: Identity
    package var connection: ConnectionHandle
    /// The room that its answer has.
    package var answer: AnswerBudget.Hold

    package init(
        method: String, target: String, accept: String = "", contentType: String = "", userAgent: String = "",
        body: [UInt8] = [], identity: Identity = .trusted, connection: ConnectionHandle = ConnectionHandle {},
        answer: AnswerBudget.Hold = .unlimited
    ) throws(MalformedTarget) {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        self.method = method
        path = try (parts.first ?? "").split(separator: "/").map { segment throws(MalformedTarget) in
            guard let text = PercentCoding.decoded(segment) else { throw MalformedTarget() }
            return text
        }
        query = try QueryItems(parts.count == 2 ? parts[1] : "")
        self.accept = accept
        let essence = contentType.prefix { $0 != ";" }.lowercased()
        self.contentType = String(essence.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        self.userAgent = userAgent
        self.body = body
        self.identity = identity
        self.connection = connection
        self.answer = answer
    }

    /// Who the fields are written for in `managedFields`: `fieldManager`, else the beginning of the user agent, of which
    /// what is no printable ASCII is left out; 128 bytes at most.
    package var fieldManager: String {
        if let named = query["fieldManager"], !named.isEmpty { return named }
        let agent = userAgent.utf8.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: " ") }
            .lazy.filter { (0x21...0x7e).contains($0) }.prefix(128)
        return agent.isEmpty ? "unknown" : String(decoding: Array(agent), as: UTF8.self)
    }
}

/// A request target that is no URL, or none of anything here: a percent sign without two digits behind it, bytes that are
/// no UTF-8, or a text that no name is.
package struct MalformedTarget: Error, Hashable, Sendable {}

/// The items of a query string in their order (WHATWG URL, application/x-www-form-urlencoded).
package struct QueryItems: Hashable, Sendable {
    package private(set) var items: [Item] = []

    package struct Item: Hashable, Sendable {
        package let name: String
        package let value: String
    }

    package init(_ text: Substring) throws(MalformedTarget) {
        for part in text.split(separator: "&") {
            let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentCoding.decoded(halves[0], plusIsSpace: true),
                let value = PercentCoding.decoded(halves.count == 2 ? halves[1] : "", plusIsSpace: true)
            else { throw MalformedTarget() }
            items.append(Item(name: name, value: value))
        }
    }

    /// The first value of a name.
    package subscript(name: String) -> String? { items.first { $0.name == name }?.value }

    /// Whether a flag is set: by any value but `0` and `false` in whatever case, and by a name without value, as
    /// Kubernetes reads them.
    package func flag(_ name: String) -> Bool {
        guard let value = self[name] else { return false }
        return value != "0" && value.lowercased() != "false"
    }
}

/// Percent-encoding of URLs (RFC 3986 §2.1).
enum PercentCoding {
    /// nil where a percent sign is not followed by two hexadecimal digits, or the result is no UTF-8.
    static func decoded(_ text: Substring, plusIsSpace: Bool = false) -> String? {
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else {
            return checked(String(text))
        }
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                    return nil
                }
                bytes.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace:
                bytes.append(UInt8(ascii: " "))
            default:
                bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self).flatMap(checked)
    }

    /// nil for a text that takes too long to compare, and for one with a NUL: what looks texts up ends them there.
    private static func checked(_ text: String) -> String? {
        StreamSafeText.isSafe(text) && !text.utf8.contains(0) ? text : nil
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        Character(Unicode.Scalar(byte)).hexDigitValue.map { UInt8($0) }
    }
}
