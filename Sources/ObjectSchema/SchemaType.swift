/// A message type of the Kubernetes API: the fields of one kind of object, or of a part of one.
///
/// One table serves everything that must know fields: strict reading, protobuf, OpenAPI, patches, field ownership.
package final class SchemaType: Sendable {
    /// Without its group: `ServiceSpec`. Unique in a `Schema`.
    package let name: String
    /// The name in OpenAPI documents: `io.k8s.api.core.v1.ServiceSpec`.
    package let openAPIName: String
    /// In the order of the table.
    package let fields: [SchemaField]
    package let description: String
    /// A server-side apply owns the whole of it or nothing (`x-kubernetes-map-type: atomic`).
    package let isAtomic: Bool
    private let byName: [String: SchemaField]
    /// The fields that stand in the message itself, by their numbers.
    private let byNumber: [Int: SchemaField]
    /// The fields that protobuf keeps in a message of their own, by its number and theirs.
    private let byEnclosure: [Int: [Int: SchemaField]]

    package init(
        name: String, openAPIName: String, fields: [SchemaField], description: String = "", isAtomic: Bool = false
    ) {
        self.name = name
        self.openAPIName = openAPIName
        self.fields = fields
        self.description = description
        self.isAtomic = isAtomic
        byName = Dictionary(fields.map { ($0.name, $0) }) { first, _ in first }
        byNumber = Dictionary(fields.filter { $0.enclosure == nil }.map { ($0.number, $0) }) { first, _ in first }
        byEnclosure = Dictionary(grouping: fields.filter { $0.enclosure != nil }) { $0.enclosure ?? 0 }
            .mapValues { fields in Dictionary(fields.map { ($0.number, $0) }) { first, _ in first } }
    }

    package func field(_ name: String) -> SchemaField? { byName[name] }

    /// What a number on the wire stands for.
    enum Member {
        case field(SchemaField)
        /// A message whose fields are members of this type in JSON.
        case enclosure([Int: SchemaField])
    }

    func member(number: Int) -> Member? {
        byNumber[number].map(Member.field) ?? byEnclosure[number].map(Member.enclosure)
    }

    /// The name of the type in Kubernetes' own sources, which stands in messages: `v1.ServiceSpec`.
    var sourceName: String { "v1.\(shortSourceName)" }

    /// Without its package: `ServiceSpec`.
    var shortSourceName: String { openAPIName.split(separator: ".").last.map(String.init) ?? name }
}

/// One field of a message type.
package struct SchemaField: Hashable, Sendable {
    /// How a strategic merge patch treats a list or an object; nil replaces it (lists) or merges members (objects).
    package enum PatchStrategy: Hashable, Sendable {
        /// Elements are objects with the same value of the key.
        case merge(key: String)
        /// Elements are scalars, each there once.
        case mergeSet
        case replace
        case retainKeys
        case mergeRetainingKeys(key: String)
    }

    /// How a server-side apply treats a list (`x-kubernetes-list-type`).
    package enum ListKind: Hashable, Sendable {
        case atomic
        case set
        case map(keys: [String])
    }

    package let name: String
    /// The field number of protobuf; 0 for `apiVersion` and `kind`, which it keeps outside the object.
    package let number: Int
    /// The number of the message in which protobuf keeps the field, where JSON has it among the others.
    package let enclosure: Int?
    package let shape: SchemaShape
    /// The name that Kubernetes' own sources give to a text with few values, which stands in messages: `v1.Protocol`.
    package let valueName: String?
    /// An optional of Go: a zero value on the wire is a value. Without it zero values mean that the field is absent.
    package let isPointer: Bool
    package let isRequired: Bool
    package let patchStrategy: PatchStrategy?
    /// For lists; atomic unless told otherwise.
    package let listKind: ListKind
    /// For maps and objects: a server-side apply owns the whole of it (`x-kubernetes-map-type: atomic`).
    package let isAtomic: Bool
    package let description: String

    package init(
        _ name: String, number: Int, enclosure: Int? = nil, _ shape: SchemaShape, valueName: String? = nil,
        isPointer: Bool = false, isRequired: Bool = false, patchStrategy: PatchStrategy? = nil,
        listKind: ListKind = .atomic, isAtomic: Bool = false, description: String = ""
    ) {
        self.name = name
        self.number = number
        self.enclosure = enclosure
        self.shape = shape
        self.valueName = valueName
        self.isPointer = isPointer
        self.isRequired = isRequired
        self.patchStrategy = patchStrategy
        self.listKind = listKind
        self.isAtomic = isAtomic
        self.description = description
    }
}

/// What stands in a field.
package indirect enum SchemaShape: Hashable, Sendable {
    case string
    case boolean
    case int32
    case int64
    /// `100m`, `1Gi`: a text in JSON, though numbers are taken too.
    case quantity
    /// RFC 3339 to the second in JSON; seconds and nanoseconds in protobuf.
    case time
    /// RFC 3339 with six digits behind the second.
    case microTime
    case intOrString
    /// Any JSON (`FieldsV1`).
    case anyObject
    /// A message type, by its name in the `Schema`.
    case object(String)
    case list(SchemaShape)
    /// Keys are strings.
    case map(SchemaShape)
}
