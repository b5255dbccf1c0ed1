/// Where a manifest feeder hands its objects over: the registry's store, or a recorder in tests.
package protocol ManifestSink: Sendable {
    /// Makes `objects` all that there is of this feeder, in one transaction, and reports those that it could not take.
    func replaceAll(_ objects: [SuppliedObject], feeder: String) throws -> ApplyReport

    /// Writes and removes single objects of this feeder, in one transaction, deletes before puts.
    ///
    /// - Parameter needed: what the puts live in: put as well, before them, where it is not there.
    func apply(
        puts: [SuppliedObject], deletes: [ObjectKey], needing needed: [SuppliedObject], feeder: String
    ) throws -> ApplyReport

    /// What there is of this feeder, from an earlier run; asked for where a file does not say any more what it held.
    func supplied(by feeder: String) throws -> [SuppliedObject]
}

extension ManifestSink {
    /// The same of objects that need nothing else.
    package func apply(puts: [SuppliedObject], deletes: [ObjectKey], feeder: String) throws -> ApplyReport {
        try apply(puts: puts, deletes: deletes, needing: [], feeder: feeder)
    }

    /// Nothing, as of a sink that forgets.
    package func supplied(by feeder: String) throws -> [SuppliedObject] { [] }
}
