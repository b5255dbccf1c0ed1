/// An object as a store keeps it: the key, the version and the whole document as JSON.
package struct ObjectRecord: Hashable, Sendable {
    package let key: ObjectKey
    package let uid: String
    /// The version of its last change.
    package let version: ResourceVersion
    /// The document as `JSONText` writes it, `apiVersion`, `kind` and all of `metadata` included.
    package let text: String

    package init(key: ObjectKey, uid: String, version: ResourceVersion, text: String) {
        self.key = key
        self.uid = uid
        self.version = version
        self.text = text
    }

    /// The document as a tree; throws where the store has kept what is no JSON.
    package func document() throws(JSONText.Malformed) -> JSONValue { try JSONText.value(of: text) }
}

/// What selectors see of a document: its labels and the fields that a field selector may name.
package struct SelectableFields: Hashable, Sendable {
    package let labels: [String: String]
    /// By the path in a selector (`spec.clusterIP`); an absent field is an empty text.
    package let fields: [String: String]

    package init(labels: [String: String], fields: [String: String]) {
        self.labels = labels
        self.fields = fields
    }

    package init(of document: JSONValue, kind: ObjectKind) {
        var labels: [String: String] = [:]
        if case .object(let members)? = document["metadata"]?["labels"] {
            for (key, value) in members { labels[key] = value.string ?? "" }
        }
        var fields: [String: String] = [:]
        for path in kind.selectablePaths {
            var value: JSONValue? = document
            for member in path.split(separator: ".") { value = value?[String(member)] }
            switch value {
            case .string(let text)?: fields[path] = text
            case .bool(let flag)?: fields[path] = flag ? "true" : "false"
            case .integer(let number)?: fields[path] = "\(number)"
            default: fields[path] = kind.booleanPaths.contains(path) ? "false" : ""
            }
        }
        self.labels = labels
        self.fields = fields
    }
}

extension ObjectKind {
    /// The fields that a field selector may name, as Kubernetes allows them for this kind.
    package var selectablePaths: [String] {
        let metadata = isNamespaced ? ["metadata.name", "metadata.namespace"] : ["metadata.name"]
        return metadata
            + {
                switch self {
                case .service: ["spec.clusterIP", "spec.type"]
                case .pod:
                    [
                        "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName",
                        "spec.hostNetwork", "status.phase", "status.podIP", "status.nominatedNodeName",
                    ]
                case .node: ["spec.unschedulable"]
                case .namespace: ["status.phase"]
                case .event:
                    [
                        "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
                        "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath",
                        "reason", "reportingComponent", "source", "type",
                    ]
                case .ipAddress:
                    [
                        "spec.parentRef.group", "spec.parentRef.resource", "spec.parentRef.namespace",
                        "spec.parentRef.name",
                    ]
                case .endpointSlice, .endpoints, .serviceCIDR, .lease: []
                }
            }()
    }

    /// Those of the selectable fields that are flags: absent stands for false.
    fileprivate var booleanPaths: Set<String> {
        switch self {
        case .pod: ["spec.hostNetwork"]
        case .node: ["spec.unschedulable"]
        default: []
        }
    }
}
