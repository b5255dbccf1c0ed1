import Registry

/// What endpoints are made for: the fields of a Service that its slices and Endpoints follow from.
struct EndpointService: Hashable, Sendable {
    struct Port: Hashable, Sendable {
        /// What a port of the Service leads to.
        enum Target: Hashable, Sendable {
            case number(Int)
            /// Looked up in the containers of each Pod.
            case name(String)
        }

        let name: String
        let transport: String
        let target: Target
        let appProtocol: String?
    }

    let id: NamespacedName
    let uid: String
    let labels: [String: String]
    let selector: [String: String]
    let isExternalName: Bool
    let isHeadless: Bool
    /// One slice set for each.
    let families: [IPFamily]
    let ports: [Port]
    /// The ports at every Pod, where none is looked up by its name.
    private let portsEverywhere: [SlicePort]?
    let publishesNotReadyAddresses: Bool
    let trafficDistribution: String
    let creationTime: Timestamp?
    let isBeingDeleted: Bool

    init(_ document: JSONValue, id: NamespacedName) {
        let metadata = document["metadata"] ?? .null
        let spec = document["spec"] ?? .null
        self.id = id
        uid = metadata.text("uid")
        labels = metadata.textMap("labels")
        selector = spec.textMap("selector")
        isExternalName = spec.text("type") == "ExternalName"
        let addresses = spec.strings("clusterIPs")
        let clusterIP = addresses.first ?? spec.text("clusterIP")
        isHeadless = clusterIP == "None" && spec.text("type") != "ExternalName"
        let families = spec.strings("ipFamilies").compactMap { IPFamily(rawValue: $0) }
        // As upstream has it: a Service that names no family has that of its address, or both.
        self.families =
            families.isEmpty ? IPAddress(clusterIP).map { [$0.family] } ?? [.ipv4, .ipv6] : families
        ports = spec.list("ports").compactMap { Port($0) }
        let everywhere = ports.compactMap(\.resolvedEverywhere)
        portsEverywhere = everywhere.count == ports.count ? everywhere : nil
        publishesNotReadyAddresses = spec.flag("publishNotReadyAddresses") ?? false
        trafficDistribution = spec.text("trafficDistribution")
        creationTime = metadata.time("creationTimestamp")
        isBeingDeleted = metadata.at("deletionTimestamp") != nil
    }

    /// Whether endpoints follow from Pods; those of other Services are written by hand.
    var selectsPods: Bool { !selector.isEmpty && !isExternalName }

    /// Whether the Service selects what has these labels.
    func selects(_ labels: [String: String]) -> Bool {
        !selector.isEmpty && selector.allSatisfy { labels[$0.key] == $0.value }
    }
}

extension EndpointService.Port {
    init?(_ port: JSONValue) {
        guard let number = port.integer("port") else { return nil }
        name = port.text("name")
        let transport = port.text("protocol")
        self.transport = transport.isEmpty ? "TCP" : transport
        appProtocol = port["appProtocol"]?.string
        switch port["targetPort"] {
        case .string(let name)? where !name.isEmpty: target = .name(name)
        case .integer(let wanted)? where wanted != 0: target = .number(Int(wanted))
        default: target = .number(number)
        }
    }

    /// The port as it is at every Pod; nil where that depends on the Pod.
    fileprivate var resolvedEverywhere: SlicePort? {
        guard case .number(let number) = target else { return nil }
        return SlicePort(name: name, transport: transport, number: number, appProtocol: appProtocol)
    }

    /// The port at a Pod; nil where none of its containers has one of that name and protocol.
    fileprivate func resolved(at pod: EndpointPod) -> SlicePort? {
        let number: Int
        switch target {
        case .number(let wanted): number = wanted
        case .name(let wanted):
            let key = EndpointPod.PortName(name: wanted, transport: transport)
            guard let found = pod.content.ports[key] else { return nil }
            number = found
        }
        return SlicePort(name: name, transport: transport, number: number, appProtocol: appProtocol)
    }
}

extension EndpointService {
    /// The ports at a Pod; those that it has none for are left out.
    func ports(at pod: EndpointPod) -> [SlicePort] { portsEverywhere ?? ports.compactMap { $0.resolved(at: pod) } }
}
