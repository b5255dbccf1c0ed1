import AddressAllocator
import Foundation
import Registry
import TestSupport
import Testing

@testable import EmbeddedRegistry

/// IPAddress and ServiceCIDR objects: the same allocations, seen and made from another side.
struct RegistryStoreRangeTests {
    // MARK: IPAddress

    @Test("A Service's addresses are objects from its creation to its removal")
    func addressesOfService() async throws {
        let store = try RegistryStore(location: .memory, settings: .ranges("10.0.0.0/24", "fd00::/112"))
        try await store.create(try suppliedService("prod/web", ["ipFamilyPolicy": .string("RequireDualStack")]))
        let addresses = try store.service("prod/web").clusterIPs
        #expect(try store.everything(of: .ipAddress).objects.map(\.key.id.name).sorted() == addresses.sorted())
        for (address, family) in zip(addresses, ["IPv4", "IPv6"]) {
            let record = try #require(try await store.object(clusterKey(.ipAddress, address)))
            let object = try record.document()
            #expect(object["metadata"]?["labels"]?["ipaddress.kubernetes.io/ip-family"] == .string(family))
            #expect(
                object["metadata"]?["labels"]?["ipaddress.kubernetes.io/managed-by"] == .string("ipallocator.k8s.io"))
            #expect(object["metadata"]?["namespace"] == nil)
            let parent = try json(#"{"resource":"services","namespace":"prod","name":"web"}"#)
            #expect(object["spec"]?["parentRef"] == parent)
            // Made before the Service that holds it.
            #expect(try record.version < #require(try await store.object(serviceKey("prod/web"))).version)
        }
        let single = try suppliedService("prod/web", ["ipFamilyPolicy": .string("SingleStack")])
        try await store.update(single)
        #expect(try store.everything(of: .ipAddress).objects.map(\.key.id.name) == [addresses[0]])
        try await store.update(
            try suppliedService("prod/web", ["type": .string("ExternalName"), "externalName": .string("example.org")]))
        #expect(try store.everything(of: .ipAddress).objects.isEmpty)
        try await store.update(try suppliedService("prod/web"))
        let removed = try await store.delete(serviceKey("prod/web"))
        #expect(try store.everything(of: .ipAddress).objects.isEmpty)
        // And removed after it.
        #expect(await store.newestVersion.rawValue == removed.version.rawValue + 1)
    }

    @Test("An address claimed by hand is refused to Services until the claim goes, over a restart as well")
    func claim() async throws {
        let folder = RegistryFolder()
        let settings = StoreSettings.ranges("10.0.0.0/29", quarantine: 0)
        let key = clusterKey(.ipAddress, "10.0.0.3")
        do {
            let store = try folder.open(settings)
            // Whatever it says of a Service: that has not asked for it.
            var claim = addressDocument("10.0.0.3", parent: "s0")
            claim["metadata"]?["labels"] = .object([
                "ipaddress.kubernetes.io/managed-by": .string("ipallocator.k8s.io")
            ])
            try await store.create(key, claim)
            for number in 0..<5 { try await store.create(try suppliedService("prod/s\(number)")) }
        }
        let store = try folder.open(settings)
        let named = try suppliedService("prod/named", ["clusterIP": .string("10.0.0.3")])
        let error = await #expect(throws: AddressingError.self) { try await store.create(named) }
        #expect(
            error?.violations.map(\.description) == [
                "spec.clusterIPs: Invalid value: [\"10.0.0.3\"]: failed to allocate IP 10.0.0.3: "
                    + "provided IP is already allocated"
            ])
        let full = await #expect(throws: AddressingError.self) { try await store.create(try suppliedService("prod/a")) }
        #expect(full?.isInternal == true)
        let addressing = try RegistryReader(directory: folder.path).addressing()
        #expect(addressing.findings.isEmpty && addressing.claims.map(\.description) == ["10.0.0.3"])
        #expect(RegistryCheck(directory: folder.path).problems == [])
        try await store.delete(key)
        try await store.create(named)
        let object = try #require(try await store.object(key)).document()
        #expect(object["spec"]?["parentRef"]?["name"] == .string("named"))
    }

    @Test("A claim by hand ends the wait of none, and its end that of one who asked for it")
    func claimAndPending() async throws {
        let store = try RegistryStore(location: .memory, settings: .small)
        let key = clusterKey(.ipAddress, "10.0.0.9")
        try await store.create(key, addressDocument("10.0.0.9"))
        #expect(
            try store.put(try suppliedService("prod/web", ["clusterIP": .string("10.0.0.9")])).failures.map(\.reason)
                == ["spec.clusterIPs: 10.0.0.9 is already allocated to IPAddress 10.0.0.9"])
        try await store.delete(key)
        #expect(try store.service("prod/web").clusterIP == "10.0.0.9")
    }

    @Test("The object of a Service's address goes with the Service only, and stays its")
    func heldAddress() async throws {
        let store = try RegistryStore(location: .memory, settings: .small)
        try await store.create(try suppliedService("prod/web", ["clusterIP": .string("10.0.0.9")]))
        let key = clusterKey(.ipAddress, "10.0.0.9")
        let stored = try #require(try await store.object(key))
        for write in [
            ObjectWrite.deleting(key), .deleting(key, expecting: stored.version),
            .updating(key, addressDocument("10.0.0.9", parent: "other")),
        ] {
            await #expect(throws: ObjectStoreError.self) { try await store.write(write) }
        }
        await #expect(throws: ObjectStoreError.alreadyExists(key)) {
            try await store.create(key, addressDocument("10.0.0.9"))
        }
        #expect(try await store.object(key) == stored)
        var labelled = try stored.document()
        labelled["metadata"]?["labels"] = .object(["mine": .string("yes")])
        // The core group may be written or not.
        labelled["spec"]?["parentRef"]?["group"] = .string("")
        try await store.update(key, labelled)
        #expect(try await store.object(key)?.document()["spec"] == stored.document()["spec"])
        try await store.delete(serviceKey("prod/web"))
        #expect(try await store.object(key) == nil)
    }

    @Test("The name of a claim is a canonical address", arguments: ["10.0.0.010", "FD00::1", "fd00:0::1", "web", ""])
    func canonicalName(_ name: String) async throws {
        let store = try RegistryStore(location: .memory, settings: .small)
        let key = clusterKey(.ipAddress, name)
        let error = await #expect(throws: ObjectStoreError.self) {
            try await store.create(key, addressDocument(name))
        }
        guard case .invalid(key, let violations)? = error else {
            Issue.record("not refused as invalid")
            return
        }
        #expect(violations.map(\.path) == ["metadata.name"])
        #expect(await store.newestVersion.rawValue == 1)
    }

    // MARK: ServiceCIDR

    @Test("The ranges of the start are the ServiceCIDR kubernetes, ready and held by a finalizer")
    func defaultRange() async throws {
        let clock = StillClock()
        let store = try RegistryStore(
            location: .memory, settings: .ranges("10.0.0.0/24", "fd00::/112"), clock: clock.clock)
        let object = try #require(try await store.object(clusterKey(.serviceCIDR, "kubernetes"))).document()
        #expect(object["spec"] == .object(["cidrs": .array([.string("10.0.0.0/24"), .string("fd00::/112")])]))
        #expect(object["metadata"]?["finalizers"] == .array([.string("networking.k8s.io/service-cidr-finalizer")]))
        guard case .array(let conditions)? = object["status"]?["conditions"] else {
            Issue.record("no conditions")
            return
        }
        #expect(conditions.count == 1 && conditions[0]["type"] == .string("Ready"))
        #expect(conditions[0]["status"] == .string("True"))
        #expect(conditions[0]["lastTransitionTime"] == .string("2027-01-15T08:00:00Z"))
    }

    @Test("A second ServiceCIDR widens the range at once, for who waits as well, and is there after a restart")
    func secondRange() async throws {
        let folder = RegistryFolder()
        let settings = StoreSettings.ranges("10.0.0.0/29", quarantine: 0)
        do {
            let store = try folder.open(settings)
            for number in 0..<6 { try await store.create(try suppliedService("prod/s\(number)")) }
            #expect(try store.put(try suppliedService("prod/late")).failures.count == 1)
            let named = try suppliedService("prod/named", ["clusterIP": .string("10.1.0.5")])
            let error = await #expect(throws: AddressingError.self) { try await store.create(named) }
            #expect(
                error?.violations.first?.detail
                    == "failed to allocate IP 10.1.0.5: the provided network does not match the current range")
            // Its name stands before that of the default one.
            try await store.create(clusterKey(.serviceCIDR, "another"), rangeDocument("another", "10.1.0.0/28"))
            #expect(try store.service("prod/late").clusterIP.hasPrefix("10.1.0."))
            if try store.service("prod/late").clusterIP != "10.1.0.5" { try await store.create(named) }
            let object = try #require(try await store.object(clusterKey(.serviceCIDR, "another"))).document()
            #expect(object["metadata"]?["finalizers"] == .array([.string("networking.k8s.io/service-cidr-finalizer")]))
        }
        let store = try folder.open(settings)
        try await store.create(try suppliedService("prod/after"))
        #expect(try store.service("prod/after").clusterIP.hasPrefix("10.1.0."))
        let addressing = try RegistryReader(directory: folder.path).addressing()
        #expect(addressing.ranges.map(\.cidr.description) == ["10.0.0.0/29", "10.1.0.0/28"])
        #expect(addressing.findings.isEmpty)
    }

    @Test(
        "A range of the other family makes dual stack possible, and the default family stays",
        arguments: [
            "another", "zebra",
        ])
    func secondFamily(name: String) async throws {
        let folder = RegistryFolder()
        let wanted = ["ipFamilyPolicy": JSONValue.string("RequireDualStack")]
        do {
            let store = try folder.open(.ranges("10.0.0.0/24"))
            await #expect(throws: AddressingError.self) {
                try await store.create(try suppliedService("prod/both", wanted))
            }
            try await store.create(clusterKey(.serviceCIDR, name), rangeDocument(name, "fd00::/112"))
            try await store.create(try suppliedService("prod/both", wanted))
            #expect(try store.service("prod/both").families == [.ipv4, .ipv6])
        }
        let store = try folder.open(.ranges("10.0.0.0/24"))
        try await store.create(try suppliedService("prod/web"))
        #expect(try store.service("prod/web").families == [.ipv4])
    }

    @Test("A range that is being removed gives nothing, stays while it is needed, and goes with its last address")
    func removal() async throws {
        let folder = RegistryFolder()
        let settings = StoreSettings.ranges("10.0.0.0/29", quarantine: 0)
        let clock = StillClock()
        let store = try folder.open(settings, clock: clock.clock)
        let key = clusterKey(.serviceCIDR, "extra")
        try await store.create(key, rangeDocument("extra", "10.1.0.0/24"))
        try await store.create(try suppliedService("prod/held", ["clusterIP": .string("10.1.0.9")]))
        _ = try await store.write(Self.marking(key))
        clock.advance(seconds: 10)
        var object = try #require(try await store.object(key)).document()
        #expect(Self.condition(of: object) == ["False", "Terminating"])
        #expect(object["metadata"]?["deletionTimestamp"] != nil)
        let error = await #expect(throws: AddressingError.self) {
            try await store.create(try suppliedService("prod/a", ["clusterIP": .string("10.1.0.10")]))
        }
        #expect(error?.violations.first?.detail.contains("does not match the current range") == true)
        for number in 0..<6 { try await store.create(try suppliedService("prod/s\(number)")) }
        await #expect(throws: AddressingError.self) { try await store.create(try suppliedService("prod/more")) }
        // What lies in it is in its place.
        #expect(try RegistryReader(directory: folder.path).addressing().findings.isEmpty)
        #expect(try await store.update(try suppliedService("prod/held")).key == serviceKey("prod/held"))
        try await store.delete(serviceKey("prod/s0"))
        object = try #require(try await store.object(key)).document()
        #expect(Self.condition(of: object) == ["False", "Terminating"])
        try await store.delete(serviceKey("prod/held"))
        #expect(try await store.object(key) == nil)
        #expect(try RegistryReader(directory: folder.path).addressing().findings.isEmpty)
        #expect(RegistryCheck(directory: folder.path).problems == [])
    }

    @Test("The default family is that of the start's first range, whatever ranges come first later")
    func defaultFamily() async throws {
        let folder = RegistryFolder()
        for isFirst in [true, false] {
            let store = try folder.open(.ranges("10.0.0.0/29", quarantine: 0))
            if isFirst {
                // Written before the range of the start, as its name sorts before that.
                try await store.create(
                    clusterKey(.serviceCIDR, "extra"), rangeDocument("extra", "fd00:1::/112", "10.1.0.0/24"))
                _ = try await store.write(Self.marking(clusterKey(.serviceCIDR, "kubernetes")))
            } else {
                // What fails has all read anew.
                #expect(throws: CancellationError.self) {
                    try store.write { _ -> Int in throw CancellationError() }
                }
            }
            try await store.create(try suppliedService("prod/\(isFirst ? "first" : "second")"))
            #expect(try store.service("prod/\(isFirst ? "first" : "second")").families == [.ipv4])
        }
    }

    @Test("The default range is made again once it has gone, in time or at once, and gives addresses")
    func defaultRangeGone() async throws {
        let clock = StillClock()
        let store = try RegistryStore(location: .memory, settings: .ranges("10.0.0.0/29"), clock: clock.clock)
        let key = clusterKey(.serviceCIDR, "kubernetes")
        let first = try #require(try await store.object(key)).uid
        _ = try await store.write(Self.marking(key))
        clock.advance(seconds: 10)
        try store.retryPending()
        let second = try #require(try await store.object(key))
        #expect(second.uid != first)
        #expect(Self.condition(of: try second.document()).first == "True")
        try await store.delete(key)
        let third = try #require(try await store.object(key))
        #expect(third.uid != second.uid)
        #expect(try third.document()["spec"] == second.document()["spec"])
        try await store.create(try suppliedService("prod/web"))
        #expect(try store.service("prod/web").clusterIP.hasPrefix("10.0.0."))
    }

    @Test("A range whose addresses lie in another one as well goes ten seconds later, and so does an empty one")
    func removalInTime() async throws {
        let clock = StillClock()
        let store = try RegistryStore(location: .memory, settings: .ranges("10.0.0.0/24"), clock: clock.clock)
        try await store.create(clusterKey(.serviceCIDR, "half"), rangeDocument("half", "10.0.0.0/25"))
        try await store.create(clusterKey(.serviceCIDR, "empty"), rangeDocument("empty", "10.9.0.0/25"))
        try await store.create(try suppliedService("prod/web", ["clusterIP": .string("10.0.0.9")]))
        for name in ["half", "empty"] {
            _ = try await store.write(Self.marking(clusterKey(.serviceCIDR, name)))
            clock.advance(seconds: 9)
            try store.retryPending()
            #expect(try await store.object(clusterKey(.serviceCIDR, name)) != nil)
            clock.advance(seconds: 1)
            try store.retryPending()
            #expect(try await store.object(clusterKey(.serviceCIDR, name)) == nil)
        }
        try await store.create(try suppliedService("prod/api", ["clusterIP": .string("10.0.0.10")]))
        await #expect(throws: AddressingError.self) {
            try await store.create(try suppliedService("prod/a", ["clusterIP": .string("10.9.0.10")]))
        }
    }

    @Test("A finalizer of somebody else's holds a range that is no longer needed")
    func foreignFinalizer() async throws {
        let clock = StillClock()
        let store = try RegistryStore(location: .memory, settings: .ranges("10.0.0.0/24"), clock: clock.clock)
        let key = clusterKey(.serviceCIDR, "extra")
        var range = rangeDocument("extra", "10.1.0.0/24")
        range["metadata"]?["finalizers"] = .array([.string("example.org/audit")])
        try await store.create(key, range)
        _ = try await store.write(Self.marking(key))
        clock.advance(seconds: 10)
        try store.retryPending()
        let object = try #require(try await store.object(key)).document()
        #expect(object["metadata"]?["finalizers"] == .array([.string("example.org/audit")]))
    }

    @Test("A range whose time comes goes without anybody's doing, also behind a restart", arguments: [false, true])
    func removalByItself(isRestarted: Bool) async throws {
        let folder = RegistryFolder()
        let clock = StillClock()
        let key = clusterKey(.serviceCIDR, "extra")
        var store: RegistryStore? = try folder.open(.ranges("10.0.0.0/24"), clock: clock.clock)
        try await store?.create(key, rangeDocument("extra", "10.1.0.0/24"))
        _ = try await store?.write(Self.marking(key))
        if isRestarted {
            store = nil
            store = try folder.open(.ranges("10.0.0.0/24"), clock: clock.clock)
        }
        let running = try #require(store)
        let upkeep = Task { try await running.run() }
        var changes = try await running.changes(after: running.newestVersion).makeAsyncIterator()
        await until { clock.sleeps != 0 }
        clock.advance(seconds: 10)
        let change = try await changes.next()?.last
        #expect(change?.key == key && change?.kind == .deleted)
        upkeep.cancel()
        clock.wakeAll()
        _ = await upkeep.result
    }

    @Test("A start with the same ranges keeps what the object has gained; one with others sets them")
    func changedStart() async throws {
        let folder = RegistryFolder()
        let key = clusterKey(.serviceCIDR, "kubernetes")
        func networks(_ store: RegistryStore) async throws -> JSONValue? {
            try await store.object(key)?.document()["spec"]?["cidrs"]
        }
        let both = JSONValue.array([.string("10.0.0.0/24"), .string("fd00::/112")])
        do {
            let store = try folder.open(.ranges("10.0.0.0/24"))
            _ = try await store.write(
                ObjectWrite(key, feeder: "api") { stored, _ in
                    var object = try stored?.document() ?? .null
                    object["spec"]?["cidrs"] = both
                    object["metadata"]?["labels"] = .object(["mine": .string("yes")])
                    return .put(object)
                })
        }
        do {
            let store = try folder.open(.ranges("10.0.0.0/24"))
            #expect(try await networks(store) == both)
            try await store.create(try suppliedService("prod/six", ["ipFamilies": .array([.string("IPv6")])]))
        }
        let store = try folder.open(.ranges("10.7.0.0/24"))
        #expect(try await networks(store) == .array([.string("10.7.0.0/24")]))
        #expect(try await store.object(key)?.document()["metadata"]?["labels"] == .object(["mine": .string("yes")]))
        try await store.create(try suppliedService("prod/web"))
        #expect(try store.service("prod/web").clusterIP.hasPrefix("10.7.0."))
    }

    /// What a deletion makes of an object that a finalizer holds.
    private static func marking(_ key: ObjectKey) -> ObjectWrite {
        ObjectWrite(key, feeder: "api") { stored, transaction in
            guard let stored else { throw ObjectStoreError.notFound(key) }
            var document = try stored.document()
            document["metadata"]?["deletionTimestamp"] = .string(transaction.now.text)
            return .put(document)
        }
    }

    /// Status and reason of the condition Ready.
    private static func condition(of object: JSONValue) -> [String?] {
        guard case .array(let conditions)? = object["status"]?["conditions"] else { return [] }
        return conditions.filter { $0["type"] == .string("Ready") }.flatMap {
            [$0["status"]?.string, $0["reason"]?.string]
        }
    }
}
