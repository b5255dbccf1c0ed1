import ObjectPatches
import ObjectSchema
import Registry
import Testing

/// An object that managers write to one after the other, at one instant each.
struct OwnedObject {
    let kind: ObjectKind
    private(set) var document: JSONValue?
    private(set) var second: Int64 = 0

    init(_ kind: ObjectKind = .service, _ document: JSONValue? = nil) {
        self.kind = kind
        self.document = document
    }

    static func time(_ second: Int64) -> String { Timestamp(milliseconds: second * 1000).text }

    /// Stores a new state as a PUT or a patch does.
    mutating func update(_ new: JSONValue, by manager: String, subresource: String? = nil) {
        second += 1
        document = FieldOwnership.update(
            live: document, new: new, type: Schema.shared.type(of: kind), schema: .shared, manager: manager,
            subresource: subresource, apiVersion: kind.apiVersion, now: Timestamp(milliseconds: second * 1000))
    }

    mutating func update(_ text: String, by manager: String, subresource: String? = nil) throws {
        update(try json(text), by: manager, subresource: subresource)
    }

    mutating func apply(
        _ configuration: JSONValue, by manager: String, force: Bool = false, subresource: String? = nil
    ) throws {
        second += 1
        document = try FieldOwnership.apply(
            configuration: configuration, live: document, type: Schema.shared.type(of: kind), schema: .shared,
            manager: manager, subresource: subresource, apiVersion: kind.apiVersion, force: force,
            now: Timestamp(milliseconds: second * 1000))
    }

    mutating func apply(
        _ text: String, by manager: String, force: Bool = false, subresource: String? = nil
    ) throws {
        try apply(try json(text), by: manager, force: force, subresource: subresource)
    }

    /// Without its owners.
    var content: JSONValue? {
        var content = document
        content?["metadata"]?["managedFields"] = nil
        return content
    }

    /// One line an owner: `kubectl Update v1 1: {"f:spec":…}`.
    var owners: [String] {
        guard case .array(let entries)? = document?["metadata"]?["managedFields"] else { return [] }
        return entries.map { entry in
            let subresource = entry["subresource"]?.string.map { "/\($0)" } ?? ""
            let time = (0...100).first { Self.time($0) == entry["time"]?.string }.map { "\($0)" } ?? "-"
            return "\(entry["manager"]?.string ?? "")\(subresource) \(entry["operation"]?.string ?? "") "
                + "\(time) \(JSONText.text(of: entry["fieldsV1"] ?? .null))"
        }
    }
}
