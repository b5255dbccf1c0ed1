import Registry

/// The Service as it is to be stored, and what that takes and releases.
package struct AddressingPlan: Hashable, Sendable {
    package var service: Service
    package var changes: AddressingChanges
}

/// The life of a Service's addresses and node ports: defaults, inheritance, what may change and what may not.
///
/// Pure: it says what would be taken and released, and takes nothing. The rules are those of Kubernetes' API server,
/// except that an update which changes nothing about addresses passes whatever the configured ranges have become.
package enum ServiceAddressing {
    /// Plans the storing of `wanted`, in place of `stored` where there is such a Service already.
    ///
    /// A stored Service that never got the addresses it needs is to be passed as nil: it has nothing to keep.
    package static func plan(
        for wanted: Service, replacing stored: Service? = nil, from pools: AddressPools,
        avoiding wishes: AddressWishes = AddressWishes(), using generator: inout some RandomNumberGenerator
    ) throws(AddressingError) -> AddressingPlan {
        var planner = AddressingPlanner(service: wanted, stored: stored, pools: pools, wishes: wishes)
        do throws(AddressingError) {
            return try planner.plan(using: &generator)
        } catch {
            var error = error
            error.service = wanted.metadata.id
            throw error
        }
    }
}

/// The work on one plan, step by step.
struct AddressingPlanner {
    var service: Service
    let stored: Service?
    let pools: AddressPools
    let wishes: AddressWishes
    var changes = AddressingChanges()

    init(service: Service, stored: Service?, pools: AddressPools, wishes: AddressWishes) {
        self.service = service
        self.stored = stored
        self.pools = pools
        self.wishes = wishes
    }

    var owner: NamespacedName { service.metadata.id }

    /// The addresses as fields show them.
    var clusterIPs: JSONValue { .array(service.clusterIPs.map { .string($0) }) }

    mutating func plan(using generator: inout some RandomNumberGenerator) throws(AddressingError) -> AddressingPlan {
        try settleFields()
        if service.kind != .externalName {
            try settleFamilies()
            try settleAddresses(using: &generator)
        }
        try settleNodePorts(using: &generator)
        releaseRest()
        return AddressingPlan(service: service, changes: changes)
    }

    /// Fills what is inherited or defaulted, then checks the fields against each other and against what is stored.
    mutating func settleFields() throws(AddressingError) {
        if let stored { service.inherit(from: stored) }
        if service.clusterIPs.isEmpty && !service.clusterIP.isEmpty { service.clusterIPs = [service.clusterIP] }
        if service.kind != .externalName {
            if service.familyPolicy == nil {
                // A headless Service without selector is given its endpoints by hand, of whichever family.
                service.familyPolicy =
                    stored?.familyPolicy
                    ?? (service.isHeadless && service.selector.isEmpty ? .requireDualStack : .singleStack)
            }
            if let stored { try settleStackChange(from: stored) }
        }
        try checkFields()
        if service.kind != .externalName { try checkImmutability() }
    }

    /// The rules between the fields of one Service, as far as addresses are concerned.
    private func checkFields() throws(AddressingError) {
        let fields: Set<String> = ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "healthCheckNodePort"]
        let violations = service.validate().filter { violation in
            guard violation.path.components.count > 1, case .member(let field) = violation.path.components[1] else {
                return false
            }
            return fields.contains(field) || violation.path.components.last == .member("nodePort")
        }
        if !violations.isEmpty { throw AddressingError(.invalid, violations) }
    }

    private func checkImmutability() throws(AddressingError) {
        guard let stored, stored.kind != .externalName else { return }
        if stored.usesHealthCheckNodePort, service.usesHealthCheckNodePort, stored.healthCheckNodePort != 0,
            stored.healthCheckNodePort != service.healthCheckNodePort
        {
            throw .immutable(
                "spec.healthCheckNodePort", value: .integer(Int64(service.healthCheckNodePort)),
                stored: "\(stored.healthCheckNodePort)")
        }
        guard !stored.clusterIPs.isEmpty, !(stored.isHeadless && service.isHeadless) else { return }
        let changed = service.validateAddressChange(from: stored)
        if !changed.isEmpty {
            throw AddressingError(
                .immutable, changed, remark: "it is \(stored.clusterIPs.joined(separator: " and "))")
        }
        if let former = stored.families.first, let family = service.families.first, former != family {
            throw .immutable(
                ("spec.ipFamilies" as FieldPath)[0], value: .array(service.families.map { .string($0.rawValue) }),
                stored: former.rawValue)
        }
    }

    /// An address for each family: the one that is kept, the one asked for, or any.
    mutating func settleAddresses(using generator: inout some RandomNumberGenerator) throws(AddressingError) {
        guard !service.isHeadless else {
            service.clusterIP = "None"
            return
        }
        let kept = Set(stored?.virtualIPs ?? [])
        for (index, family) in service.families.enumerated() {
            if service.clusterIPs.indices.contains(index) {
                let text = service.clusterIPs[index]
                guard let address = IPAddress(text) else { continue }
                do throws(AllocationError) {
                    if !kept.contains(address) { try pools.addresses.checkAvailable(address, to: owner) }
                } catch {
                    throw AddressingError(
                        error, at: "spec.clusterIPs", value: clusterIPs, attempt: "failed to allocate IP \(text)")
                }
                // An address kept is taken anew where the allocations have lost it.
                if pools.addresses.owner(of: address) == nil { changes.takenAddresses.append(address) }
            } else {
                do throws(AllocationError) {
                    let address = try pools.addresses.candidate(
                        of: family, avoiding: wishes.addresses, using: &generator)
                    changes.takenAddresses.append(address)
                    service.clusterIPs.append(address.description)
                } catch {
                    throw AddressingError(error, at: "spec.clusterIPs", attempt: "failed to allocate a serviceIP")
                }
            }
        }
        service.clusterIP = service.clusterIPs.first ?? ""
    }

    /// Gives back what the stored Service holds and the new one does not.
    mutating func releaseRest() {
        guard let stored else { return }
        let addresses = Set(service.virtualIPs)
        changes.releasedAddresses = stored.virtualIPs.filter { !addresses.contains($0) }
        changes.releasedNodePorts = stored.nodePortNumbers.subtracting(service.nodePortNumbers).sorted()
    }
}
