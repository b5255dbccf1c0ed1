import Registry

/// What Kubernetes' API server fills into documents that leave it out (the defaults of each kind's v1).
package enum ObjectDefaults {
    /// The document with its defaults; applying them again changes nothing.
    ///
    /// Without those that admission plugins, controllers and the allocation of addresses would add. Fields of the
    /// wrong type are left as they are.
    package static func apply(to document: JSONValue, kind: ObjectKind) -> JSONValue {
        guard case .object = document else { return document }
        var document = document
        switch kind {
        case .namespace: applyNamespace(&document)
        case .service: applyService(&document)
        case .endpoints: document.changeElements("subsets") { $0.changeElements("ports") { applyPort(&$0) } }
        case .endpointSlice:
            document.changeElements("ports") { port in
                port.setDefault("name", .string(""))
                applyPort(&port)
            }
        case .pod: PodDefaults.apply(&document)
        case .node: applyNode(&document)
        case .event, .ipAddress, .serviceCIDR, .lease: break
        }
        return document
    }

    /// A port of whatever kind of object speaks TCP.
    static func applyPort(_ port: inout JSONValue) {
        port.setDefault("protocol", .string("TCP"))
    }

    private static func applyNamespace(_ document: inout JSONValue) {
        document.change("metadata") { metadata in
            let name = metadata.text("name")
            // The label says the name whatever else it was made to say.
            if !name.isEmpty {
                metadata.changeOrMake("labels") { $0["kubernetes.io/metadata.name"] = .string(name) }
            }
        }
        document.changeOrMake("status") { $0.setDefault("phase", .string("Active")) }
    }

    private static func applyNode(_ document: inout JSONValue) {
        document.change("status") { status in
            if let capacity = status.at("capacity") { status.setDefault("allocatable", capacity) }
        }
        document.change("spec") { mirrorFirst(&$0, of: "podCIDRs", as: "podCIDR") { $0 } }
    }

    /// Keeps a field and the list that begins with it the same: either stands for both, the field for the list where
    /// they differ.
    static func mirrorFirst(
        _ object: inout JSONValue, of list: String, as single: String, element: (JSONValue) -> JSONValue
    ) {
        let first = object.list(list).first
        if let value = object.at(single), value != .string("") {
            if first != element(value) { object[list] = .array([element(value)]) }
        } else if let first {
            object[single] = first.at("ip") ?? first
        }
    }
}

// Services.
extension ObjectDefaults {
    private static let affinityTimeout: Int64 = 10_800

    private static func applyService(_ document: inout JSONValue) {
        document.changeOrMake("spec") { spec in
            spec.setDefault("sessionAffinity", .string("None"))
            applyAffinity(&spec)
            spec.setDefault("type", .string("ClusterIP"))
            spec.changeElements("ports") { port in
                applyPort(&port)
                if port.isZero("targetPort"), let number = port.integer("port") {
                    port["targetPort"] = .integer(Int64(number))
                }
            }
            applyPolicies(&spec)
        }
        guard document.at("spec", "type") == .string("LoadBalancer") else { return }
        document.change("status") { status in
            status.change("loadBalancer") { balancer in
                balancer.changeElements("ingress") { ingress in
                    if !ingress.isZero("ip") { ingress.setDefault("ipMode", .string("VIP")) }
                }
            }
        }
    }

    private static func applyAffinity(_ spec: inout JSONValue) {
        switch spec.text("sessionAffinity") {
        case "None":
            spec["sessionAffinityConfig"] = nil
        case "ClientIP" where spec.at("sessionAffinityConfig", "clientIP", "timeoutSeconds") == nil:
            spec["sessionAffinityConfig"] = .object([
                "clientIP": .object(["timeoutSeconds": .integer(affinityTimeout)])
            ])
        default: break
        }
    }

    /// Whether traffic from outside the cluster may come to a Service of this specification.
    static func isExternallyAccessible(_ spec: JSONValue) -> Bool {
        switch spec.text("type") {
        case "NodePort", "LoadBalancer": true
        case "ClusterIP": !spec.list("externalIPs").isEmpty
        default: false
        }
    }

    private static func applyPolicies(_ spec: inout JSONValue) {
        let type = spec.text("type")
        if isExternallyAccessible(spec) { spec.setDefault("externalTrafficPolicy", .string("Cluster")) }
        if ["ClusterIP", "NodePort", "LoadBalancer"].contains(type) {
            spec.setDefault("internalTrafficPolicy", .string("Cluster"))
        }
        if type == "LoadBalancer" { spec.setDefault("allocateLoadBalancerNodePorts", .bool(true)) }
    }
}
