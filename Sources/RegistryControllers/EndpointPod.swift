import Registry

/// What endpoints are made of: the fields of a Pod that Services see. Shared by all indices, compared by content.
final class EndpointPod: Sendable {
    /// What a port of a container is looked up by.
    struct PortName: Hashable, Sendable {
        let name: String
        let transport: String
    }

    struct Content: Hashable, Sendable {
        var uid = ""
        var labels: [String: String] = [:]
        /// Phase Succeeded or Failed: it no longer holds its addresses.
        var isFinished = false
        /// As written; those that endpoints may not have are left out.
        var addresses: [String] = []
        var nodeName = ""
        var hostname = ""
        var subdomain = ""
        var isReady = false
        /// When the Pod became, or ceased to be, ready.
        var readinessTime: Timestamp?
        var isBeingDeleted = false
        /// The numbers of the ports that have names. Of several of one name, those of containers come before those of
        /// init containers that run on (restartPolicy Always), and the first one counts.
        var ports: [PortName: Int] = [:]
    }

    let id: NamespacedName
    let content: Content

    init(id: NamespacedName, content: Content) {
        self.id = id
        self.content = content
    }

    convenience init(_ document: JSONValue, id: NamespacedName) {
        var content = Content()
        let metadata = document["metadata"] ?? .null
        let spec = document["spec"] ?? .null
        let status = document["status"] ?? .null
        content.uid = metadata.text("uid")
        content.labels = metadata.textMap("labels")
        content.isBeingDeleted = metadata.at("deletionTimestamp") != nil
        content.nodeName = spec.text("nodeName")
        content.hostname = spec.text("hostname")
        content.subdomain = spec.text("subdomain")
        content.isFinished = ["Succeeded", "Failed"].contains(status.text("phase"))
        var addresses = status.list("podIPs").map { $0.text("ip") }
        if addresses.isEmpty { addresses = [status.text("podIP")] }
        content.addresses = addresses.filter { text in
            IPAddress(text).map { !$0.isUnfitForEndpoint && !$0.isIPv4Mapped } ?? false
        }
        if let condition = status.list("conditions").first(where: { $0.text("type") == "Ready" }) {
            content.isReady = condition.text("status") == "True"
            content.readinessTime = condition.time("lastTransitionTime")
        }
        let persistent = spec.list("initContainers").filter { $0.text("restartPolicy") == "Always" }
        for port in (spec.list("containers") + persistent).lazy.flatMap({ $0.list("ports") }) {
            guard let number = port.integer("containerPort"), !port.text("name").isEmpty else { continue }
            let transport = port.text("protocol")
            let name = PortName(name: port.text("name"), transport: transport.isEmpty ? "TCP" : transport)
            if content.ports[name] == nil { content.ports[name] = number }
        }
        self.init(id: id, content: content)
    }

    var labels: [String: String] { content.labels }

    /// Whether the Pod stands behind Services at all; one that is being removed still does, in slices.
    var isEndpoint: Bool { !content.isFinished && !content.addresses.isEmpty }

    /// The name of the endpoint by itself, where it has one under the Service.
    func hostname(under service: EndpointService) -> String {
        content.subdomain == service.id.name && id.namespace == service.id.namespace ? content.hostname : ""
    }

    /// The addresses of a family, in the order of `status.podIPs`.
    func addresses(of family: IPFamily) -> [String] {
        content.addresses.filter { ($0.utf8.contains(UInt8(ascii: ":")) ? IPFamily.ipv6 : .ipv4) == family }
    }
}

extension EndpointPod: Equatable {
    static func == (lhs: EndpointPod, rhs: EndpointPod) -> Bool {
        lhs === rhs || (lhs.id == rhs.id && lhs.content == rhs.content)
    }
}
