import AddressAllocator
import EmbeddedRegistry
import Foundation
import Registry
import TestSupport
import Testing

struct RegistryStoreAddressTests {
    @Test("Of two Services that race for one address exactly one gets it")
    func race() async throws {
        let store = try RegistryStore(location: .memory, settings: .small)
        let failures = try await withThrowingTaskGroup(of: Int.self) { tasks in
            for number in 0..<8 {
                let wanted = try suppliedService("prod/s\(number)", ["clusterIP": .string("10.0.0.9")])
                tasks.addTask { try store.put(wanted).failures.count }
            }
            return try await tasks.reduce(0, +)
        }
        #expect(failures == 7)
        let holders = try store.everything(of: .service).objects.filter {
            $0.document["spec"]?["clusterIP"] == .string("10.0.0.9")
        }
        #expect(holders.count == 1)
    }

    @Test("An address asked for by name is not lost to a random pick of the same batch")
    func namedFirst() throws {
        for _ in 0..<20 {
            let store = try RegistryStore(location: .memory, settings: .ranges("10.0.0.0/29"))
            let report = try store.put(
                try suppliedService("prod/a"), try suppliedService("prod/b"), try suppliedService("prod/c"),
                try suppliedService("prod/d", ["clusterIP": .string("10.0.0.3")]), try suppliedService("prod/e"),
                try suppliedService("prod/f"))
            #expect(report.failures.isEmpty)
            #expect(try store.service("prod/d").clusterIP == "10.0.0.3")
        }
    }

    @Test("A Service without address is stored and waits; it gets one in the transaction that frees it")
    func pending() throws {
        let store = try RegistryStore(location: .memory, settings: .ranges("10.0.0.0/29", quarantine: 0))
        for number in 0..<6 { try store.put(try suppliedService("prod/s\(number)")) }
        let report = try store.put(try suppliedService("prod/late"))
        #expect(
            report.failures == [
                ApplyReport.Failure(
                    key: serviceKey("prod/late"),
                    reason: "spec.clusterIPs: no free address in 10.0.0.0/29 (6 used, 0 quarantined)")
            ])
        #expect(try store.service("prod/late").clusterIPs.isEmpty)
        let freed = try store.service("prod/s3").clusterIP
        let release = try store.put(deleting: "prod/s3")
        #expect(release.resolved == [serviceKey("prod/late").id])
        #expect(try store.service("prod/late").clusterIP == freed)
        #expect(try store.put(try suppliedService("prod/late")).unchanged == 1)
    }

    @Test("Of those that wait each gets what it can have, though one before it has to wait on")
    func pendingOfSeveralNeeds() throws {
        let store = try RegistryStore(
            location: .memory, settings: .ranges("10.0.0.0/29", "fd00::/125", quarantine: 0))
        let six = ["ipFamilies": JSONValue.array([.string("IPv6")])]
        for number in 0..<6 { try store.put(try suppliedService("prod/four\(number)")) }
        for number in 0..<7 { try store.put(try suppliedService("prod/six\(number)", six)) }
        let both = ["ipFamilyPolicy": JSONValue.string("RequireDualStack")]
        for name in ["a", "c"] { try store.put(try suppliedService("prod/\(name)", both)) }
        for name in ["b", "d", "e"] { try store.put(try suppliedService("prod/\(name)")) }
        #expect(try store.put(deleting: "prod/four1").resolved.map(\.name) == ["b"])
        #expect(try store.put(deleting: "prod/four2", "prod/four3").resolved.map(\.name) == ["d", "e"])
        #expect(try store.put(deleting: "prod/six1", "prod/four4").resolved.map(\.name) == ["a"])
        #expect(try store.service("prod/c").clusterIPs.isEmpty)
    }

    @Test("A wish that could not be granted is remembered, and granted when the holder goes")
    func pendingWish() throws {
        let store = try RegistryStore(location: .memory, settings: .small)
        try store.put(try suppliedService("prod/a", ["clusterIP": .string("10.0.0.9")]))
        let wanted = try suppliedService("prod/b", ["clusterIP": .string("10.0.0.9")])
        #expect(
            try store.put(wanted).failures.map(\.reason) == [
                "spec.clusterIPs: 10.0.0.9 is already allocated to prod/a"
            ])
        #expect(try store.service("prod/b").clusterIP.isEmpty)
        // The manifest's own text is what is reported as supplied, not the stripped one.
        #expect(try store.supplied(by: "manifests").contains(wanted))
        // Quarantine does not stand against a request by name.
        #expect(try store.put(deleting: "prod/a").resolved == [serviceKey("prod/b").id])
        #expect(try store.service("prod/b").clusterIP == "10.0.0.9")
    }

    @Test("A pending Service that is deleted waits no more")
    func pendingDeleted() throws {
        let store = try RegistryStore(location: .memory, settings: .ranges("10.0.0.0/29", quarantine: 0))
        for number in 0..<7 { try store.put(try suppliedService("prod/s\(number)")) }
        try store.put(deleting: "prod/s6")
        #expect(try store.put(deleting: "prod/s0").resolved.isEmpty)
        #expect(try store.stored("prod/s6") == nil)
    }

    @Test("An immutable address stays in force, and the refusal is reported")
    func immutable() throws {
        let store = try RegistryStore(location: .memory, settings: .small)
        try store.put(try suppliedService("prod/web", ["clusterIP": .string("10.0.0.9")]))
        let before = try store.stored("prod/web")
        let report = try store.put(try suppliedService("prod/web", ["clusterIP": .string("10.0.0.10")]))
        #expect(
            report.failures.map(\.reason) == [
                "spec.clusterIPs[0]: Invalid value: [\"10.0.0.10\"]: may not change once set (it is 10.0.0.9)"
            ])
        #expect(try store.stored("prod/web") == before)
        #expect(try store.put(try suppliedService("prod/web")).unchanged == 1)
    }

    @Test("An update that must wait for a second address leaves the first in force and comes later")
    func pendingUpdate() throws {
        let store = try RegistryStore(
            location: .memory, settings: .ranges("10.0.0.0/24", "fd00::/125", quarantine: 0))
        for number in 0..<7 {
            try store.put(try suppliedService("prod/s\(number)", ["ipFamilies": .array([.string("IPv6")])]))
        }
        try store.put(try suppliedService("prod/web"))
        let address = try store.service("prod/web").clusterIP
        let report = try store.put(try suppliedService("prod/web", ["ipFamilyPolicy": .string("RequireDualStack")]))
        #expect(report.failures.count == 1)
        #expect(try store.service("prod/web").clusterIPs == [address])
        #expect(try store.put(deleting: "prod/s1").resolved == [serviceKey("prod/web").id])
        let web = try store.service("prod/web")
        #expect(web.clusterIP == address && web.clusterIPs.count == 2 && web.familyPolicy == .requireDualStack)
    }

    @Test("Coming back from ExternalName may have to wait")
    func externalName() throws {
        let store = try RegistryStore(location: .memory, settings: .ranges("10.0.0.0/29", quarantine: 0))
        try store.put(
            try suppliedService("prod/web", ["type": .string("ExternalName"), "externalName": .string("example.org")]))
        for number in 0..<6 { try store.put(try suppliedService("prod/s\(number)")) }
        #expect(try store.put(try suppliedService("prod/web")).failures.count == 1)
        #expect(try store.service("prod/web").kind == .clusterIP)
        #expect(try store.put(deleting: "prod/s1").resolved == [serviceKey("prod/web").id])
        // And becoming one frees the address at once.
        try store.put(try suppliedService("prod/late"))
        let report = try store.put(
            try suppliedService("prod/web", ["type": .string("ExternalName"), "externalName": .string("example.org")]))
        #expect(report.resolved == [serviceKey("prod/late").id])
        #expect(try store.service("prod/web").clusterIPs.isEmpty)
    }

    @Test("Node ports are kept with the Service and freed with it")
    func nodePorts() throws {
        let store = try RegistryStore(
            location: .memory, settings: .ranges("10.0.0.0/24", nodePorts: 30000...30000, quarantine: 0))
        try store.put(try suppliedService("prod/a", ["type": .string("NodePort")]))
        #expect(try store.service("prod/a").ports[0].nodePort == 30000)
        let report = try store.put(try suppliedService("prod/b", ["type": .string("NodePort")]))
        #expect(
            report.failures.map(\.reason) == [
                "spec.ports[0].nodePort: no free node port in 30000-30000 (1 used)"
            ])
        // Nothing by halves: without a node port there is no address either.
        #expect(try store.service("prod/b").clusterIP.isEmpty)
        #expect(try store.put(try suppliedService("prod/a")).resolved == [serviceKey("prod/b").id])
        #expect(try store.service("prod/b").ports[0].nodePort == 30000)
    }

    @Test("A dual-stack Service gets and gives back both addresses")
    func dualStack() throws {
        let store = try RegistryStore(
            location: .memory, settings: .ranges("10.0.0.0/24", "fd00::/112"))
        try store.put(try suppliedService("prod/web", ["ipFamilyPolicy": .string("RequireDualStack")]))
        let both = try store.service("prod/web")
        #expect(both.virtualIPs.map(\.family) == [.ipv4, .ipv6])
        try store.put(try suppliedService("prod/web", ["ipFamilyPolicy": .string("SingleStack")]))
        #expect(try store.service("prod/web").clusterIPs == [both.clusterIP])
    }

    @Test("A start that names no ranges has those of the last one; another one's are told beside them")
    func rangesOfLastStart() throws {
        let folder = RegistryFolder()
        func cidrs(_ texts: String...) -> [CIDR] { texts.compactMap { CIDR($0) } }
        do {
            let store = try folder.open(StoreSettings())
            #expect(store.serviceCIDRs == cidrs("10.96.0.0/16") && store.formerServiceCIDRs == nil)
        }
        do {
            let store = try folder.open(.ranges("10.9.0.0/24", "fd00::/112"))
            #expect(store.serviceCIDRs == cidrs("10.9.0.0/24", "fd00::/112"))
            #expect(store.formerServiceCIDRs == cidrs("10.96.0.0/16"))
        }
        let store = try folder.open(StoreSettings())
        #expect(store.serviceCIDRs == cidrs("10.9.0.0/24", "fd00::/112"))
        #expect(store.formerServiceCIDRs == store.serviceCIDRs)
    }

    @Test("New addresses come from the ranges of this start; old ones stay and are found by the audit")
    func changedRange() throws {
        let folder = RegistryFolder()
        var former = ""
        do {
            let store = try folder.open(.ranges("10.0.0.0/24"))
            try store.put(try suppliedService("prod/web"))
            former = try store.service("prod/web").clusterIP
        }
        let store = try folder.open(.ranges("10.9.0.0/24"))
        #expect(try store.put(try suppliedService("prod/web")).unchanged == 1)
        try store.put(try suppliedService("prod/api"))
        #expect(try store.service("prod/web").clusterIP == former)
        #expect(try store.service("prod/api").clusterIP.hasPrefix("10.9.0."))
        let findings = try RegistryReader(directory: folder.path).addressing().findings
        #expect(findings.map(\.description) == ["\(former) of prod/web is in no configured range"])
    }

    @Test("A released address rests; it is given again when its time is over, to a Service that waits as well")
    func quarantine() async throws {
        let folder = RegistryFolder()
        let clock = StillClock()
        let store = try folder.open(.ranges("10.0.0.0/29", quarantine: 60), clock: clock.clock)
        for number in 0..<6 { try store.put(try suppliedService("prod/s\(number)")) }
        let freed = try store.service("prod/s0").clusterIP
        try store.put(deleting: "prod/s0")
        let report = try store.put(try suppliedService("prod/late"))
        #expect(
            report.failures.map(\.reason) == [
                "spec.clusterIPs: no free address in 10.0.0.0/29 (5 used, 1 quarantined)"
            ])
        let reader = try RegistryReader(directory: folder.path)
        #expect(try reader.addressing().quarantine?.count == 1)

        let upkeep = Task { try await store.run() }
        for _ in 0..<3 {
            // Rounds in which nothing ends; each takes one sleep and no more.
            try store.put(try suppliedService("prod/s1", ["sessionAffinity": .string("None")]))
            try store.put(try suppliedService("prod/s1"))
        }
        var events = try await store.events().makeAsyncIterator()
        _ = try await events.next()
        await until { clock.sleeps != 0 }
        clock.advance(seconds: 60)
        _ = try await events.next()
        #expect(try store.service("prod/late").clusterIP == freed)
        let addressing = try reader.addressing()
        #expect(addressing.findings.isEmpty && addressing.quarantine == [:] && addressing.pending.isEmpty)
        upkeep.cancel()
        clock.wakeAll()
        try await upkeep.value
        #expect(clock.sleeps < 20)
    }

    @Test("The upkeep wakes for a second quarantine as well, and does not spin between")
    func upkeepRounds() async throws {
        let clock = StillClock()
        let store = try RegistryStore(
            location: .memory, settings: .ranges("10.0.0.0/29", quarantine: 60), clock: clock.clock)
        for number in 0..<6 { try store.put(try suppliedService("prod/s\(number)")) }
        let upkeep = Task { try await store.run() }
        var events = try await store.events().makeAsyncIterator()
        _ = try await events.next()
        for number in 0..<3 {
            try store.put(deleting: "prod/s\(number)")
            _ = try await events.next()
            let sleeps = clock.sleeps
            try store.put(try suppliedService("prod/late\(number)"))
            _ = try await events.next()
            await until { clock.sleeps != sleeps }
            clock.advance(seconds: 60)
            _ = try await events.next()
            #expect(!(try store.service("prod/late\(number)").clusterIP.isEmpty))
        }
        upkeep.cancel()
        clock.wakeAll()
        try await upkeep.value
        #expect(clock.sleeps < 30)
    }
}
