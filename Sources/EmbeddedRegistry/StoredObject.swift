import Registry

/// An object as the registry keeps it.
package struct StoredObject: Hashable, Sendable {
    package let object: RegistryObject
    /// The whole document, `metadata.uid`, `creationTimestamp` and `resourceVersion` included.
    package let document: JSONValue
    package let uid: String
    /// The version of its last change.
    package let version: ResourceVersion
    /// Who supplies the object; an object that its feeder no longer supplies goes.
    package let feeder: String
    /// Where the feeder has it from.
    package let origin: String

    package var key: ObjectKey { object.key }
}

/// One change of one object.
package struct StoredChange: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        case added
        case modified
        case deleted
    }

    package let kind: Kind
    package let version: ResourceVersion
    package let key: ObjectKey
    package let object: RegistryObject
    /// The document after the change; the last one of a deleted object, with the version of the deletion.
    package let document: JSONValue

    /// The change as readers of a `RegistrySource` see it.
    package var change: ObjectChange { kind == .deleted ? .delete(key) : .put(object) }
}
