import Registry

@testable import RegistryAPI

/// The instant that tests print tables at.
let testTime = Timestamp(milliseconds: 1_782_907_200_000)

/// A document as people write it.
func jsonTree(_ text: String) throws -> JSONValue { try JSONText.value(of: text) }

extension JSONValue {
    /// The value at the end of a path of members and element numbers: `rows.0.cells`.
    func value(at path: String) -> JSONValue? {
        var value: JSONValue? = self
        for step in path.split(separator: ".") {
            if let index = Int(step) {
                guard case .array(let elements)? = value, elements.indices.contains(index) else { return nil }
                value = elements[index]
            } else {
                value = value?[String(step)]
            }
        }
        return value
    }

    var elements: [JSONValue] {
        guard case .array(let elements) = self else { return [] }
        return elements
    }

    /// As a table shows it.
    var shown: String {
        switch self {
        case .string(let text): text
        default: JSONText.text(of: self)
        }
    }
}

/// The cells of an object, by the names of their columns.
func cells(_ kind: ObjectKind, _ text: String) throws -> [String: String] {
    let table = ResponseForm.table(.v1).document(
        of: try jsonTree(text), kind: kind, now: testTime, includeObject: .none)
    let names = (table.value(at: "columnDefinitions")?.elements ?? []).compactMap { $0["name"]?.string }
    let cells = (table.value(at: "rows.0.cells")?.elements ?? []).map(\.shown)
    guard names.count == cells.count else { throw MismatchedRow(columns: names, cells: cells) }
    return Dictionary(uniqueKeysWithValues: zip(names, cells))
}

struct MismatchedRow: Error {
    let columns: [String]
    let cells: [String]
}
