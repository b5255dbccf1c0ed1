import Registry

/// Something that a controller has to look at; what is to be done follows from what is stored then.
enum WorkItem: Hashable, Sendable {
    /// The Namespaces and objects that every cluster has.
    case bootstrap
    /// A Service's slices and Endpoints.
    case service(NamespacedName)
    /// The slices that mirror a hand-made Endpoints object.
    case mirror(NamespacedName)
    /// A Namespace that is being removed.
    case namespace(String)
    /// An object that may have lost its owners.
    case dependent(ObjectKey)
    /// An object that is being removed and whose dependents are to go, or to be released, first.
    case owner(ObjectKey)
    /// A Pod that is being removed, at the end of its grace period.
    case pod(NamespacedName)
    /// An Event, at the end of its time.
    case event(NamespacedName)
    /// A registration, when its lease runs out, and when it is to be forgotten.
    case lease(NamespacedName)
}

extension WorkItem {
    /// How long an item that fails waits at most until it is tried again, in milliseconds.
    var maximumDelay: Int64 {
        switch self {
        // A cluster without these is none: they are back ten seconds after they can be.
        case .bootstrap: 10_000
        default: 1_000_000
        }
    }

    /// Whether an item is tried again without end.
    var isVital: Bool { self == .bootstrap }
}

extension WorkItem: CustomStringConvertible {
    var description: String {
        switch self {
        case .bootstrap: "the cluster's own objects"
        case .service(let id): "the endpoints of Service \(id)"
        case .mirror(let id): "the mirror of Endpoints \(id)"
        case .namespace(let name): "the removal of Namespace \(name)"
        case .dependent(let key): "the owners of \(key)"
        case .owner(let key): "the dependents of \(key)"
        case .pod(let id): "the removal of Pod \(id)"
        case .event(let id): "the age of Event \(id)"
        case .lease(let id): "the registration \(id)"
        }
    }
}
