@testable import KubernetesRegistry
import KeptState
import Registry
import TestSupport
import Testing

/// A registry that begins with what an earlier process knew.
@Suite(.timeLimit(.minutes(1)))
struct RestartTests {
    private static let services = Samples.services

    @Test("The last state is told after a restart while the API is out of reach, and the watch goes on from it")
    func stateFile() async throws {
        let folder = try TemporaryFolder()
        let file = folder.path("cluster-state")
        try await ScriptedAPI.with({ request in
            guard request.path == Self.services else {
                return request.isStreamingList ? Samples.others(request) : .stream([], .open)
            }
            switch request.number {
            case 0: return .stream(Samples.initial(["a", "b"], version: 10), .open)
            case 1, 2: return .body(503, "later")
            default: return .stream([Samples.event("DELETED", Samples.service("a", version: 11))], .open)
            }
        }) { server in
            try await Following.with(server.url, stateFile: file) { await $0.synced(["a", "b"]) }
            let manual = ManualTime()
            try await Following.with(server.url, time: manual.time, stateFile: file) { following in
                await following.services(["a", "b"])
                let status = following.registry.status
                let isSynced = await status.waitUntilSynced(within: .seconds(5))
                #expect(isSynced && !status.isInSync && status.source == .file)
                #expect(status.stateAge != nil)
                await manual.pass(.milliseconds(1200))
                await manual.pass(.milliseconds(2400))
                await following.services(["b"])
                let asked = server.requests.filter { $0.path == Self.services && !$0.isCount }
                #expect(asked.dropFirst().allSatisfy { $0.has("resourceVersion=10") && $0.isWatch })
                manual.advance(by: .seconds(1))
                #expect(status.source == .api || !status.isInSync)
            }
        }
    }

    @Test("A stored version that is too old leads to a list, of which only differences are told")
    func expiredState() async throws {
        let folder = try TemporaryFolder()
        let file = folder.path("cluster-state")
        try await ScriptedAPI.with({ request in
            guard request.path == Self.services else {
                return request.isStreamingList ? Samples.others(request) : .stream([], .open)
            }
            if !request.isStreamingList {
                return .stream([Samples.event("ERROR", Samples.status(410, "Expired"))], .complete)
            }
            return .stream(Samples.initial(request.number == 0 ? ["a", "b"] : ["b", "c"], version: 10), .open)
        }) { server in
            try await Following.with(server.url, stateFile: file) { await $0.synced(["a", "b"]) }
            try await Following.with(server.url, stateFile: file) { following in
                await following.services(["b", "c"])
                // Two of the file, one gone, one new.
                #expect(following.known.changes == 4)
                #expect(await following.registry.status.waitUntilSynced(within: .seconds(10)))
            }
        }
    }

    @Test("A damaged file is ignored, and made anew")
    func damagedFile() async throws {
        let folder = try TemporaryFolder()
        try folder.write("cluster-state", "SWLTSTAT and then something else")
        let file = folder.path("cluster-state")
        try await ScriptedAPI.with({ request in
            guard request.path == Self.services else { return Samples.others(request) }
            return .stream(Samples.initial(["a"], version: 10), .open)
        }) { server in
            try await Following.with(server.url, stateFile: file) { await $0.synced(["a"]) }
            let bytes = try #require(try StateFile(path: file).read())
            let state = try KeptState(bytes, server: server.url, selection: Samples.servicesOnly)
            #expect(state.kinds == [.namespace, .service])
        }
    }
}
