import AddressAllocator
import Registry
import TestSupport
import Testing

/// Long random lives of an allocator beside a plain record of who has what.
struct AllocatorHistoryTests {
    @Test("10,000 steps never give an address twice nor lose one", arguments: ["10.0.0.0/26", "fd00::/120"])
    func history(range: String) throws {
        var generator = SeededGenerator.announced()
        let family = try cidr(range).family
        var allocator = try makeAllocator(range, quarantine: 20_000)
        var owners: [IPAddress: NamespacedName] = [:]
        var resting: [IPAddress: Timestamp] = [:]
        let size = allocator.usage[0].size
        for step in 0..<10_000 {
            let now = instant(Int64(step))
            let ended = Set(allocator.endQuarantine(at: now))
            #expect(ended == Set(resting.filter { $0.value <= now }.keys))
            resting = resting.filter { $0.value > now }
            let owner = name("prod/s\(Int.random(in: 0..<40, using: &generator))")
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<4:
                do {
                    let address = try allocator.allocate(family, for: owner, using: &generator)
                    #expect(owners[address] == nil && resting[address] == nil, "step \(step)")
                    owners[address] = owner
                } catch {
                    #expect(UInt64(owners.count + resting.count) == size, "step \(step): \(error)")
                }
            case 4..<6:
                let offset = UInt128(Int.random(in: 1..<Int(size), using: &generator))
                let address = try #require(IPAddress(family: family, value: try cidr(range).base.value + offset))
                do {
                    try allocator.allocate(address, for: owner)
                    #expect(owners[address] == nil || owners[address] == owner, "step \(step)")
                    owners[address] = owner
                    resting[address] = nil
                } catch {
                    #expect(error == .addressTaken(address, holder: owners[address] ?? owner), "step \(step)")
                }
            default:
                guard let (address, owner) = owners.randomElement(using: &generator) else { continue }
                allocator.release(address, of: owner, at: now)
                owners[address] = nil
                resting[address] = now.advanced(byMilliseconds: 20_000)
            }
            #expect(allocator.usage[0].used == UInt64(owners.count), "step \(step)")
            #expect(allocator.usage[0].quarantined == UInt64(resting.count), "step \(step)")
        }
        #expect(Dictionary(uniqueKeysWithValues: allocator.allocations.map { ($0.address, $0.owner) }) == owners)
    }

    @Test("10,000 Services come, change and go; the audit finds nothing, and errors change nothing")
    func services() throws {
        var generator = SeededGenerator.announced()
        var pools = try makePools("10.0.0.0/27", "fd00::/123", nodePorts: 30000...30019)
        var stored: [NamespacedName: Service] = [:]
        for step in 0..<10_000 {
            let wanted = randomService(using: &generator)
            let id = wanted.metadata.id
            if Int.random(in: 0..<3, using: &generator) == 0, let former = stored.removeValue(forKey: id) {
                pools.apply(AddressingChanges(removing: former), of: id, at: instant(0))
            } else {
                let before = pools
                do {
                    stored[id] = try pools.assign(
                        wanted, replacing: stored[id], at: instant(0), using: &generator
                    ).service
                } catch {
                    #expect(pools.addresses.allocations == before.addresses.allocations, "step \(step)")
                    #expect(pools.nodePorts.allocations == before.nodePorts.allocations, "step \(step)")
                }
            }
            guard step % 20 == 0 else { continue }
            let addressFindings = AddressAudit.findings(
                ranges: pools.addresses.ranges, allocations: pools.addresses.allocations,
                services: Array(stored.values))
            let portFindings = AddressAudit.findings(
                nodePortRange: pools.nodePorts.range, allocations: pools.nodePorts.allocations,
                services: Array(stored.values))
            #expect(addressFindings.isEmpty && portFindings.isEmpty, "step \(step)")
        }
    }

    private func randomService(using generator: inout SeededGenerator) -> Service {
        var service = service("prod/s\(Int.random(in: 0..<24, using: &generator))")
        service.kind =
            [.clusterIP, .clusterIP, .nodePort, .loadBalancer, .externalName].randomElement(
                using: &generator) ?? .clusterIP
        let policies: [Service.FamilyPolicy?] = [nil, nil, .singleStack, .preferDualStack, .requireDualStack]
        if service.kind == .externalName {
            service.externalName = "example.org"
            return service
        }
        service.familyPolicy = policies.randomElement(using: &generator) ?? nil
        switch Int.random(in: 0..<8, using: &generator) {
        case 0: service.clusterIP = "10.0.0.\(Int.random(in: 0..<34, using: &generator))"
        case 1: service.clusterIP = "fd00::\(Int.random(in: 0..<22, using: &generator))"
        case 2 where service.kind == .clusterIP: service.clusterIP = "None"
        case 3: service.families = [.ipv6]
        default: break
        }
        if service.kind != .clusterIP {
            service.ports.append(Service.Port(name: "dns", transport: .udp, port: 80))
            if Int.random(in: 0..<3, using: &generator) == 0 {
                service.ports[0].nodePort = Int.random(in: 29999...30020, using: &generator)
            }
        }
        if service.kind == .loadBalancer && Bool.random(using: &generator) { service.externalTrafficPolicy = .local }
        return service
    }
}
