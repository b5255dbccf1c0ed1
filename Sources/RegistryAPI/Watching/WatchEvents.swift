import ObjectRules
import Registry

/// The lines of a watch: which events a change is for a selector, and how they are written.
struct WatchEvents: Sendable {
    enum EventType: String {
        case added = "ADDED"
        case modified = "MODIFIED"
        case deleted = "DELETED"
        case bookmark = "BOOKMARK"
        case error = "ERROR"
    }

    let kind: ObjectKind
    let selector: ObjectSelector
    let form: ResponseForm
    let includeObject: TablePrinter.IncludedObject
    let clock: WallClock

    /// The line of a change; nil where the selector has seen the object neither before nor after.
    ///
    /// An object that stops matching is deleted as far as the watch can tell, one that starts to is added.
    func line(for change: RecordedChange) throws -> [UInt8]? {
        let matches = change.kind != .deleted && selector.matches(change.selectable)
        let matched = change.formerSelectable.map { selector.matches($0) } ?? false
        switch (matched, matches) {
        case (false, false):
            return nil
        case (false, true):
            return try line(.added, text: change.record.text)
        case (true, true):
            return try line(.modified, text: change.record.text)
        case (true, false):
            if change.kind == .deleted { return try line(.deleted, text: change.record.text) }
            guard var former = try change.formerText.map({ try JSONText.value(of: $0) }) else { return nil }
            former["metadata"]?["resourceVersion"] = .string("\(change.version.rawValue)")
            return try line(.deleted, text: JSONText.text(of: former))
        }
    }

    /// The line of an object that was there when the watch began.
    func line(forInitial record: ObjectRecord) throws -> [UInt8] { try line(.added, text: record.text) }

    /// A line that says how far the watch has come.
    func bookmark(at version: ResourceVersion, endsInitialEvents: Bool = false) -> [UInt8] {
        var metadata: [String: JSONValue] = [
            "resourceVersion": .string("\(version.rawValue)"), "creationTimestamp": .null,
        ]
        if endsInitialEvents {
            metadata["annotations"] = .object(["k8s.io/initial-events-end": .string("true")])
        }
        let document = JSONValue.object([
            "kind": .string(kind.rawValue), "apiVersion": .string(kind.apiVersion), "metadata": .object(metadata),
        ])
        return Self.line(.bookmark, object: JSONText.text(of: shown(document)))
    }

    static func error(_ status: APIStatus) -> [UInt8] {
        line(.error, object: JSONText.text(of: status.document))
    }

    private func line(_ type: EventType, text: String) throws -> [UInt8] {
        guard form != .object else { return Self.line(type, object: text) }
        return Self.line(type, object: JSONText.text(of: shown(try JSONText.value(of: text))))
    }

    /// An object in the form that the client asked for.
    private func shown(_ document: JSONValue) -> JSONValue {
        form.document(of: document, kind: kind, now: clock.now(), includeObject: includeObject)
    }

    private static func line(_ type: EventType, object: String) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(object.utf8.count + 40)
        bytes += "{\"type\":\"\(type.rawValue)\",\"object\":".utf8
        bytes += object.utf8
        bytes += "}\n".utf8
        return bytes
    }
}
