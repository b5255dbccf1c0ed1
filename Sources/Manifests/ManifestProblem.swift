import Registry

/// Something wrong in a manifest: where it stands and what would be right.
package struct ManifestProblem: Error, Hashable, Sendable {
    package var file: String
    /// The line in the file, from 1; nil where the whole file is meant.
    package var line: Int?
    /// The column in the line, from 1; only where the text itself does not parse.
    package var column: Int?
    /// The document in the file, from 1.
    package var document: Int?
    /// The kind and name of the object, as far as they are known: `Service prod/web`.
    package var object: String?
    package var field: FieldPath?
    package var reason: String

    package init(
        file: String, line: Int? = nil, column: Int? = nil, document: Int? = nil, object: String? = nil,
        field: FieldPath? = nil, reason: String
    ) {
        self.file = file
        self.line = line
        self.column = column
        self.document = document
        self.object = object
        self.field = field
        self.reason = reason
    }
}

extension ManifestProblem: CustomStringConvertible {
    /// One line: `web.yaml:12: document 2: Service prod/web: spec.ports[0].port: Invalid value: "0": must be …`.
    package var description: String {
        let place: [String] = [file, line.map(String.init), line == nil ? nil : column.map(String.init)].compactMap {
            $0
        }
        let parts: [String?] = [
            place.joined(separator: ":"), document.map { "document \($0)" }, object, field.map(\.description), reason,
        ]
        return parts.compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: ": ").onOneLine
    }
}

extension String {
    /// The text with its control characters written as escapes, so that a value cannot forge a line of the log.
    var onOneLine: String {
        guard unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return self }
        return unicodeScalars.reduce(into: "") { text, scalar in
            if scalar.properties.generalCategory == .control {
                text += scalar.escaped(asASCII: true)
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
    }
}
