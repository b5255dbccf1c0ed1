import Registry

extension AddressingPlanner {
    /// A node port for each port that wants one, and one for the health check.
    mutating func settleNodePorts(using generator: inout some RandomNumberGenerator) throws(AddressingError) {
        // Ports of other types have been checked to name none.
        guard service.usesNodePorts else { return }
        // One number serves three protocols at most: more ports than that cannot be had, and need not be looked for.
        guard service.ports.count <= 3 * pools.nodePorts.range.count else {
            throw AddressingError(
                .nodePortsExhausted(pools.nodePorts.range, used: pools.nodePorts.range.count), at: "spec.ports",
                attempt: "failed to allocate a nodePort")
        }
        try settleNamedNodePorts()
        if service.wantsNodePorts {
            for index in service.ports.indices where service.ports[index].nodePort == 0 {
                if let number = sharedNodePort(for: service.ports[index]) {
                    service.ports[index].nodePort = number
                    continue
                }
                do throws(AllocationError) {
                    service.ports[index].nodePort = try anyNodePort(using: &generator)
                } catch {
                    throw AddressingError(
                        error, at: ("spec.ports" as FieldPath)[index] / "nodePort",
                        attempt: "failed to allocate a nodePort")
                }
            }
        }
        try settleHealthCheckNodePort(using: &generator)
    }

    private mutating func settleNamedNodePorts() throws(AddressingError) {
        let kept = Set(stored?.ports.map(\.nodePort) ?? [])
        var served: [Int: Int] = [:]
        for (index, port) in service.ports.enumerated() where port.nodePort != 0 {
            do throws(AllocationError) {
                // On creation one number serves two protocols only where the port is the same, too.
                let isSharedWrongly = stored == nil && served[port.nodePort, default: port.port] != port.port
                served[port.nodePort] = port.port
                if isSharedWrongly || port.nodePort == service.healthCheckNodePort {
                    throw .nodePortTaken(port.nodePort, holder: owner)
                }
                if !kept.contains(port.nodePort) { try pools.nodePorts.checkAvailable(port.nodePort, to: owner) }
            } catch {
                throw AddressingError(
                    error, at: ("spec.ports" as FieldPath)[index] / "nodePort", value: .integer(Int64(port.nodePort)))
            }
            take(port.nodePort)
        }
    }

    /// The number of the same port in another protocol.
    private func sharedNodePort(for port: Service.Port) -> Int? {
        let own = Set(service.ports.lazy.filter { $0.transport == port.transport }.map(\.nodePort))
        return service.ports.first { $0.nodePort != 0 && $0.port == port.port && !own.contains($0.nodePort) }?.nodePort
    }

    private mutating func settleHealthCheckNodePort(
        using generator: inout some RandomNumberGenerator
    ) throws(AddressingError) {
        guard service.usesHealthCheckNodePort else { return }
        do throws(AllocationError) {
            if service.healthCheckNodePort == 0 {
                service.healthCheckNodePort = try anyNodePort(using: &generator)
            } else if stored?.healthCheckNodePort != service.healthCheckNodePort {
                try pools.nodePorts.checkAvailable(service.healthCheckNodePort, to: owner)
            }
        } catch {
            let wanted = service.healthCheckNodePort
            throw AddressingError(
                error, at: "spec.healthCheckNodePort", value: wanted == 0 ? nil : .integer(Int64(wanted)),
                attempt: "failed to allocate \(wanted == 0 ? "a" : "requested") HealthCheck NodePort \(wanted)",
                isInternal: true)
        }
        take(service.healthCheckNodePort)
    }

    private mutating func anyNodePort(
        using generator: inout some RandomNumberGenerator
    ) throws(AllocationError) -> Int {
        let number = try pools.nodePorts.candidate(
            avoiding: wishes.nodePorts.union(service.nodePortNumbers), using: &generator)
        take(number)
        return number
    }

    /// Notes a number as taken, unless the Service has it already.
    private mutating func take(_ number: Int) {
        guard pools.nodePorts.owner(of: number) == nil, !changes.takenNodePorts.contains(number) else { return }
        changes.takenNodePorts.append(number)
    }
}
