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
        var avoided = wishes.nodePorts.union(service.nodePortNumbers)
        if service.wantsNodePorts { try settleOtherNodePorts(avoiding: &avoided, using: &generator) }
        try settleHealthCheckNodePort(avoiding: &avoided, using: &generator)
    }

    private mutating func settleOtherNodePorts(
        avoiding avoided: inout Set<Int>, using generator: inout some RandomNumberGenerator
    ) throws(AddressingError) {
        var shared = SharedNodePorts(of: service)
        for index in service.ports.indices where service.ports[index].nodePort == 0 {
            if let number = shared.number(for: service.ports[index]) {
                service.ports[index].nodePort = number
            } else {
                do throws(AllocationError) {
                    service.ports[index].nodePort = try anyNodePort(avoiding: &avoided, using: &generator)
                } catch {
                    throw AddressingError(
                        error, at: ("spec.ports" as FieldPath)[index] / "nodePort",
                        attempt: "failed to allocate a nodePort")
                }
            }
            shared.note(service.ports[index], at: index)
        }
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

    private mutating func settleHealthCheckNodePort(
        avoiding avoided: inout Set<Int>, using generator: inout some RandomNumberGenerator
    ) throws(AddressingError) {
        guard service.usesHealthCheckNodePort else { return }
        do throws(AllocationError) {
            if service.healthCheckNodePort == 0 {
                service.healthCheckNodePort = try anyNodePort(avoiding: &avoided, using: &generator)
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
        avoiding avoided: inout Set<Int>, using generator: inout some RandomNumberGenerator
    ) throws(AllocationError) -> Int {
        let number = try pools.nodePorts.candidate(avoiding: avoided, using: &generator)
        avoided.insert(number)
        take(number)
        return number
    }

    /// Notes a number as taken, unless the Service has it already.
    private mutating func take(_ number: Int) {
        guard pools.nodePorts.owner(of: number) == nil, !changes.takenNodePorts.contains(number) else { return }
        changes.takenNodePorts.append(number)
    }
}

/// Which numbers the ports of a Service have, so that one serves the same port in several protocols.
private struct SharedNodePorts {
    /// By port: the numbers, each with the first place it stands at.
    private var numbers: [Int: [(index: Int, number: Int)]] = [:]
    private var byTransport: [TransportProtocol: Set<Int>] = [:]

    init(of service: Service) {
        for (index, port) in service.ports.enumerated() where port.nodePort != 0 { note(port, at: index) }
    }

    mutating func note(_ port: Service.Port, at index: Int) {
        byTransport[port.transport, default: []].insert(port.nodePort)
        numbers[port.port, default: []].append((index, port.nodePort))
    }

    /// The number that the same port has in another protocol, the first one in the order of the ports.
    func number(for port: Service.Port) -> Int? {
        let own = byTransport[port.transport] ?? []
        return numbers[port.port]?.filter { !own.contains($0.number) }.min { $0.index < $1.index }?.number
    }
}
