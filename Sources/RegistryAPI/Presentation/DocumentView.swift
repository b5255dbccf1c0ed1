import Registry

/// A place in a document, read for people to see: what is absent, null or of another type reads as empty.
struct DocumentView {
    private let value: JSONValue?

    init(_ value: JSONValue?) {
        self.value = value == .null ? nil : value
    }

    subscript(name: String) -> DocumentView { DocumentView(value?[name]) }

    var isPresent: Bool { value != nil }

    var text: String { value?.string ?? "" }

    var integer: Int64? {
        guard case .integer(let number)? = value else { return nil }
        return number
    }

    var flag: Bool {
        guard case .bool(let flag)? = value else { return false }
        return flag
    }

    var elements: [DocumentView] {
        guard case .array(let elements)? = value else { return [] }
        return elements.map { DocumentView($0) }
    }

    var texts: [String] { elements.map(\.text) }

    /// The texts of a map such as labels, by name.
    var textsByName: [(name: String, text: String)] {
        guard case .object(let members)? = value else { return [] }
        return members.map { ($0.key, $0.value.string ?? "") }.sorted { $0.0 < $1.0 }
    }
}
