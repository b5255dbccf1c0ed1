import Manifests
import ObjectSchema

/// The fields of an object of a manifest that its kind does not know, and those that stand twice.
enum UnknownFields {
    static func all(of object: ManifestObject) -> [String] {
        guard let type = Schema.shared.type(of: object.key.kind) else { return [] }
        return (try? Schema.shared.read(object.document, as: type))?.strictErrors ?? []
    }
}
