import Registry

extension AddressingPlanner {
    /// Takes an update from one family to two or back for what it means: `SingleStack` alone drops the second family.
    mutating func settleStackChange(from stored: Service) throws(AddressingError) {
        let keepsAddresses = Service.isSameAddresses(service.clusterIPs, stored.clusterIPs)
        if service.families.isEmpty && keepsAddresses && service.familyPolicy == stored.familyPolicy {
            // Nothing was said about families: a cluster that has got a second one does not change the Service.
            service.families = stored.families
        }
        if service.familyPolicy == .singleStack {
            if keepsAddresses { service.clusterIPs = Array(service.clusterIPs.prefix(1)) }
            if service.families == stored.families { service.families = Array(service.families.prefix(1)) }
            return
        }
        let path: FieldPath = "spec.ipFamilyPolicy"
        var violations: [FieldViolation] = []
        if !service.clusterIPs.isEmpty && service.clusterIPs.count < stored.clusterIPs.count {
            violations.append(
                FieldViolation(
                    path, .invalid, value: service.familyPolicy?.rawValue,
                    "must be 'SingleStack' to release the secondary cluster IP"))
        }
        if !service.families.isEmpty && service.families.count < stored.families.count {
            violations.append(
                FieldViolation(
                    path, .invalid, value: service.familyPolicy?.rawValue,
                    "must be 'SingleStack' to release the secondary IP family"))
        }
        if !violations.isEmpty { throw AddressingError(.invalid, violations) }
    }

    /// The families of the Service: those of its addresses, those asked for, the default one, and the other one
    /// where the policy wants two.
    mutating func settleFamilies() throws(AddressingError) {
        if let stored, isUnchanged(from: stored) { return }
        let configured = pools.addresses.families
        // A family that the Service has already is no new demand on the cluster. While no range is ready at all there
        // is no telling what the cluster is configured for: an address cannot be had, which is said below.
        let known =
            configured.isEmpty
            ? Set(IPFamily.allCases)
            : Set(configured).union(stored?.isHeadless == false ? stored?.families ?? [] : [])
        for (index, text) in service.clusterIPs.enumerated() where index >= service.families.count {
            guard let address = IPAddress(text) else { continue }
            guard known.contains(address.family) else {
                let error = AllocationError.familyNotConfigured(
                    address.family, ranges: pools.addresses.ranges.map(\.cidr))
                throw AddressingError(error, at: ("spec.clusterIPs" as FieldPath)[index], value: clusterIPs)
            }
            service.families.append(address.family)
        }
        let isFreeOfCluster = service.isHeadless && service.selector.isEmpty
        if !isFreeOfCluster { try checkConfigured(configured, known: known) }
        if service.families.isEmpty {
            // Without any range only headless Services get this far for good.
            service.families = [configured.first ?? .ipv4]
        }
        guard service.familyPolicy != .singleStack, service.families.count == 1,
            isFreeOfCluster || configured.count == 2, let first = service.families.first
        else { return }
        service.families.append(first == .ipv4 ? .ipv6 : .ipv4)
    }

    private func checkConfigured(_ configured: [IPFamily], known: Set<IPFamily>) throws(AddressingError) {
        var violations: [FieldViolation] = []
        if service.familyPolicy == .requireDualStack && known.count < 2 {
            violations.append(
                FieldViolation(
                    "spec.ipFamilyPolicy", .invalid, value: service.familyPolicy?.rawValue,
                    "this cluster is not configured for dual-stack services"))
        }
        for (index, family) in service.families.enumerated() where !known.contains(family) {
            violations.append(
                FieldViolation(
                    ("spec.ipFamilies" as FieldPath)[index], .invalid, value: family.rawValue,
                    "not configured on this cluster"))
        }
        if !violations.isEmpty { throw AddressingError(.invalid, violations) }
    }

    /// Whether the update says nothing new about addresses and families.
    private func isUnchanged(from stored: Service) -> Bool {
        stored.kind != .externalName && !stored.clusterIPs.isEmpty && !stored.families.isEmpty
            && Service.isSameAddresses(service.clusterIPs, stored.clusterIPs)
            && service.families == stored.families && service.familyPolicy == stored.familyPolicy
    }
}
