import Registry

/// YAML texts as trees (YAML 1.2 core schema, as manifests are read): request bodies, kubeconfig files, manifests of any kind.
package enum YAMLText {
    /// Why a text is no YAML; lines and columns count from 1.
    package struct Malformed: Error, Hashable, Sendable, CustomStringConvertible {
        package let reason: String
        package let line: Int?
        package let column: Int?

        package var description: String {
            guard let line else { return reason }
            return "line \(line)\(column.map { ", column \($0)" } ?? ""): \(reason)"
        }
    }

    /// The documents of a text in their order, empty ones left out.
    ///
    /// What aliases make of a text is bounded, as is its depth; a member that stands twice in a mapping is an error.
    package static func values(of bytes: [UInt8]) throws(Malformed) -> [JSONValue] {
        // Before the parser compares keys.
        guard StreamSafeText.isSafe(String(decoding: bytes, as: UTF8.self)) else {
            throw Malformed(reason: "a text has too many combining marks in a row", line: nil, column: nil)
        }
        do throws(ManifestSyntaxError) {
            let text = ManifestText(bytes: bytes[...], firstLine: 1)
            let aliases = ManifestAliases(in: text.bytes)
            try aliases.check()
            guard aliases.mayNestDeeply else { return try read(text) }
            return try ManifestStack.run { () throws(ManifestSyntaxError) in try read(text) }
        } catch {
            throw Malformed(reason: error.reason, line: error.line, column: error.column)
        }
    }

    private static func read(_ text: ManifestText) throws(ManifestSyntaxError) -> [JSONValue] {
        var values: [JSONValue] = []
        for root in try ManifestDocument.roots(of: text) {
            var converter = ManifestNodeConverter(size: text.bytes.count)
            let value = try converter.value(of: root)
            if value != .null { values.append(value) }
        }
        return values
    }
}
