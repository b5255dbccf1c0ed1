import Registry

/// Services and ServiceImports, and the ports that slices have as well.
extension ObjectReader {
    struct ServiceFields {
        var type = ""
        var clusterIP = ""
        /// Of a ServiceImport its `ips`.
        var clusterIPs: [String] = []
        var externalName = ""
        var ports: [DiscoveryPort] = []
        var hasSelector = false
    }

    mutating func readServiceSpec(_ service: inout ServiceFields) throws(JSONPull.Stop) {
        guard try enter() else { return }
        var isFirst = true
        while let name = try json.nextMember(&isFirst) {
            if json.matches(name, "type") {
                service.type = try string(Limit.word)
                let isKnown =
                    kind == .service
                    ? Service.Kind(rawValue: service.type) != nil
                    : service.type == "ClusterSetIP" || service.type == "Headless"
                if !isKnown, !service.type.isEmpty { note(.unknownValue) }
            } else if json.matches(name, "clusterIP") {
                service.clusterIP = try string(Limit.word)
            } else if json.matches(name, kind == .service ? "clusterIPs" : "ips") {
                service.clusterIPs = try strings(Limit.word)
            } else if json.matches(name, "externalName") {
                service.externalName = try string(Limit.word)
            } else if json.matches(name, "ports") {
                service.ports = try ports()
            } else if json.matches(name, "selector") {
                service.hasSelector = try hasMembers()
            } else {
                try json.skip()
            }
        }
    }

    mutating func ports() throws(JSONPull.Stop) -> [DiscoveryPort] {
        var ports: [DiscoveryPort] = []
        guard try enterArray() else { return ports }
        var isFirst = true
        while try json.nextElement(&isFirst) {
            var name = ""
            var transport = TransportProtocol.tcp
            var number: Int?
            if try enter() {
                var isFirstMember = true
                while let member = try json.nextMember(&isFirstMember) {
                    if json.matches(member, "name") {
                        name = try string(Limit.label)
                    } else if json.matches(member, "port") {
                        number = try integer().flatMap { Int(exactly: $0) }
                    } else if json.matches(member, "protocol") {
                        let text = try string(Limit.word)
                        if let known = TransportProtocol(rawValue: text) {
                            transport = known
                        } else if !text.isEmpty {
                            note(.unknownValue)
                        }
                    } else {
                        try json.skip()
                    }
                }
            }
            ports.append(DiscoveryPort(name: name, transport: transport, number: number))
        }
        return ports
    }
}
