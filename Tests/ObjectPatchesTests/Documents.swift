import ObjectPatches
import ObjectSchema
import Registry
import Testing

/// Documents as people write them, for tests.
func json(_ text: String) throws -> JSONValue { try JSONText.value(of: text) }

/// A document and what a patch is to make of it; nil where the patch must not apply.
struct PatchCase: Sendable, CustomTestStringConvertible {
    let name: String
    let document: String
    let patch: String
    let result: String?

    init(_ name: String, _ document: String, _ patch: String, _ result: String?) {
        self.name = name
        self.document = document
        self.patch = patch
        self.result = result
    }

    var testDescription: String { name }
}
