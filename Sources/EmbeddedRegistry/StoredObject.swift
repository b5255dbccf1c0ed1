import Registry

/// An object as the registry keeps it.
package struct StoredObject: Hashable, Sendable {
    package let object: RegistryObject
    /// The whole document, `metadata.uid`, `creationTimestamp` and `resourceVersion` included.
    package let document: JSONValue
    package let record: ObjectRecord
    /// Who supplies the object; an object that its feeder no longer supplies goes.
    package let feeder: String
    /// Where the feeder has it from.
    package let origin: String

    package var key: ObjectKey { record.key }
    package var uid: String { record.uid }
    /// The version of its last change.
    package var version: ResourceVersion { record.version }
}
