import Registry

/// A port of a slice or of a subset of Endpoints.
struct SlicePort: Hashable, Sendable {
    /// Empty for a port without a name.
    let name: String
    let transport: String
    /// nil stands for all ports.
    let number: Int?
    let appProtocol: String?

    init(name: String, transport: String, number: Int?, appProtocol: String? = nil) {
        self.name = name
        self.transport = transport
        self.number = number
        self.appProtocol = appProtocol
    }
}

/// An endpoint of a slice that a controller keeps.
struct SliceEndpoint: Hashable, Sendable {
    /// What the endpoint stands for (`targetRef`).
    struct Target: Hashable, Sendable {
        var kind: String
        var namespace: String
        var name: String
        var uid: String
    }

    var addresses: [String]
    var isReady: Bool?
    var isServing: Bool?
    var isTerminating: Bool?
    var hostname = ""
    var nodeName = ""
    var zone = ""
    var target: Target?
    /// Where traffic should come from (`hints`).
    var hintedZones: [String] = []
    var hintedNodes: [String] = []

    /// What makes it the same endpoint, however its conditions change.
    struct Identity: Hashable, Sendable {
        let addresses: [String]
        let hostname: String
        let targetNamespace: String
        let targetName: String
    }

    var identity: Identity {
        Identity(
            addresses: addresses, hostname: hostname, targetNamespace: target?.namespace ?? "",
            targetName: target?.name ?? "")
    }
}

/// A slice that a controller keeps, as it is stored.
struct ManagedSlice: Hashable, Sendable {
    let name: String
    let version: ResourceVersion
    let labels: [String: String]
    let annotations: [String: String]
    /// The uid of the owner that controls it; empty where there is none.
    let ownerUID: String
    /// `IPv4` or `IPv6`; others are no controller's.
    let addressType: String
    let ports: [SlicePort]
    let endpoints: [SliceEndpoint]
}

/// What a slice is to say.
struct SliceContent: Hashable, Sendable {
    var labels: [String: String]
    /// For mirrored slices all annotations; nil leaves those of the slice.
    var annotations: [String: String]?
    var addressType: IPFamily
    var ports: [SlicePort]
    var endpoints: [SliceEndpoint]
}

/// The changes that bring the slices of an object to what they should be.
struct SliceChanges: Hashable, Sendable {
    struct Update: Hashable, Sendable {
        let slice: ManagedSlice
        let content: SliceContent
    }

    var creates: [SliceContent] = []
    var updates: [Update] = []
    var deletes: [ManagedSlice] = []

    var isEmpty: Bool { creates.isEmpty && updates.isEmpty && deletes.isEmpty }

    /// Turns new slices into changes of those that would go, which keep their names.
    mutating func recycle(ownerUID: String) {
        var kept: [ManagedSlice] = []
        for slice in deletes {
            let match = creates.lastIndex { $0.addressType.rawValue == slice.addressType }
            if let match, slice.ownerUID == ownerUID {
                updates.append(Update(slice: slice, content: creates.remove(at: match)))
            } else {
                kept.append(slice)
            }
        }
        deletes = kept
    }
}
