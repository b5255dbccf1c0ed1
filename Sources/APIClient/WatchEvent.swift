import Registry

/// One event of a watch (metav1 WatchEvent).
package struct WatchEvent: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        case added = "ADDED"
        case modified = "MODIFIED"
        case deleted = "DELETED"
        case bookmark = "BOOKMARK"
    }

    package let kind: Kind
    package let object: JSONValue

    package init(_ kind: Kind, _ object: JSONValue) {
        self.kind = kind
        self.object = object
    }

    /// Whether all objects that were there at the beginning have been sent (`sendInitialEvents`).
    package var endsInitialEvents: Bool {
        kind == .bookmark && object["metadata"]?["annotations"]?["k8s.io/initial-events-end"]?.string == "true"
    }

    /// The version to go on watching from; nil where the object names none.
    package var version: String? { object["metadata"]?["resourceVersion"]?.string }
}

/// The events of a watch until the server ends it; an ERROR event is thrown as the refusal it carries.
package struct WatchEvents: AsyncSequence, Sendable {
    package typealias Element = WatchEvent

    let lines: APILines
    let method: String
    let url: String

    package func makeAsyncIterator() -> Iterator {
        Iterator(lines: lines.makeAsyncIterator(), method: method, url: url)
    }

    package struct Iterator: AsyncIteratorProtocol {
        fileprivate var lines: APILines.Iterator
        fileprivate let method: String
        fileprivate let url: String

        fileprivate init(lines: APILines.Iterator, method: String, url: String) {
            self.lines = lines
            self.method = method
            self.url = url
        }

        /// - Throws: `APIClientError`.
        package mutating func next() async throws -> WatchEvent? {
            guard let line = try await lines.next() else { return nil }
            guard let value = try? JSONText.value(of: String(decoding: line, as: UTF8.self)),
                let type = value["type"]?.string, let object = value["object"]
            else { throw APIClientError(.malformed, "an event is no JSON of a watch", method: method, url: url) }
            if type == "ERROR" { throw APIClientError(watchError: object, method: method, url: url) }
            guard let kind = WatchEvent.Kind(rawValue: type) else {
                throw APIClientError(
                    .malformed, "an event has the unknown type '\(type.prefix(32))'", method: method, url: url)
            }
            return WatchEvent(kind, object)
        }
    }
}
