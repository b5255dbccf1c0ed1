import Registry

extension Service {
    /// The node ports the Service names, that of the health check included.
    package var nodePortNumbers: Set<Int> {
        var numbers = Set(ports.lazy.map(\.nodePort))
        numbers.insert(healthCheckNodePort)
        numbers.remove(0)
        return numbers
    }

    /// Whether the Service asks for an address or node port by name.
    package var hasAddressWishes: Bool { !virtualIPs.isEmpty || !nodePortNumbers.isEmpty }

    /// Whether the type has node ports.
    var usesNodePorts: Bool { kind == .nodePort || kind == .loadBalancer }

    /// Whether ports without a node port are to get one.
    var wantsNodePorts: Bool {
        kind == .nodePort || (kind == .loadBalancer && allocatesLoadBalancerNodePorts != false)
    }

    var usesHealthCheckNodePort: Bool { kind == .loadBalancer && externalTrafficPolicy == .local }

    var usesExternalTrafficPolicy: Bool { usesNodePorts || (kind == .clusterIP && !externalIPs.isEmpty) }
}
