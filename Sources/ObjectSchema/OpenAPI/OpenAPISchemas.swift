import Registry

/// The schemas of the types that some kinds are made of.
struct OpenAPISchemas {
    /// Names of what Kubernetes has types of its own for.
    enum Name {
        static let quantity = "io.k8s.apimachinery.pkg.api.resource.Quantity"
        static let intOrString = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"
        static let time = "io.k8s.apimachinery.pkg.apis.meta.v1.Time"
        static let microTime = "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime"
        static let fields = "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1"
        static let patch = "io.k8s.apimachinery.pkg.apis.meta.v1.Patch"

        /// Of the list of a kind, which is no type of the table: `io.k8s.api.core.v1.ServiceList`.
        static func list(of kind: ObjectKind, in schema: Schema) -> String? {
            schema.type(of: kind).map { "\($0.openAPIName)List" }
        }
    }

    let schema: Schema
    /// By name.
    private(set) var schemas: [String: JSONValue] = [:]

    init(schema: Schema, kinds: [ObjectKind]) {
        self.schema = schema
        schemas = Self.simple
        for kind in kinds {
            guard let type = schema.type(of: kind) else { continue }
            add(type, kind: kind)
            if let name = Name.list(of: kind, in: schema) { schemas[name] = list(of: kind, elements: type) }
        }
        for name in ["ListMeta", "DeleteOptions"] {
            if let type = schema[name] { add(type) }
        }
    }

    static func reference(_ name: String) -> JSONValue {
        .object(["$ref": .string("#/components/schemas/\(name)")])
    }

    /// `x-kubernetes-group-version-kind` of a kind or of what comes with it.
    static func identity(_ kind: ObjectKind, name: String? = nil) -> JSONValue {
        .object([
            "group": .string(kind.group), "version": .string(kind.version), "kind": .string(name ?? kind.rawValue),
        ])
    }

    private mutating func add(_ type: SchemaType, kind: ObjectKind? = nil) {
        guard schemas[type.openAPIName] == nil else { return }
        var members: [String: JSONValue] = [
            "type": .string("object"),
            "properties": .object(
                Dictionary(type.fields.map { ($0.name, property($0)) }) { first, _ in first }),
        ]
        if !type.description.isEmpty { members["description"] = .string(type.description) }
        let required = type.fields.filter(\.isRequired).map(\.name)
        if !required.isEmpty { members["required"] = .strings(required) }
        if type.isAtomic { members["x-kubernetes-map-type"] = .string("atomic") }
        if let kind { members["x-kubernetes-group-version-kind"] = .array([Self.identity(kind)]) }
        schemas[type.openAPIName] = .object(members)
        for field in type.fields {
            guard let name = field.shape.typeName, let other = schema[name] else { continue }
            add(other)
        }
    }

    private func list(of kind: ObjectKind, elements: SchemaType) -> JSONValue {
        var properties: [String: JSONValue] = [
            "items": .object([
                "type": .string("array"), "items": Self.reference(elements.openAPIName),
                "description": .string("The objects, in the order of their names."),
            ])
        ]
        for name in ["apiVersion", "kind"] { properties[name] = elements.field(name).map(property) }
        if let metadata = schema["ListMeta"] { properties["metadata"] = Self.reference(metadata.openAPIName) }
        return .object([
            "type": .string("object"), "description": .string("Objects of the kind \(kind.rawValue)."),
            "properties": .object(properties), "required": .strings(["items"]),
            "x-kubernetes-group-version-kind": .array([Self.identity(kind, name: "\(kind.rawValue)List")]),
        ])
    }
}

// MARK: Fields

extension OpenAPISchemas {
    private func property(_ field: SchemaField) -> JSONValue {
        var extras: [String: JSONValue] = [:]
        if !field.description.isEmpty { extras["description"] = .string(field.description) }
        if !field.isPointer, let value = field.shape.defaultValue {
            // Scalars have a default only where they are always there.
            if case .object = value { extras["default"] = value } else if field.isRequired { extras["default"] = value }
        }
        switch field.patchStrategy {
        case .merge(let key)?: extras.setPatch("merge", key: key)
        case .mergeSet?: extras.setPatch("merge")
        case .replace?: extras.setPatch("replace")
        case .retainKeys?: extras.setPatch("retainKeys")
        case .mergeRetainingKeys(let key)?: extras.setPatch("merge,retainKeys", key: key)
        case nil: break
        }
        if case .list = field.shape {
            switch field.listKind {
            case .atomic:
                extras["x-kubernetes-list-type"] = .string("atomic")
            case .set:
                extras["x-kubernetes-list-type"] = .string("set")
            case .map(let keys):
                extras["x-kubernetes-list-type"] = .string("map")
                extras["x-kubernetes-list-map-keys"] = .strings(keys)
            }
        }
        if field.isAtomic { extras["x-kubernetes-map-type"] = .string("atomic") }
        return form(field.shape, extras)
    }

    /// The schema of a shape; a reference with anything beside it stands in an `allOf` (OpenAPI 3.0.0, "Reference
    /// Object").
    private func form(_ shape: SchemaShape, _ extras: [String: JSONValue]) -> JSONValue {
        var members = extras
        switch shape {
        case .string: members["type"] = .string("string")
        case .boolean: members["type"] = .string("boolean")
        case .int32, .int64:
            members["type"] = .string("integer")
            members["format"] = .string(shape == .int32 ? "int32" : "int64")
        case .list(let element):
            members["type"] = .string("array")
            members["items"] = form(element, element.defaultValue.map { ["default": $0] } ?? [:])
        case .map(let element):
            members["type"] = .string("object")
            members["additionalProperties"] = form(element, element.defaultValue.map { ["default": $0] } ?? [:])
        case .quantity, .time, .microTime, .intOrString, .anyObject, .object:
            let reference = Self.reference(referenceName(of: shape))
            guard !members.isEmpty else { return reference }
            members["allOf"] = .array([reference])
        }
        return .object(members)
    }

    private func referenceName(of shape: SchemaShape) -> String {
        switch shape {
        case .quantity: Name.quantity
        case .time: Name.time
        case .microTime: Name.microTime
        case .intOrString: Name.intOrString
        case .object(let name): schema[name]?.openAPIName ?? Name.fields
        default: Name.fields
        }
    }

    private static let simple: [String: JSONValue] = [
        Name.quantity: .object([
            "description": .string(
                "An amount in decimal notation with a suffix: m for thousandths; k, M, G, T, P, E for powers of 1000; "
                    + "Ki, Mi, Gi, Ti, Pi, Ei for powers of 1024; or an exponent, as in 1e3."),
            "oneOf": .array([.object(["type": .string("string")]), .object(["type": .string("number")])]),
        ]),
        Name.intOrString: .object([
            "description": .string("A number or a text: a port by its number or by its name."),
            "format": .string("int-or-string"),
            "oneOf": .array([.object(["type": .string("integer")]), .object(["type": .string("string")])]),
        ]),
        Name.time: .object([
            "description": .string("An instant to the second (RFC 3339)."), "type": .string("string"),
            "format": .string("date-time"),
        ]),
        Name.microTime: .object([
            "description": .string("An instant to the microsecond (RFC 3339)."), "type": .string("string"),
            "format": .string("date-time"),
        ]),
        Name.fields: .object([
            "description": .string(
                "A set of fields as nested members: f:NAME for a field, k:KEYS for the element of a list with these "
                    + "keys, v:VALUE for an element that is this value."),
            "type": .string("object"),
        ]),
        Name.patch: .object([
            "description": .string("What a patch holds follows from its media type."), "type": .string("object"),
        ]),
    ]
}

extension [String: JSONValue] {
    fileprivate mutating func setPatch(_ strategy: String, key: String? = nil) {
        self["x-kubernetes-patch-strategy"] = .string(strategy)
        self["x-kubernetes-patch-merge-key"] = key.map(JSONValue.string)
    }
}

extension SchemaShape {
    /// The type whose objects stand in a field, by themselves or as elements.
    var typeName: String? {
        switch self {
        case .object(let name): name
        case .list(let element), .map(let element): element.typeName
        default: nil
        }
    }

    /// The value that a member has where nothing is said about it.
    fileprivate var defaultValue: JSONValue? {
        switch self {
        case .string: .string("")
        case .boolean: .bool(false)
        case .int32, .int64: .integer(0)
        case .object: .object([:])
        default: nil
        }
    }
}
