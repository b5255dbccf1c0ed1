import Registry

/// What tells one state of an object from another, in eight bytes: objects that are equal have the same one.
///
/// Keyed anew in each process (SipHash), so nobody outside can choose two states that have the same; by chance two have
/// it once in 2^64 changes, and then the older state is answered until the next change or list of the object.
struct ObjectDigest: Hashable, Sendable {
    private let value: Int

    init(_ object: DiscoveryObject) {
        var hasher = Hasher()
        switch object {
        case .namespace(let name): hasher.combine(name)
        case .service(let service), .serviceImport(let service): hasher.combine(service)
        case .endpointSlice(let slice): Self.combine(slice, &hasher)
        case .endpoints(let id, let slices):
            hasher.combine(id)
            for slice in slices { Self.combine(slice, &hasher) }
        case .pod(let pod): hasher.combine(pod)
        }
        value = hasher.finalize()
    }

    /// All that takes part in equality; the hash value of a slice leaves out what rarely tells slices apart.
    private static func combine(_ slice: DiscoverySlice, _ hasher: inout Hasher) {
        hasher.combine(slice)
        hasher.combine(slice.importedService)
        hasher.combine(slice.sourceCluster)
        hasher.combine(slice.ports)
    }
}
