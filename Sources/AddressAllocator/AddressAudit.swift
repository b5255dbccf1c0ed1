import Registry

/// Something the allocations and the Services do not agree on.
package struct AuditFinding: Hashable, Sendable {
    package enum Subject: Hashable, Sendable, Comparable {
        case address(IPAddress)
        case nodePort(Int)
    }

    package enum Problem: Hashable, Sendable {
        /// Two or more Services name it.
        case heldTwice([NamespacedName])
        /// It is allocated to one Service, and another one names it.
        case allocatedToAnother(owner: NamespacedName, holder: NamespacedName)
        /// It is allocated, and no Service names it.
        case leaked(owner: NamespacedName)
        /// A Service names it, and it is not allocated.
        case missing(holder: NamespacedName)
        /// It lies in no configured range, or is the network or broadcast address of one.
        case outOfRange(NamespacedName)
    }

    package let subject: Subject
    package let problem: Problem

    package init(_ subject: Subject, _ problem: Problem) {
        self.subject = subject
        self.problem = problem
    }
}

extension AuditFinding: CustomStringConvertible {
    package var description: String {
        switch problem {
        case .heldTwice(let holders):
            "\(subject) is held by \(holders.map(\.description).joined(separator: " and "))"
        case .allocatedToAnother(let owner, let holder):
            "\(subject) is allocated to \(owner) but held by \(holder)"
        case .leaked(let owner):
            "\(subject) is allocated to \(owner), which does not hold it"
        case .missing(let holder):
            "\(subject) is held by \(holder) but not allocated"
        case .outOfRange(let holder):
            "\(subject) of \(holder) is in no configured range"
        }
    }
}

extension AuditFinding.Subject: CustomStringConvertible {
    package var description: String {
        switch self {
        case .address(let address): address.description
        case .nodePort(let number): "node port \(number)"
        }
    }
}

/// Compares what is allocated with what the Services hold.
package enum AddressAudit {
    /// The findings on cluster IPs, in the order of addresses; empty where all is well.
    package static func findings(
        ranges: [AddressRange], allocations: [AddressAllocation], services: [Service]
    ) -> [AuditFinding] {
        findings(
            allocations: allocations.map { (.address($0.address), $0.owner) },
            holders: services.flatMap { service in
                Set(service.virtualIPs).map { (.address($0), service.metadata.id) }
            },
            isInRange: { subject in
                guard case .address(let address) = subject else { return true }
                return ranges.contains { $0.offset(of: address) != nil }
            })
    }

    /// The findings on node ports, in the order of numbers.
    package static func findings(
        nodePortRange: ClosedRange<Int>, allocations: [Int: NamespacedName], services: [Service]
    ) -> [AuditFinding] {
        findings(
            allocations: allocations.map { (.nodePort($0.key), $0.value) },
            holders: services.flatMap { service in
                service.nodePortNumbers.map { (.nodePort($0), service.metadata.id) }
            },
            isInRange: { subject in
                guard case .nodePort(let number) = subject else { return true }
                return nodePortRange.contains(number)
            })
    }

    private static func findings(
        allocations: [(AuditFinding.Subject, NamespacedName)], holders: [(AuditFinding.Subject, NamespacedName)],
        isInRange: (AuditFinding.Subject) -> Bool
    ) -> [AuditFinding] {
        let owners = Dictionary(grouping: allocations, by: \.0).mapValues { $0.map(\.1).sorted() }
        let holders = Dictionary(grouping: holders, by: \.0).mapValues { $0.map(\.1).sorted() }
        return Set(owners.keys).union(holders.keys).sorted().flatMap { subject -> [AuditFinding] in
            let owners = owners[subject] ?? []
            let holders = holders[subject] ?? []
            var problems: [AuditFinding.Problem] = []
            if holders.count > 1 { problems.append(.heldTwice(holders)) }
            if owners.isEmpty { problems += holders.map { .missing(holder: $0) } }
            for owner in owners where !holders.contains(owner) {
                problems.append(
                    holders.first.map { .allocatedToAnother(owner: owner, holder: $0) } ?? .leaked(owner: owner))
            }
            if !isInRange(subject), let someone = (holders + owners).first { problems.append(.outOfRange(someone)) }
            return problems.map { AuditFinding(subject, $0) }
        }
    }
}
