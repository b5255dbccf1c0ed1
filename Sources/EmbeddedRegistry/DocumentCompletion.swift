import Registry

/// What the registry adds to a document when it stores it, and nothing else: all other fields stay as they came.
enum DocumentCompletion {
    /// Sets the names, `uid`, `creationTimestamp` and `resourceVersion`.
    static func setMetadata(
        of document: inout JSONValue, key: ObjectKey, uid: String, created: String, version: Int64
    ) {
        edit(&document) { members in
            members["apiVersion"] = .string(key.kind.apiVersion)
            members["kind"] = .string(key.kind.rawValue)
            edit(&members["metadata", default: .object([:])]) { metadata in
                metadata["name"] = .string(key.id.name)
                metadata["namespace"] = key.kind.isNamespaced ? .string(key.id.namespace) : nil
                metadata["uid"] = .string(uid)
                metadata["creationTimestamp"] = .string(created)
                metadata["resourceVersion"] = .string("\(version)")
            }
        }
    }

    static func setVersion(of document: inout JSONValue, to version: Int64) {
        edit(&document) { members in
            edit(&members["metadata", default: .object([:])]) { $0["resourceVersion"] = .string("\(version)") }
        }
    }

    /// Writes the addresses, families and node ports of a Service into its document.
    static func setAddresses(of document: inout JSONValue, to service: Service) {
        edit(&document) { members in
            edit(&members["spec", default: .object([:])]) { spec in
                spec["clusterIP"] = service.clusterIP.isEmpty ? nil : .string(service.clusterIP)
                spec["clusterIPs"] = list(service.clusterIPs)
                spec["ipFamilies"] = list(service.families.map(\.rawValue))
                spec["ipFamilyPolicy"] = service.familyPolicy.map { .string($0.rawValue) }
                spec["healthCheckNodePort"] = number(service.healthCheckNodePort)
                if service.externalTrafficPolicy == nil { spec["externalTrafficPolicy"] = nil }
                if service.allocatesLoadBalancerNodePorts == nil { spec["allocateLoadBalancerNodePorts"] = nil }
                setNodePorts(of: &spec, to: service.ports.map(\.nodePort))
            }
        }
    }

    private static func setNodePorts(of spec: inout [String: JSONValue], to numbers: [Int]) {
        guard case .array(var ports) = spec["ports"] else { return }
        spec["ports"] = nil
        for index in ports.indices where numbers.indices.contains(index) {
            edit(&ports[index]) { $0["nodePort"] = number(numbers[index]) }
        }
        spec["ports"] = .array(ports)
    }

    private static func number(_ number: Int) -> JSONValue? { number == 0 ? nil : .integer(Int64(number)) }

    private static func list(_ texts: [String]) -> JSONValue? {
        texts.isEmpty ? nil : .array(texts.map { .string($0) })
    }

    /// Changes the members of an object in place; anything else becomes an object.
    private static func edit(_ value: inout JSONValue, _ body: (inout [String: JSONValue]) -> Void) {
        var members: [String: JSONValue] = [:]
        if case .object(let object) = value { members = object }
        // Lets go of the only other reference, so that the members are not copied.
        value = .null
        body(&members)
        value = .object(members)
    }
}

extension Service {
    /// The Service without the addresses and numbers that it has not got.
    var withoutAddresses: Service {
        var service = self
        service.clusterIP = ""
        service.clusterIPs = []
        service.healthCheckNodePort = 0
        for index in service.ports.indices { service.ports[index].nodePort = 0 }
        return service
    }

    /// Whether the Service has settled its addresses, by having some or by needing none.
    var isSettled: Bool { kind == .externalName || !clusterIPs.isEmpty }
}
