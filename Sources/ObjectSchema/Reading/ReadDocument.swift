import Registry

/// A document after its schema: what it says in known fields, and what else stood in it.
package struct ReadDocument: Hashable, Sendable {
    /// Known members only, and no zero values where they mean that the member is absent.
    package var document: JSONValue
    /// `unknown field "spec.foo"`, in the order of the members' names; each one once, a hundred at most.
    package var strictErrors: [String]
}

/// A value that its field cannot hold, in the words of Kubernetes' API server.
package struct SchemaReadError: Error, Hashable, CustomStringConvertible {
    package let path: FieldPath
    package let description: String
}

extension Schema {
    /// Reads a document that is a value of a type: types of members checked, quantities made texts, times in UTC.
    ///
    /// Unknown members are dropped and noted; null is as good as absent (Kubernetes API conventions, "Optional vs.
    /// Required").
    ///
    /// - Throws: `SchemaReadError` for the first value of a wrong type.
    package func read(_ raw: JSONValue, as type: SchemaType) throws(SchemaReadError) -> ReadDocument {
        var reader = StrictReader(schema: self)
        let document = try reader.object(raw, type: type)
        return ReadDocument(document: document ?? .object([:]), strictErrors: reader.strictErrors)
    }
}
