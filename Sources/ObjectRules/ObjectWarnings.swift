import Registry

/// What a writer is told beside the answer: fields that have no effect, values and spellings that are going out of use,
/// with the texts of Kubernetes' API server.
package enum ObjectWarnings {
    /// No more than this, in bytes, so that the headers which carry them stay readable for every client.
    private static let limit = 4096

    /// What is to be said of a document as it is stored, in the order of its fields; most documents need nothing.
    package static func warnings(of document: JSONValue, kind: ObjectKind) -> [String] {
        let warnings: [String] =
            switch kind {
            case .service: ofService(document["spec"] ?? .null)
            case .endpoints: ofEndpoints(document)
            case .endpointSlice: ofSlice(document)
            case .namespace, .pod, .node, .event, .ipAddress, .serviceCIDR, .lease: []
            }
        var size = 0
        return Array(
            warnings.prefix { warning in
                size += warning.utf8.count
                return size <= limit
            })
    }

    private static func ofService(_ spec: JSONValue) -> [String] {
        let type = spec.text("type")
        let isExternalName = type == "ExternalName"
        let addresses = spec.texts("clusterIPs")
        let isHeadless = !isExternalName && (addresses.first ?? spec.text("clusterIP")) == "None"
        var warnings: [String] = []
        if !isHeadless { warnings += ofAddresses(addresses, at: "spec.clusterIPs") }
        let externalIPs = spec.texts("externalIPs")
        let balancerIP = spec.text("loadBalancerIP")
        if isHeadless {
            if !balancerIP.isEmpty { warnings.append("spec.loadBalancerIP is ignored for headless services") }
            if !externalIPs.isEmpty { warnings.append("spec.externalIPs is ignored for headless services") }
            if !["", "None"].contains(spec.text("sessionAffinity")) {
                // Upstream spells the field so.
                warnings.append("spec.SessionAffinity is ignored for headless services")
            }
        }
        warnings += ofAddresses(externalIPs, at: "spec.externalIPs")
        if !balancerIP.isEmpty { warnings += ofAddress(balancerIP, at: "spec.loadBalancerIP") }
        if isExternalName, !externalIPs.isEmpty {
            warnings.append("spec.externalIPs is ignored when spec.type is \"ExternalName\"")
        }
        if !isExternalName, !spec.text("externalName").isEmpty {
            warnings.append("spec.externalName is ignored when spec.type is not \"ExternalName\"")
        }
        if spec.text("trafficDistribution") == "PreferClose" {
            warnings.append("spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\"")
        }
        return warnings
    }

    private static func ofEndpoints(_ document: JSONValue) -> [String] {
        var warnings: [String] = []
        for (index, subset) in document.list("subsets").enumerated() {
            for field in ["addresses", "notReadyAddresses"] {
                let path = ("subsets" as FieldPath)[index] / field
                for (place, address) in subset.list(field).enumerated() {
                    warnings += ofAddress(address.text("ip"), at: path[place] / "ip")
                }
            }
        }
        return warnings
    }

    private static func ofSlice(_ document: JSONValue) -> [String] {
        guard document.text("addressType") != "FQDN" else { return ["addressType: FQDN endpoints are deprecated"] }
        return document.list("endpoints").enumerated().flatMap { index, endpoint in
            ofAddresses(endpoint.texts("addresses"), at: ("endpoints" as FieldPath)[index] / "addresses")
        }
    }

    private static func ofAddresses(_ texts: [String], at path: FieldPath) -> [String] {
        texts.enumerated().flatMap { index, text in ofAddress(text, at: path[index]) }
    }

    /// An IPv6 address may be spelled in many ways, of which those who compare texts know one.
    private static func ofAddress(_ text: String, at path: FieldPath) -> [String] {
        guard let address = IPAddress(text), address.family == .ipv6, address.description != text else { return [] }
        return ["\(path): IPv6 address \"\(text)\" should be in RFC 5952 canonical format (\"\(address)\")"]
    }
}

extension ObjectKind {
    /// What everyone is told who asks about objects of the kind, whatever they are asked for; nil for most kinds.
    package var deprecation: String? {
        self == .endpoints
            ? "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice" : nil
    }

    /// Whether there may be anything to warn of in documents of the kind.
    package var hasWarnings: Bool {
        switch self {
        case .service, .endpoints, .endpointSlice: true
        case .namespace, .pod, .node, .event, .ipAddress, .serviceCIDR, .lease: false
        }
    }
}
