// What names are made of, in a form that holds a whole cluster in little memory.
//
// The contract between a source of objects and the zone that reads it:
//
// - A `DiscoverySelection` says what the reader wants: which kinds, which Namespaces, which labels, what endpoints are
//   called. A source may leave the selecting to the API server or do it itself; the reader does not select again. An
//   object that ceases to match is told as deleted.
// - Objects are made by `DiscoveryService.init`, `DiscoverySlice.Builder` and `DiscoveryPod.init`, field by field as
//   they are decoded, or from the registry's full types by `DiscoveryChange.init`. What names do not show is left out
//   when they are made, so that objects that look alike to DNS are equal.
// - A list of a kind stands between `snapshotBegins` and `snapshotEnds` of that kind, in as many `changes` as the
//   source likes: a page each, so that nobody holds the whole list. At the end, objects of the kind that were known
//   before and not told of since the beginning are gone; the others stay as they are, and their names are not touched.
//   A list that breaks off begins anew with another `snapshotBegins`. Kinds are listed independently of each other, at
//   the same time or not, and again alone after an outage of their watch.
// - Changes of a kind may come between the two, too: from a watch that begins before its list has been told to the end.
// - A kind's names are complete once its first `snapshotEnds` has come; until then the reader denies nothing.

/// A kind of object that names are made of.
package enum DiscoveryKind: UInt8, Hashable, Sendable, CaseIterable {
    case namespace
    case service
    /// EndpointSlice of discovery.k8s.io/v1.
    case endpointSlice
    /// Endpoints of core/v1, which count where their Service has no slice.
    case endpoints
    case pod
    /// ServiceImport of multicluster.x-k8s.io/v1alpha1 (KEP-1645).
    case serviceImport
}

/// What tells an object apart from all others that names are made of; a Namespace's has an empty namespace.
package struct DiscoveryKey: Hashable, Sendable {
    package let kind: DiscoveryKind
    package let id: NamespacedName

    package init(_ kind: DiscoveryKind, _ id: NamespacedName) {
        self.kind = kind
        self.id = id
    }
}

/// An object that names are made of, reduced to what they show.
package enum DiscoveryObject: Hashable, Sendable {
    /// A Namespace by its name.
    case namespace(String)
    case service(DiscoveryService)
    case endpointSlice(DiscoverySlice)
    /// The Service's name, and a slice for each subset and address family.
    case endpoints(NamespacedName, [DiscoverySlice])
    case pod(DiscoveryPod)
    /// A Service that spans clusters; its slices name it by `importedService`.
    case serviceImport(DiscoveryService)

    package var key: DiscoveryKey {
        switch self {
        case .namespace(let name): DiscoveryKey(.namespace, NamespacedName(namespace: "", name: name))
        case .service(let service): DiscoveryKey(.service, service.id)
        case .endpointSlice(let slice): DiscoveryKey(.endpointSlice, slice.id)
        case .endpoints(let id, _): DiscoveryKey(.endpoints, id)
        case .pod(let pod): DiscoveryKey(.pod, pod.id)
        case .serviceImport(let service): DiscoveryKey(.serviceImport, service.id)
        }
    }
}

/// One object as it is now, or gone.
package enum DiscoveryChange: Hashable, Sendable {
    case put(DiscoveryObject)
    case delete(DiscoveryKey)

    /// The object that the change is about.
    package var key: DiscoveryKey {
        switch self {
        case .put(let object): object.key
        case .delete(let key): key
        }
    }
}

/// What a source tells of objects; see the contract at the top of this file.
package enum DiscoveryEvent: Hashable, Sendable {
    /// Lists of these kinds begin.
    case snapshotBegins(Set<DiscoveryKind>)
    /// Changes in their order; names follow all of them at once.
    case changes([DiscoveryChange])
    /// The lists are complete: what has not been told of since they began is gone.
    case snapshotEnds(Set<DiscoveryKind>)
}

/// Where the objects come from that names are made of.
package protocol DiscoverySource: Sendable {
    /// Lists of all kinds selected, and what changes after them, until the caller stops reading.
    func events(of selection: DiscoverySelection) async throws -> AsyncThrowingStream<DiscoveryEvent, any Error>
}
