import Registry

/// The message types of all kinds that are served.
package final class Schema: Sendable {
    package let types: [String: SchemaType]

    package init(_ types: [SchemaType]) {
        self.types = Dictionary(types.map { ($0.name, $0) }) { first, _ in first }
    }

    package subscript(name: String) -> SchemaType? { types[name] }

    /// The type of a whole document of a kind; kinds and their types have the same names.
    package func type(of kind: ObjectKind) -> SchemaType? { types[kind.rawValue] }
}
