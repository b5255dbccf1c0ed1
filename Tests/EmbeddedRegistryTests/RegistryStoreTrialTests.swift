import AddressAllocator
import Foundation
import Registry
import Testing

@testable import EmbeddedRegistry

/// Dry runs: what would become of a write, and nothing else.
struct RegistryStoreTrialTests {
    private let folder = RegistryFolder()

    /// Everything on disk and in memory that a write could alter.
    private func picture(of store: RegistryStore) async throws -> [String] {
        var lines = ["\(await store.newestVersion)"]
        for kind in ObjectKind.allCases {
            lines += try await store.objects(ListRequest(ObjectScope(kind))).records.map { "\($0)" }
        }
        let addressing = try RegistryReader(directory: folder.path).addressing()
        lines += addressing.allocations.map { "\($0)" } + addressing.nodePorts.map { "\($0)" }.sorted()
        lines += (addressing.quarantine ?? [:]).map { "\($0)" }.sorted() + addressing.ranges.map { "\($0)" }
        lines += addressing.pending.map { "\($0)" }.sorted()
        lines += store.state.withLock { state in
            let pools = state.known?.pools
            return (pools?.addresses.allocations ?? []).map { "\($0)" }
                + (pools?.addresses.ranges ?? []).map { "\($0)" }
                + (pools?.nodePorts.allocations ?? [:]).map { "\($0)" }.sorted()
        }
        return lines
    }

    @Test("A trial says what would become of the write, and changes nothing")
    func changesNothing() async throws {
        let store = try folder.open(.ranges("10.0.0.0/28"))
        try await store.create(
            try suppliedService("prod/web", ["type": .string("NodePort"), "clusterIP": .string("10.0.0.9")]))
        try await store.create(clusterKey(.ipAddress, "10.0.0.14"), addressDocument("10.0.0.14"))
        try await store.create(clusterKey(.namespace, "prod"), namespaceDocument("prod"))
        let before = try await picture(of: store)
        let outside = try suppliedService("prod/c", ["clusterIP": .string("10.0.0.14")])
        let results = await store.write([
            .creating(try suppliedService("prod/a", ["type": .string("NodePort")]), isTrial: true),
            .creating(outside, isTrial: true),
            .updating(
                serviceKey("prod/web"), try suppliedService("prod/web", ["type": .string("ClusterIP")]).document,
                isTrial: true),
            .deleting(serviceKey("prod/web"), isTrial: true),
            .deleting(clusterKey(.ipAddress, "10.0.0.14"), isTrial: true),
            .creating(clusterKey(.ipAddress, "10.0.0.13"), addressDocument("10.0.0.13"), isTrial: true),
            .creating(clusterKey(.serviceCIDR, "extra"), rangeDocument("extra", "10.1.0.0/24"), isTrial: true),
            .updating(clusterKey(.namespace, "prod"), namespaceDocument("prod", labels: ["a": "b"]), isTrial: true),
            .updating(clusterKey(.namespace, "gone"), namespaceDocument("gone"), isTrial: true),
        ])
        #expect(
            results.map { try? $0.get().kind } == [
                .created, nil, .updated, .deleted, .deleted, .created, .created, .updated, nil,
            ])
        #expect(results[1].error is AddressingError)
        let labelled = try #require(try results[7].get().record).document()
        #expect(labelled["metadata"]?["labels"] == .object(["a": .string("b")]))
        #expect(try await picture(of: store) == before)
    }

    @Test("A trial shows the base of the range for an address to come, and what was asked for as it is")
    func placeholders() async throws {
        let store = try RegistryStore(location: .memory, settings: .ranges("10.0.0.0/24", "fd00::/112"))
        func trial(_ spec: [String: JSONValue]) async throws -> JSONValue? {
            try await store.create(try suppliedService("prod/web", spec), isTrial: true).document()["spec"]
        }
        let both = try await trial(["ipFamilyPolicy": .string("RequireDualStack")])
        #expect(both?["clusterIP"] == .string("10.0.0.0"))
        #expect(both?["clusterIPs"] == .array([.string("10.0.0.0"), .string("fd00::")]))
        let named = try await trial([
            "type": .string("NodePort"), "clusterIP": .string("10.0.0.9"),
            "ipFamilyPolicy": .string("RequireDualStack"),
            "ports": try json(
                #"[{"name":"a","port":80},{"name":"b","port":81,"nodePort":30080},{"name":"c","port":82}]"#),
        ])
        #expect(named?["clusterIPs"] == .array([.string("10.0.0.9"), .string("fd00::")]))
        guard case .array(let ports)? = named?["ports"] else {
            Issue.record("no ports")
            return
        }
        #expect(ports.map { $0["nodePort"] } == [.integer(32769), .integer(30080), .integer(32770)])
        #expect(try await trial(["clusterIP": .string("None")])?["clusterIP"] == .string("None"))
        // What is stored, a trial of an update shows as it is.
        try await store.create(try suppliedService("prod/api", ["type": .string("NodePort")]))
        let stored = try #require(try await store.object(serviceKey("prod/api"))).document()["spec"]
        let update = ObjectWrite.updating(
            serviceKey("prod/api"), try suppliedService("prod/api", ["type": .string("NodePort")]).document,
            isTrial: true)
        #expect(try await store.write(update).record?.document()["spec"] == stored)
    }
}
