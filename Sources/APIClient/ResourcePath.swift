import Registry

/// The path of a collection or an object in the API, percent-encoded.
package struct ResourcePath: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// - Parameters:
    ///   - namespace: nil for all namespaces; says nothing of kinds of the cluster's scope.
    ///   - name: nil for the collection.
    package init(_ kind: ObjectKind, namespace: String? = nil, name: String? = nil) {
        var path = kind.group.isEmpty ? "/api/\(kind.version)" : "/apis/\(kind.group)/\(kind.version)"
        if kind.isNamespaced, let namespace { path += "/namespaces/\(Self.encoded(namespace))" }
        path += "/\(kind.resource)"
        if let name { path += "/\(Self.encoded(name))" }
        description = path
    }

    /// A path that is written out already.
    package init(_ path: String) { description = path }

    /// Text as a segment of a path or a part of a query (RFC 3986 §2.3: unreserved characters stand for themselves).
    static func encoded(_ text: String) -> String {
        // A lone dot or two would be taken for a step of the path.
        if text == "." || text == ".." { return text.replacing(".", with: "%2E") }
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                result += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
        return result
    }

    static func query(_ items: [(name: String, value: String)]) -> String {
        items.isEmpty ? "" : "?" + items.map { "\(encoded($0.name))=\(encoded($0.value))" }.joined(separator: "&")
    }
}
