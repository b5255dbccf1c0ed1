import AddressAllocator
import EmbeddedRegistry
import Foundation
import Registry
import TestSupport
import Testing

/// Random lives of a registry: whatever comes, addresses and Services agree, and none moves.
struct RegistryStoreHistoryTests {
    @Test("The audit is clean after every batch, restarts between them included")
    func history() throws {
        var generator = SeededGenerator.announced("RegistryStoreHistoryTests")
        let folder = RegistryFolder()
        let clock = StillClock()
        let settings = StoreSettings.ranges(
            "10.0.0.0/28", "fd00::/125", nodePorts: 30000...30005, quarantine: 20, retained: 50)
        var store: RegistryStore? = try folder.open(settings, clock: clock.clock)
        var addresses: [String: [String]] = [:]
        for step in 0..<250 {
            clock.advance(seconds: .random(in: 0..<10, using: &generator))
            if step % 40 == 39 {
                store = nil
                store = try folder.open(settings, clock: clock.clock)
            }
            let current = try #require(store)
            var puts: [String: SuppliedObject] = [:]
            for _ in 0..<Int.random(in: 0..<5, using: &generator) {
                let wanted = try randomService(using: &generator)
                puts["\(wanted.object.key.id)"] = wanted
            }
            let deletes = (0..<Int.random(in: 0..<3, using: &generator)).map { _ in
                "prod/s\(Int.random(in: 0..<20, using: &generator))"
            }.filter { puts[$0] == nil }
            if Int.random(in: 0..<10, using: &generator) == 0 {
                try current.retryPending()
            } else {
                _ = try current.apply(
                    puts: puts.values.sorted { $0.object.key < $1.object.key }, deletes: deletes.map(serviceKey),
                    feeder: "manifests")
            }
            let addressing = try RegistryReader(directory: folder.path).addressing()
            #expect(addressing.findings.isEmpty, "step \(step)")
            for address in addressing.allocations.map(\.address) {
                #expect(addressing.quarantine != nil && addressing.quarantine?[address] == nil, "step \(step)")
            }
            var now: [String: [String]] = [:]
            for service in addressing.services where !service.virtualIPs.isEmpty {
                let id = "\(service.metadata.id)"
                now[id] = service.clusterIPs
                // Neither deleted nor turned into another type: the address is the one it had.
                if let former = addresses[id], !deletes.contains(id), puts[id] == nil {
                    #expect(former[0] == service.clusterIP, "step \(step)")
                }
            }
            addresses = now
            for (id, reason) in addressing.pending {
                #expect(!reason.isEmpty && addressing.services.contains { $0.metadata.id == id }, "step \(step)")
            }
        }
    }

    private func randomService(using generator: inout SeededGenerator) throws -> SuppliedObject {
        var spec: [String: JSONValue] = [:]
        switch Int.random(in: 0..<10, using: &generator) {
        case 0:
            spec = ["type": .string("ExternalName"), "externalName": .string("example.org")]
        case 1:
            spec["clusterIP"] = .string("None")
        case 2:
            spec["clusterIP"] = .string("10.0.0.\(Int.random(in: 0..<18, using: &generator))")
        case 3:
            spec["ipFamilyPolicy"] = .string("RequireDualStack")
        case 4:
            spec["ipFamilyPolicy"] = .string("PreferDualStack")
        case 5, 6:
            spec["type"] = .string("NodePort")
        case 7:
            spec = ["type": .string("LoadBalancer"), "externalTrafficPolicy": .string("Local")]
        default:
            break
        }
        return try suppliedService("prod/s\(Int.random(in: 0..<20, using: &generator))", spec)
    }
}
