import Registry

/// All that Services draw from: virtual IPs and node ports.
package struct AddressPools: Sendable {
    package var addresses: AddressAllocator
    package var nodePorts: NodePortAllocator

    package init(addresses: AddressAllocator, nodePorts: NodePortAllocator) {
        self.addresses = addresses
        self.nodePorts = nodePorts
    }

    /// Finds what a Service needs and takes it; on an error nothing is changed.
    package mutating func assign(
        _ wanted: Service, replacing stored: Service? = nil, avoiding wishes: AddressWishes = AddressWishes(),
        at now: Timestamp, using generator: inout some RandomNumberGenerator
    ) throws(AddressingError) -> AddressingPlan {
        addresses.endQuarantine(at: now)
        let plan = try ServiceAddressing.plan(
            for: wanted, replacing: stored, from: self, avoiding: wishes, using: &generator)
        apply(plan.changes, of: wanted.metadata.id, at: now)
        return plan
    }

    /// Takes and releases as a plan says; the released addresses rest until the instants returned.
    @discardableResult
    package mutating func apply(
        _ changes: AddressingChanges, of owner: NamespacedName, at now: Timestamp
    ) -> [IPAddress: Timestamp] {
        var quarantineEnds: [IPAddress: Timestamp] = [:]
        for address in changes.releasedAddresses {
            quarantineEnds[address] = addresses.release(address, of: owner, at: now)
        }
        for number in changes.releasedNodePorts { nodePorts.release(number, of: owner) }
        for address in changes.takenAddresses { addresses.take(address, for: owner) }
        for number in changes.takenNodePorts { nodePorts.take(number, for: owner) }
        return quarantineEnds
    }
}

/// What storing or removing a Service takes from the pools and gives back.
package struct AddressingChanges: Hashable, Sendable {
    package var takenAddresses: [IPAddress] = []
    package var releasedAddresses: [IPAddress] = []
    package var takenNodePorts: [Int] = []
    package var releasedNodePorts: [Int] = []

    package init() {}

    /// What removing a Service gives back.
    package init(removing stored: Service) {
        releasedAddresses = stored.virtualIPs
        releasedNodePorts = stored.nodePortNumbers.sorted()
    }

    package var isEmpty: Bool { self == AddressingChanges() }

    /// Whether something becomes free that another Service may be waiting for.
    package var releasesAnything: Bool { !releasedAddresses.isEmpty || !releasedNodePorts.isEmpty }
}

/// The addresses and node ports that the Services of one batch ask for by name: no automatic request gets them.
package struct AddressWishes: Sendable {
    package private(set) var addresses: Set<IPAddress> = []
    package private(set) var nodePorts: Set<Int> = []

    package init() {}

    package init(of services: some Sequence<Service>) {
        for service in services {
            addresses.formUnion(service.virtualIPs)
            nodePorts.formUnion(service.nodePortNumbers)
        }
    }
}
