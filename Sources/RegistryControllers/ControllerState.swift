import Registry

/// What all controllers know of the registry, and what they have to do.
struct ControllerState {
    let settings: ControllerSettings
    var queue = WorkQueue()
    var endpoints = EndpointsState()
    var owners = OwnerGraph()
    /// Namespaces that are being removed, each with how many objects are left in it: those that it had when it was
    /// looked at last, without those that have gone since.
    private var leavingNamespaces: [String: Int] = [:]
    /// How long a Namespace with something left in it is not looked at again, in milliseconds.
    static let removalDelay: Int64 = 1000
    /// The Lease of each registration.
    private(set) var registrations: [NamespacedName: Registration.Sight] = [:]

    init(settings: ControllerSettings) {
        self.settings = settings
    }

    /// Takes an object in and plans what follows from it.
    mutating func observe(_ object: ObservedObject, from origin: ObservedObject.Origin, now: Timestamp) throws {
        let key = object.key
        try endpoints.observe(object, from: origin, queue: &queue, now: now)
        let endpoints = endpoints
        let header = object.isDeleted ? nil : try ObjectHeader(of: object)
        owners.observe(object, header: header, queue: &queue, now: now) { endpoints.knows($0, uid: $1) }
        switch key.kind {
        case .namespace: observeNamespace(object, header, now)
        case .pod:
            if let end = header?.deletionTime {
                queue.move(.pod(key.id), to: end)
            } else {
                queue.remove(.pod(key.id))
            }
        case .event:
            // One that only finalizers hold is whoever's put them there.
            if object.isDeleted || header?.isBeingDeleted == true {
                queue.remove(.event(key.id))
            } else {
                queue.move(.event(key.id), to: EventExpiry.end(of: try object.document(), now: now))
            }
        case .lease: try observeLease(object, from: origin, now)
        case .endpointSlice: try observeRegisteredSlice(object, from: origin, now)
        case .service, .endpoints, .node, .ipAddress, .serviceCIDR: break
        }
        if origin == .change, ClusterBootstrap.concerns(key) { queue.add(.bootstrap, at: now) }
        if origin != .list { observeContent(of: key.id.namespace, object, header, origin, now) }
    }

    /// Notes what a Namespace has been found to hold.
    mutating func setContent(of namespace: String, count: Int) {
        if leavingNamespaces[namespace] != nil { leavingNamespaces[namespace] = count }
    }

    /// A Namespace that is being removed is looked at when nothing is left in it, or something new is; what is left is
    /// read as a whole, which is not done for each object that goes.
    private mutating func observeContent(
        of namespace: String, _ object: ObservedObject, _ header: ObjectHeader?, _ origin: ObservedObject.Origin,
        _ now: Timestamp
    ) {
        guard let left = leavingNamespaces[namespace] else { return }
        let isGone = object.isDeleted && origin == .change
        if isGone { leavingNamespaces[namespace] = left - 1 }
        let isNew = !object.isDeleted && header?.isBeingDeleted != true
        let isLast = isGone && left <= 1
        queue.add(.namespace(namespace), at: isNew || isLast ? now : now.advanced(byMilliseconds: Self.removalDelay))
    }

    /// Notes that nothing is left to do about an item for now.
    mutating func finish(_ item: WorkItem, now: Timestamp) {
        queue.succeed(item)
        guard case .lease(let id) = item, let sight = registrations[id], sight.end <= now else { return }
        let removal = Registration(id: id, sight: sight).removal
        if now < removal { queue.add(item, at: removal) } else { registrations[id] = nil }
    }

    /// Lets all Leases run as long as before, on a clock that has been set.
    ///
    /// - Parameter step: by how much, in milliseconds.
    mutating func moveRegistrations(by step: Int64, now: Timestamp) {
        let before = now.advanced(byMilliseconds: -step)
        for (id, sight) in registrations {
            let moved = Registration.Sight(end: sight.end.advanced(byMilliseconds: step), renewal: sight.renewal)
            registrations[id] = moved
            let isOver = sight.end <= before
            queue.move(.lease(id), to: isOver ? Registration(id: id, sight: moved).removal : moved.end)
        }
    }

    private mutating func observeNamespace(_ object: ObservedObject, _ header: ObjectHeader?, _ now: Timestamp) {
        let name = object.id.name
        if object.isDeleted {
            leavingNamespaces[name] = nil
            queue.remove(.namespace(name))
        } else if header?.isBeingDeleted == true {
            guard leavingNamespaces[name] == nil else { return }
            leavingNamespaces[name] = 0
            queue.add(.namespace(name), at: now)
        } else {
            leavingNamespaces[name] = nil
        }
    }

    private mutating func observeLease(
        _ object: ObservedObject, from origin: ObservedObject.Origin, _ now: Timestamp
    ) throws {
        let id = object.id
        let sight =
            object.isDeleted
            ? nil
            : Registration.Sight(
                of: try object.document(), isNews: origin == .change, after: registrations[id], now: now)
        if let sight {
            registrations[id] = sight
            queue.move(.lease(id), to: sight.end)
        } else if let former = registrations[id] {
            // A registration without a Lease counts as one that has just run out.
            registrations[id] = Registration.Sight(end: min(former.end, now), renewal: former.renewal)
            queue.add(.lease(id), at: now)
        }
    }

    private mutating func observeRegisteredSlice(
        _ object: ObservedObject, from origin: ObservedObject.Origin, _ now: Timestamp
    ) throws {
        let id = object.id
        guard !object.isDeleted, origin != .ownWrite,
            try object.labels()[EndpointSlice.leaseLabel] == id.name
        else { return }
        let sight = registrations[id] ?? Registration.Sight(end: now)
        registrations[id] = sight
        if sight.end <= now { queue.add(.lease(id), at: now) }
    }
}
