@testable import KubernetesRegistry
import Registry
import TestSupport
import Testing

/// The registry against the project's own API.
@Suite(.timeLimit(.minutes(1)))
struct OwnAPITests {
    private static func with(
        retainedEvents: Int = 10_000, _ body: (OwnAPI, Writer) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let api = try OwnAPI(folder: folder.path("data"), retainedEvents: retainedEvents)
        try await api.start()
        let writer = try Writer(await api.port)
        do {
            try await writer.create(namespace: "prod")
            try await body(api, writer)
        } catch {
            await writer.close()
            await api.stop()
            throw error
        }
        await writer.close()
        await api.stop()
    }

    private static let selection = DiscoverySelection(includesPods: false)

    @Test("What is there is told by a streaming list, and every change after it")
    func changes() async throws {
        try await Self.with { api, writer in
            for name in ["a", "b"] { try await writer.create(service: name) }
            try await writer.create(slice: "a-1", of: "a", addresses: ["10.0.0.1", "10.0.0.2"])
            try await Following.with(OwnAPI.url(await api.port), selection: Self.selection) { following in
                await following.services(["a", "b"])
                await following.until { $0.names(.endpointSlice) == ["a-1"] }
                let slice = following.known.objects[DiscoveryKey(.endpointSlice, Samples.id("a-1"))]
                guard case .endpointSlice(let slice)? = slice else {
                    Issue.record("no slice")
                    return
                }
                #expect(slice.service == "a" && slice.endpoints.count == 2)
                try await writer.create(service: "c")
                try await writer.delete(service: "a")
                await following.services(["b", "c"])
                let text = following.metrics.text()
                #expect(
                    text.contains(
                        "swiftlet_registry_lists_total{host=\"127.0.0.1:\(await api.port)\",kind=\"services\"} 1\n"))
            }
        }
    }

    @Test("An outage costs no answers; what changed meanwhile is told after it, and nothing else")
    func outage() async throws {
        try await Self.with { api, writer in
            for name in ["a", "b"] { try await writer.create(service: name) }
            try await Following.with(OwnAPI.url(await api.port), selection: Self.selection) { following in
                await following.services(["a", "b"])
                #expect(await following.registry.status.waitUntilSynced(within: .seconds(30)))
                await api.stop()
                let before = following.known.changes
                try await api.start()
                try await writer.create(service: "c")
                try await writer.delete(service: "b")
                await following.services(["a", "c"])
                #expect(following.known.changes == before + 2)
            }
        }
    }

    @Test("A version that the API no longer keeps leads to a new list of which only differences are told")
    func expired() async throws {
        try await Self.with(retainedEvents: 3) { api, writer in
            for name in ["a", "b"] { try await writer.create(service: name) }
            let folder = try TemporaryFolder()
            let file = folder.path("cluster-state")
            let url = OwnAPI.url(await api.port)
            try await Following.with(url, stateFile: file) { await $0.synced(["a", "b"]) }
            // More changes than the API keeps.
            for number in 0..<5 { try await writer.create(service: "new-\(number)") }
            try await writer.delete(service: "a")
            try await Following.with(url, stateFile: file) { following in
                await following.services(["b", "new-0", "new-1", "new-2", "new-3", "new-4"])
                // Two from the file, five new, one gone.
                #expect(following.known.changes == 8)
            }
        }
    }

    @Test("A long history of changes comes to the same as a list")
    func history() async throws {
        var generator = SeededGenerator.announced()
        try await Self.with { api, writer in
            try await Following.with(OwnAPI.url(await api.port), selection: Self.selection) { following in
                await following.services([])
                var names: Set<String> = []
                for number in 0..<60 {
                    if let name = names.sorted().randomElement(using: &generator), Bool.random(using: &generator) {
                        try await writer.delete(service: name)
                        names.remove(name)
                    } else {
                        try await writer.create(service: "s\(number)")
                        names.insert("s\(number)")
                    }
                    if number == 30 {
                        await api.stop()
                        try await api.start()
                    }
                }
                let expected = names
                await following.services(expected)
            }
        }
    }
}
