import Registry

/// What the endpoints controllers know of the registry, kept in step with its changes, and what each change makes due.
struct EndpointsState {
    /// Slices that somebody else has changed wait for this long, in milliseconds, so that a whole set of them is seen.
    static let tamperingDelay: Int64 = 1000

    /// An Endpoints object, as far as it matters whether it is to be written.
    struct KnownEndpoints {
        let uid: String
        let version: ResourceVersion
        /// Of those that a controller made; 0 for all others.
        let digest: Int
        let isMirrored: Bool
        /// Whether a controller made it of a Service's Pods.
        let isOwn: Bool
    }

    private struct SlicePlace {
        let service: NamespacedName
        let isMirror: Bool
        let version: ResourceVersion

        var item: WorkItem { isMirror ? .mirror(service) : .service(service) }
    }

    private(set) var services = ServiceIndex()
    private(set) var pods = PodIndex()
    private(set) var nodes = NodeZones()
    private(set) var endpoints: [NamespacedName: KnownEndpoints] = [:]
    private var slices: [NamespacedName: [String: ManagedSlice]] = [:]
    private var mirrors: [NamespacedName: [String: ManagedSlice]] = [:]
    private var places: [NamespacedName: SlicePlace] = [:]
    private var triggerTimes: [NamespacedName: TriggerTimes] = [:]
    /// Services that were seen to be removed: their Endpoints go with them.
    private var departed: Set<NamespacedName> = []
    /// How many Services were looked at to find those of changed Pods.
    private(set) var examinedServices = 0

    /// Takes an object in and plans what follows from it.
    mutating func observe(
        _ object: ObservedObject, from origin: ObservedObject.Origin, queue: inout WorkQueue, now: Timestamp
    ) throws {
        switch object.key.kind {
        case .service: try observeService(object, &queue, now)
        case .pod: try observePod(object, &queue, now)
        case .node: try observeNode(object, &queue, now)
        case .endpoints: try observeEndpoints(object, from: origin, &queue, now)
        case .endpointSlice: try observeSlice(object, from: origin, &queue, now)
        case .namespace, .event, .ipAddress, .serviceCIDR, .lease: break
        }
    }

    // MARK: Services, Pods and nodes

    private mutating func observeService(_ object: ObservedObject, _ queue: inout WorkQueue, _ now: Timestamp) throws {
        let id = object.id
        let former = services[id]
        if object.isDeleted {
            services.remove(id)
            triggerTimes[id] = nil
            if former != nil { departed.insert(id) }
            queue.add(.service(id), at: now)
        } else {
            let service = EndpointService(try object.document(), id: id)
            departed.remove(id)
            guard service != former else { return }
            services.set(service)
            if service.selectsPods || former?.selectsPods == true { queue.add(.service(id), at: now) }
        }
        if endpoints[id]?.isMirrored == true || mirrors[id] != nil { queue.add(.mirror(id), at: now) }
    }

    private mutating func observePod(_ object: ObservedObject, _ queue: inout WorkQueue, _ now: Timestamp) throws {
        let former = pods[object.id]
        let pod = object.isDeleted ? nil : EndpointPod(try object.document(), id: object.id)
        guard pod != former else { return }
        if let pod { pods.set(pod) } else { pods.remove(object.id) }
        if let former { markServices(of: former.labels, in: object.id.namespace, &queue, now) }
        if let pod, pod.labels != former?.labels { markServices(of: pod.labels, in: object.id.namespace, &queue, now) }
    }

    private mutating func markServices(
        of labels: [String: String], in namespace: String, _ queue: inout WorkQueue, _ now: Timestamp
    ) {
        let (selecting, examined) = services.selecting(labels, in: namespace)
        examinedServices += examined
        for id in selecting { queue.add(.service(id), at: now) }
    }

    private mutating func observeNode(_ object: ObservedObject, _ queue: inout WorkQueue, _ now: Timestamp) throws {
        let zone = object.isDeleted ? nil : try object.labels()[ControllerLabels.zone] ?? ""
        guard nodes.set(object.id.name, zone: zone) else { return }
        for pod in pods.pods(on: object.id.name) { markServices(of: pod.labels, in: pod.id.namespace, &queue, now) }
    }

    // MARK: What the controllers write

    private mutating func observeEndpoints(
        _ object: ObservedObject, from origin: ObservedObject.Origin, _ queue: inout WorkQueue, _ now: Timestamp
    ) throws {
        let id = object.id
        if let known = endpoints[id], known.version >= object.record.version { return }
        if object.isDeleted {
            departed.remove(id)
            guard endpoints.removeValue(forKey: id) != nil else { return }
        } else {
            let document = try object.document()
            let metadata = document["metadata"] ?? .null
            let labels = metadata.textMap("labels")
            let isOwn = labels[ControllerLabels.managedByEndpoints] == ControllerLabels.endpointsController
            let digest =
                isOwn
                ? EndpointsObjectPlan.digest(
                    labels: labels, subsets: document.list("subsets").map { EndpointSubset($0) },
                    isTruncated: metadata.textMap("annotations")[ControllerLabels.overCapacity] != nil) : 0
            endpoints[id] = KnownEndpoints(
                uid: object.record.uid, version: object.record.version, digest: digest,
                isMirrored: MirrorPlan.isMirrored(metadata), isOwn: isOwn)
        }
        if services[id]?.selectsPods == true {
            let isTampered = origin == .change && !object.isDeleted
            let due = isTampered ? now.advanced(byMilliseconds: Self.tamperingDelay) : now
            if origin != .ownWrite { queue.add(.service(id), at: due) }
        } else if services[id] == nil, origin == .list, endpoints[id]?.isOwn == true {
            queue.add(.service(id), at: now)
        } else {
            queue.add(.mirror(id), at: now)
        }
    }

    private mutating func observeSlice(
        _ object: ObservedObject, from origin: ObservedObject.Origin, _ queue: inout WorkQueue, _ now: Timestamp
    ) throws {
        let former = places[object.id]
        // The controllers' own writes come again as changes.
        if let former, former.version >= object.record.version { return }
        let labels = object.isDeleted ? [:] : try object.labels()
        let place = Self.place(of: labels, in: object.id.namespace, version: object.record.version)
        guard former != nil || place != nil else { return }
        let due = origin == .change ? now.advanced(byMilliseconds: Self.tamperingDelay) : now
        if let former {
            setSlice(nil, named: object.id.name, at: former)
            places[object.id] = nil
            if origin == .change { queue.add(former.item, at: due) }
        }
        guard let place else { return }
        let slice = SliceDocument.slice(
            try object.document(), name: object.id.name, version: object.record.version)
        places[object.id] = place
        setSlice(slice, named: object.id.name, at: place)
        if origin != .ownWrite { queue.add(place.item, at: due) }
    }

    private static func place(
        of labels: [String: String], in namespace: String, version: ResourceVersion
    ) -> SlicePlace? {
        guard let name = labels[EndpointSlice.serviceNameLabel], !name.isEmpty else { return nil }
        let service = NamespacedName(namespace: namespace, name: name)
        switch labels[EndpointSlice.managedByLabel] {
        case ControllerLabels.sliceController:
            return SlicePlace(service: service, isMirror: false, version: version)
        case ControllerLabels.mirrorController:
            return SlicePlace(service: service, isMirror: true, version: version)
        default:
            return nil
        }
    }

    private mutating func setSlice(_ slice: ManagedSlice?, named name: String, at place: SlicePlace) {
        if place.isMirror {
            mirrors[place.service, default: [:]][name] = slice
            if mirrors[place.service]?.isEmpty == true { mirrors[place.service] = nil }
        } else {
            slices[place.service, default: [:]][name] = slice
            if slices[place.service]?.isEmpty == true { slices[place.service] = nil }
        }
    }

    // MARK: Plans

    /// What has to be written for a Service; nothing where all is as it should be.
    mutating func writes(forService id: NamespacedName, placesUnscheduledPods: Bool) -> [ObjectWrite] {
        guard let service = services[id] else {
            triggerTimes[id] = nil
            guard let known = endpoints[id] else {
                departed.remove(id)
                return []
            }
            return known.isOwn || departed.contains(id) ? [Self.removal(ofEndpoints: id)] : []
        }
        guard service.selectsPods else { return [] }
        let selected = pods.selected(by: service)
        let plan = EndpointSlicePlan(
            service: service, pods: selected, nodes: nodes, placesUnscheduledPods: placesUnscheduledPods)
        let changes = plan.changes(of: slices[id].map { Array($0.values) } ?? [])
        let object = EndpointsObjectPlan(service, pods: selected)
        let writesObject = endpoints[id]?.digest != object.digest && !service.isBeingDeleted
        let triggerTime = triggerTimes[id, default: TriggerTimes()].firstChange(of: service, pods: selected)
        guard !changes.isEmpty || writesObject else { return [] }
        let writer = SliceWriter(
            owner: ObjectKey(.service, id), ownerUID: service.uid, triggerTime: triggerTime)
        var writes = writer.writes(for: changes)
        if writesObject { writes.append(Self.write(object, of: service, triggerTime: triggerTime)) }
        return writes
    }

    /// What there is to do about Services that have Pods, and about Endpoints that are mirrored: what names have
    /// addresses of.
    var populated: [WorkItem] {
        services.services.values.filter { $0.selectsPods && !pods.selected(by: $0).isEmpty }.map { .service($0.id) }
            + endpoints.keys.filter(mirrorsEndpoints).map { .mirror($0) }
    }

    /// The slices that mirror the Endpoints of a name.
    func mirrors(of id: NamespacedName) -> [ManagedSlice] { mirrors[id].map { Array($0.values) } ?? [] }

    /// Whether hand-made Endpoints of a name are to be mirrored: only those of a Service that selects nothing.
    func mirrorsEndpoints(_ id: NamespacedName) -> Bool {
        endpoints[id]?.isMirrored == true && services[id]?.selector.isEmpty == true
    }

    private static func write(
        _ plan: EndpointsObjectPlan, of service: EndpointService, triggerTime: Timestamp?
    ) -> ObjectWrite {
        let (owner, uid) = (ObjectKey(.service, service.id), service.uid)
        return ObjectWrite(ObjectKey(.endpoints, service.id), feeder: RegistryControllers.feeder) {
            stored, transaction in
            guard try transaction.uid(of: owner) == uid,
                try !NamespaceRemoval.isUnderWay(of: owner.id.namespace, in: transaction)
            else { return .keep }
            return .put(plan.document(over: try stored?.document(), triggerTime: triggerTime))
        }
    }

    private static func removal(ofEndpoints id: NamespacedName) -> ObjectWrite {
        ObjectWrite(ObjectKey(.endpoints, id), feeder: RegistryControllers.feeder) { stored, transaction in
            // A Service that has come back in the meantime has its Endpoints back as well.
            guard let stored, try transaction.object(ObjectKey(.service, id)) == nil else { return .keep }
            return try ObjectRemoval.decision(for: stored, now: transaction.now)
        }
    }
}

extension EndpointsState {
    /// Whether an object is known to be there, so that nobody need look for it.
    func knows(_ key: ObjectKey, uid: String) -> Bool {
        switch key.kind {
        case .service: services[key.id]?.uid == uid
        case .endpoints: endpoints[key.id]?.uid == uid
        case .pod: pods[key.id]?.content.uid == uid
        default: false
        }
    }
}
