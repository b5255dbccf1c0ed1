/// An object as a feeder hands it over: read, the whole document beside it, and where it comes from.
package struct SuppliedObject: Hashable, Sendable {
    package let object: RegistryObject
    /// The document with all its fields, those unknown to `object` as well.
    package let document: JSONValue
    /// Where the object stands, for messages: a file, an API client.
    package let origin: String

    package init(object: RegistryObject, document: JSONValue, origin: String) {
        self.object = object
        self.document = document
        self.origin = origin
    }
}

/// What became of one batch of objects.
package struct ApplyReport: Hashable, Sendable {
    /// An object that was not taken as it was supplied.
    package struct Failure: Hashable, Sendable {
        package let key: ObjectKey
        /// One sentence.
        package let reason: String
        /// Whether another feeder has the object, which may give it up.
        package let isForeign: Bool

        package init(key: ObjectKey, reason: String, isForeign: Bool = false) {
            self.key = key
            self.reason = reason
            self.isForeign = isForeign
        }
    }

    /// The registry's version behind the batch.
    package var version: ResourceVersion
    package var created = 0
    package var updated = 0
    package var deleted = 0
    package var unchanged = 0
    /// The Services of the batch that have not got what they ask for; they are listed as pending and tried again.
    package var failures: [Failure] = []
    /// Services, of this batch or an earlier one, that were pending and now have their addresses.
    package var resolved: [NamespacedName] = []

    package init(version: ResourceVersion) {
        self.version = version
    }
}
