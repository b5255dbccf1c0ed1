import Registry

/// The configuration that kubectl's client-side apply leaves with an object
/// (`kubectl.kubernetes.io/last-applied-configuration`).
enum LastApplied {
    static let annotation = "kubectl.kubernetes.io/last-applied-configuration"
    /// As which kubectl applies on the server; others have no part in the annotation.
    static let manager = "kubectl"

    /// The configuration an object carries; nil for none of this version.
    static func configuration(in document: JSONValue, apiVersion: String) -> JSONValue? {
        guard let text = document["metadata"]?["annotations"]?[annotation]?.string, !text.isEmpty,
            let value = try? JSONText.value(of: text), case .object = value,
            value["apiVersion"]?.string == apiVersion
        else { return nil }
        return value
    }

    /// The object with the annotation, where it has one, telling of a configuration that kubectl applied on the server,
    /// so that a client-side apply can follow.
    static func updated(_ document: JSONValue, configuration: JSONValue, manager: String) -> JSONValue {
        guard manager == self.manager,
            let former = document["metadata"]?["annotations"]?[annotation]?.string, !former.isEmpty
        else { return document }
        var applied = configuration
        if applied["metadata"]?["annotations"] != nil { applied["metadata"]?["annotations"]?[annotation] = nil }
        var document = document
        document["metadata"]?["annotations"]?[annotation] = .string(JSONText.text(of: applied) + "\n")
        return document
    }
}
