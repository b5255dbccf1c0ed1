import Registry

/// Writes what the registry decides into the documents that users gave it.
enum ServiceDocument {
    /// The document with the Service's addresses, families, policy and node ports as they are stored.
    static func filled(_ document: JSONValue, from service: Service) -> JSONValue {
        var document = document
        var spec = document["spec"] ?? .object([:])
        spec["type"] = .string(service.kind.rawValue)
        spec["clusterIP"] = service.clusterIP.isEmpty ? nil : .string(service.clusterIP)
        spec["clusterIPs"] = list(service.clusterIPs)
        spec["ipFamilies"] = list(service.families.map(\.rawValue))
        spec["ipFamilyPolicy"] = service.familyPolicy.map { .string($0.rawValue) }
        if service.healthCheckNodePort != 0 {
            spec["healthCheckNodePort"] = .integer(Int64(service.healthCheckNodePort))
        } else {
            spec["healthCheckNodePort"] = nil
        }
        if case .array(var ports)? = spec["ports"] {
            for index in ports.indices where service.ports.indices.contains(index) {
                let number = service.ports[index].nodePort
                ports[index]["nodePort"] = number == 0 ? nil : .integer(Int64(number))
            }
            spec["ports"] = .array(ports)
        }
        document["spec"] = spec
        return document
    }

    /// The Service without anything that must be allocated: what is stored while it has to wait.
    static func withoutAddresses(_ service: Service) -> Service {
        var service = service
        if !service.isHeadless, service.kind != .externalName {
            service.clusterIP = ""
            service.clusterIPs = []
        }
        for index in service.ports.indices { service.ports[index].nodePort = 0 }
        service.healthCheckNodePort = 0
        return service
    }

    private static func list(_ texts: [String]) -> JSONValue? {
        texts.isEmpty ? nil : .array(texts.map { .string($0) })
    }
}
