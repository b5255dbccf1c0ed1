import Registry

/// One step of a path in a set of fields, as `FieldsV1` of meta/v1 spells it.
enum FieldElement: Hashable, Sendable {
    /// A member of an object: `f:name`.
    case field(String)
    /// The element of a list with these values of its keys, a JSON object in its only spelling: `k:{"port":80}`.
    case key(String)
    /// The element of a list of scalars that is this JSON: `v:"kubernetes"`.
    case value(String)
    /// The element at a place: `i:0`.
    case index(Int)

    /// Longer spellings are not read, in bytes: no field is told apart by more than a path in a file system.
    private static let maximumSpelling = 8192

    /// The element that `FieldsV1` spells so; nil for what is no spelling of one.
    init?(spelling: String) {
        let bytes = spelling.utf8
        guard bytes.count <= Self.maximumSpelling else { return nil }
        let text = String(decoding: bytes.dropFirst(2), as: UTF8.self)
        switch String(decoding: bytes.prefix(2), as: UTF8.self) {
        case "f:":
            self = .field(text)
        case "k:":
            guard let value = try? JSONText.value(of: text), case .object(let members) = value, !members.isEmpty,
                members.values.allSatisfy(\.isScalar)
            else { return nil }
            self = .key(JSONText.text(of: value))
        case "v:":
            guard let value = try? JSONText.value(of: text), value.isScalar else { return nil }
            self = .value(JSONText.text(of: value))
        case "i:":
            guard let index = Int(text), index >= 0 else { return nil }
            self = .index(index)
        default:
            return nil
        }
    }

    var spelling: String {
        switch self {
        case .field(let name): "f:\(name)"
        case .key(let text): "k:\(text)"
        case .value(let text): "v:\(text)"
        case .index(let index): "i:\(index)"
        }
    }
}

extension FieldElement: Comparable {
    static func < (one: FieldElement, other: FieldElement) -> Bool {
        switch (one, other) {
        case (.field(let name), .field(let other)): name < other
        case (.key(let text), .key(let other)): text < other
        case (.value(let text), .value(let other)): text < other
        case (.index(let index), .index(let other)): index < other
        default: one.rank < other.rank
        }
    }

    private var rank: Int {
        switch self {
        case .field: 0
        case .key: 1
        case .value: 2
        case .index: 3
        }
    }
}

extension FieldElement: CustomStringConvertible {
    /// As conflicts name it: `.name`, `[port=80,protocol="TCP"]`, `[="kubernetes"]`, `[0]`.
    var description: String {
        switch self {
        case .field(let name):
            return ".\(name)"
        case .key(let text):
            guard case .object(let members)? = try? JSONText.value(of: text) else { return "[\(text)]" }
            let parts = members.sorted { $0.key < $1.key }.map { "\($0.key)=\(JSONText.text(of: $0.value))" }
            return "[\(parts.joined(separator: ","))]"
        case .value(let text):
            return "[=\(text)]"
        case .index(let index):
            return "[\(index)]"
        }
    }
}

extension JSONValue {
    var isScalar: Bool {
        switch self {
        case .null, .bool, .integer, .number, .string: true
        case .array, .object: false
        }
    }
}
