@testable import KubernetesRegistry
import Registry

/// Documents as an API server writes them.
enum Samples {
    static let services = "/api/v1/services"
    static let namespaces = "/api/v1/namespaces"
    static let slices = "/apis/discovery.k8s.io/v1/endpointslices"

    static func service(_ name: String, ip: String = "10.96.0.10", version: Int = 1, namespace: String = "prod")
        -> String
    {
        """
        {"kind":"Service","apiVersion":"v1","metadata":{"name":"\(name)","namespace":"\(namespace)",\
        "uid":"3f7c","resourceVersion":"\(version)","labels":{"app":"x\\"y"},"managedFields":[{"manager":"k",\
        "fieldsV1":{"f:spec":{"f:ports":{".":{},"k:{\\"port\\":80}":{}}}}}]},"spec":{"ports":[{"name":"http",\
        "protocol":"TCP","port":80,"targetPort":"web"}],"selector":{"app":"x"},"clusterIP":"\(ip)",\
        "clusterIPs":["\(ip)"],"type":"ClusterIP","sessionAffinity":"None"},"status":{"loadBalancer":{}}}
        """
    }

    static func namespace(_ name: String, version: Int = 1) -> String {
        #"{"metadata":{"name":"\#(name)","resourceVersion":"\#(version)"},"status":{"phase":"Active"}}"#
    }

    static func slice(_ name: String, service: String, addresses: [String], version: Int = 1) -> String {
        let endpoints = addresses.map {
            #"{"addresses":["\#($0)"],"conditions":{"ready":true},"nodeName":"n1","targetRef":{"kind":"Pod","name":"p"}}"#
        }
        return """
            {"metadata":{"name":"\(name)","namespace":"prod","resourceVersion":"\(version)",\
            "labels":{"kubernetes.io/service-name":"\(service)"}},"addressType":"IPv4",\
            "endpoints":[\(endpoints.joined(separator: ","))],"ports":[{"name":"http","protocol":"TCP","port":8080}]}
            """
    }

    static func event(_ type: String, _ object: String) -> String { #"{"type":"\#(type)","object":\#(object)}"# + "\n" }

    static func bookmark(_ version: Int, endsInitialEvents: Bool = false) -> String {
        let annotations = endsInitialEvents ? #","annotations":{"k8s.io/initial-events-end":"true"}"# : ""
        return event("BOOKMARK", #"{"kind":"Service","metadata":{"resourceVersion":"\#(version)"\#(annotations)}}"#)
    }

    static func list(_ items: [String], version: Int, continuation: String? = nil, remaining: Int? = nil) -> String {
        let more = continuation.map { #","continue":"\#($0)""# } ?? ""
        let rest = remaining.map { #","remainingItemCount":\#($0)"# } ?? ""
        return """
            {"kind":"List","apiVersion":"v1","metadata":{"resourceVersion":"\(version)"\(more)\(rest)},\
            "items":[\(items.joined(separator: ","))]}
            """
    }

    static func status(_ code: Int, _ reason: String, message: String = "no") -> String {
        #"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"\#(message)","reason":"\#(reason)","code":\#(code)}"#
    }

    static func id(_ name: String, _ namespace: String = "prod") -> NamespacedName {
        NamespacedName(namespace: namespace, name: name)
    }

    static func discovered(_ name: String, ip: String = "10.96.0.10") -> DiscoveryObject {
        .service(
            DiscoveryService(
                id(name), target: .virtualIPs([IPAddress(ip)].compactMap { $0 }),
                ports: [DiscoveryPort(name: "http", number: 80)], hasSelector: true))
    }

    static let servicesOnly = DiscoverySelection(includesEndpoints: false, includesPods: false)

    static func decode(
        _ text: String, kind: DiscoveryKind = .service, selection: DiscoverySelection = DiscoverySelection()
    ) throws(JSONPull.Stop) -> DecodedObject {
        try decode(Array(text.utf8), kind: kind, selection: selection)
    }

    static func decode(
        _ bytes: [UInt8], kind: DiscoveryKind = .service, selection: DiscoverySelection = DiscoverySelection()
    ) throws(JSONPull.Stop) -> DecodedObject {
        let result: Result<DecodedObject, JSONPull.Stop> = bytes.withUnsafeBufferPointer { buffer in
            Result { () throws(JSONPull.Stop) in
                var reader = ObjectReader(buffer, kind: kind, selection: selection)
                return try reader.object()
            }
        }
        return try result.get()
    }
}

/// Answers of an API as any has them.
extension Samples {
    private static let emptyNamespaces = event("ADDED", namespace("prod"))

    /// Namespaces as any server has them; a test's own business are the Services.
    static func others(_ request: ScriptedRequest) -> ScriptedAPI.Answer {
        .stream([emptyNamespaces, bookmark(1, endsInitialEvents: true)], .open)
    }

    /// The streaming list of Services of these names, to its mark.
    static func initial(_ names: [String], version: Int) -> [String] {
        names.map { event("ADDED", service($0, version: version)) }
            + [bookmark(version, endsInitialEvents: true)]
    }
}
