/// All objects that names are made of, as one value with one writer, indexed as the schema asks for them.
package struct RegistryState: Sendable {
    package private(set) var services: [NamespacedName: Service] = [:]
    package private(set) var namespaces: Set<String> = []
    package private(set) var pods: [NamespacedName: Pod] = [:]
    /// The slices of each Service, mirrored Endpoints included, keyed by the object they come from.
    package private(set) var slices: [NamespacedName: [ObjectKey: [EndpointSlice]]] = [:]
    /// The Service that each slice object counts for, to find it again when the label changes or the slice goes.
    private var sliceOwners: [ObjectKey: NamespacedName] = [:]

    package init() {}

    /// What a change may have altered: the names of these objects are to be made anew.
    package struct Touched: Sendable {
        package var services: Set<NamespacedName> = []
        package var namespaces: Set<String> = []
        package var pods: Set<NamespacedName> = []

        package init() {}

        package var isEmpty: Bool { services.isEmpty && namespaces.isEmpty && pods.isEmpty }
    }

    /// Takes one change; `touched` gains whatever it may have altered, nothing where all is as before.
    package mutating func apply(_ change: ObjectChange, touched: inout Touched) {
        switch change {
        case .put(.service(let service)):
            guard services[service.metadata.id] != service else { return }
            services[service.metadata.id] = service
            touched.services.insert(service.metadata.id)
        case .put(.namespace(let namespace)):
            if namespaces.insert(namespace.metadata.name).inserted {
                touched.namespaces.insert(namespace.metadata.name)
            }
        case .put(.pod(let pod)):
            guard pods[pod.metadata.id] != pod else { return }
            pods[pod.metadata.id] = pod
            touched.pods.insert(pod.metadata.id)
        case .put(.endpointSlice(let slice)):
            setSlices([slice], of: change.key, for: slice.service, touched: &touched)
        case .put(.endpoints(let endpoints)):
            setSlices(endpoints.mirrored(), of: change.key, for: endpoints.metadata.id, touched: &touched)
        case .put(.other):
            // Nothing that names are made of.
            break
        case .delete(let key):
            remove(key, touched: &touched)
        }
    }

    /// Replaces everything by the objects of a snapshot; touches what goes, stays and comes.
    package mutating func replace(by objects: [RegistryObject], touched: inout Touched) {
        touched.services.formUnion(services.keys)
        touched.services.formUnion(slices.keys)
        touched.namespaces.formUnion(namespaces)
        touched.pods.formUnion(pods.keys)
        self = RegistryState()
        for object in objects {
            apply(.put(object), touched: &touched)
        }
    }

    /// The slices of a Service in an order that does not depend on the order of their arrival.
    ///
    /// Those of its Endpoints object count only where there are no others: controllers write both of the same endpoints.
    package func slices(of service: NamespacedName) -> [EndpointSlice] {
        guard var parts = slices[service] else { return [] }
        if parts.count > 1, parts.keys.contains(where: { $0.kind == .endpointSlice }) {
            parts = parts.filter { $0.key.kind == .endpointSlice }
        }
        if parts.count == 1, let only = parts.first { return only.value }
        return parts.sorted { $0.key < $1.key }.flatMap(\.value)
    }

    private mutating func remove(_ key: ObjectKey, touched: inout Touched) {
        switch key.kind {
        case .service:
            services[key.id] = nil
            touched.services.insert(key.id)
        case .namespace:
            namespaces.remove(key.id.name)
            touched.namespaces.insert(key.id.name)
        case .pod:
            pods[key.id] = nil
            touched.pods.insert(key.id)
        case .endpointSlice, .endpoints:
            setSlices([], of: key, for: nil, touched: &touched)
        case .node, .event, .ipAddress, .serviceCIDR, .lease:
            break
        }
    }

    private mutating func setSlices(
        _ parts: [EndpointSlice], of key: ObjectKey, for owner: NamespacedName?, touched: inout Touched
    ) {
        if let former = sliceOwners[key], former != owner {
            slices[former]?[key] = nil
            if slices[former]?.isEmpty == true { slices[former] = nil }
            sliceOwners[key] = nil
            touched.services.insert(former)
        }
        guard let owner, slices[owner]?[key] != parts else { return }
        slices[owner, default: [:]][key] = parts
        sliceOwners[key] = owner
        touched.services.insert(owner)
    }
}

extension ObjectChange {
    /// The object that the change is about.
    package var key: ObjectKey {
        switch self {
        case .put(let object): object.key
        case .delete(let key): key
        }
    }
}
