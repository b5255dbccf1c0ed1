import Registry

extension Service {
    /// Fills in what an update leaves out from the stored Service, then drops what the new type has no use for.
    ///
    /// Only values that the update leaves as they were are dropped: a new value in the wrong place is a mistake to be
    /// named, not to be hidden.
    mutating func inherit(from stored: Service) {
        inheritAddresses(from: stored)
        inheritNodePorts(from: stored)
        dropUnused(from: stored)
    }

    private mutating func inheritNodePorts(from stored: Service) {
        if usesNodePorts, stored.usesNodePorts {
            // A number that another port has claimed cannot be inherited.
            let claimed = Set(ports.map(\.nodePort)).intersection(stored.ports.map(\.nodePort))
            let former = Dictionary(stored.ports.map { ($0.name, $0.nodePort) }) { first, _ in first }
            for index in ports.indices where ports[index].nodePort == 0 {
                guard let number = former[ports[index].name], !claimed.contains(number) else { continue }
                ports[index].nodePort = number
            }
        }
        if usesHealthCheckNodePort, stored.usesHealthCheckNodePort, healthCheckNodePort == 0 {
            healthCheckNodePort = stored.healthCheckNodePort
        }
    }

    /// Has the list of addresses follow the single field where only one of the two was edited.
    ///
    /// Clients that know the single field only, or apply a configuration with nothing else, leave the list as it is.
    private mutating func followClusterIP(from stored: Service) {
        if clusterIP == stored.clusterIP {
            if clusterIPs.isEmpty { clusterIPs = stored.clusterIPs }
        } else if clusterIPs == stored.clusterIPs {
            clusterIPs = clusterIP.isEmpty ? [] : [clusterIP]
        }
    }

    private mutating func dropUnused(from stored: Service) {
        if kind == .externalName, stored.kind != .externalName {
            followClusterIP(from: stored)
            if clusterIP == stored.clusterIP && clusterIPs == stored.clusterIPs {
                clusterIP = ""
                clusterIPs = []
            }
            if families == stored.families { families = [] }
            if familyPolicy == stored.familyPolicy { familyPolicy = nil }
        }
        if !usesNodePorts, stored.usesNodePorts,
            Set(stored.ports.map(\.nodePort)).isSuperset(of: ports.lazy.map(\.nodePort).filter { $0 != 0 })
        {
            for index in ports.indices { ports[index].nodePort = 0 }
        }
        if !usesHealthCheckNodePort, stored.usesHealthCheckNodePort, healthCheckNodePort == stored.healthCheckNodePort {
            healthCheckNodePort = 0
        }
        if kind != .loadBalancer, stored.kind == .loadBalancer,
            allocatesLoadBalancerNodePorts == stored.allocatesLoadBalancerNodePorts
        {
            allocatesLoadBalancerNodePorts = nil
        }
        if !usesExternalTrafficPolicy, stored.usesExternalTrafficPolicy,
            externalTrafficPolicy == stored.externalTrafficPolicy
        {
            externalTrafficPolicy = nil
        }
    }
}
