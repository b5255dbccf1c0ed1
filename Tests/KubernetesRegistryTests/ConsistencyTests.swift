@testable import KubernetesRegistry
import Registry
import Synchronization
import TestSupport
import Testing

/// What is known is compared with what the API says it has.
@Suite(.timeLimit(.minutes(1)))
struct ConsistencyTests {
    private static let services = Samples.services

    @Test("An object that a watch has missed is found by counting")
    func missedEvent() async throws {
        let manual = ManualTime()
        try await ScriptedAPI.with({ request in
            guard request.path == Self.services else {
                return request.isCount
                    ? .body(200, Samples.list([Samples.namespace("prod")], version: 1)) : Samples.others(request)
            }
            if request.isCount {
                return .body(200, Samples.list([Samples.service("a")], version: 30, continuation: "c", remaining: 1))
            }
            if request.isStreamingList {
                return .stream(Samples.initial(request.number == 0 ? ["a"] : ["a", "b"], version: 30), .open)
            }
            // Time that passes for the check passes for a list as well, which may be asked for in pages then.
            return request.isWatch
                ? .stream([], .open)
                : .body(200, Samples.list([Samples.service("a"), Samples.service("b")], version: 30))
        }) { server in
            try await Following.with(server.url, time: manual.time, checkInterval: .seconds(300)) { following in
                await following.services(["a"])
                // Namespaces are compared as well, and may be the first to wait.
                await manual.sleeper(lasting: .seconds(300), count: 2)
                manual.advance(by: .seconds(300))
                // The difference is to be seen a second time.
                let passing = manual.passing(ConsistencyCheck.rest)
                await following.services(["a", "b"])
                passing.cancel()
                #expect(server.requests.filter { $0.path == Self.services && $0.isCount }.count == 2)
                #expect(
                    following.metrics.text().contains(
                        "swiftlet_registry_check_disagreements_total{host=\"127.0.0.1:\(server.port)\",kind=\"services\"} 1"
                    ))
            }
        }
    }

    /// An API with the Services a and b of version 100 at first, and then with a of version 50 alone, in which nothing
    /// happens: watches of versions to come say nothing, or that they are open.
    private static func restored(_ request: ScriptedRequest, isSilent: Bool = false) -> ScriptedAPI.Answer {
        guard request.path == services else {
            return request.isCount ? .body(200, Samples.list([], version: 50)) : Samples.others(request)
        }
        if request.isCount { return .body(200, Samples.list([Samples.service("a", version: 40)], version: 50)) }
        if request.number == 0 { return .stream(Samples.initial(["a", "b"], version: 100), .open) }
        if request.isStreamingList { return .stream(Samples.initial(["a"], version: 50), .open) }
        return .stream(isSilent ? [] : [Samples.bookmark(100)], .open)
    }

    @Test(
        "An API that was restored to an older state is noticed once a watch is open again",
        arguments: Restoration.selections)
    func restored(_ selection: DiscoverySelection) async throws {
        let manual = ManualTime()
        try await ScriptedAPI.with({ Self.restored($0, isSilent: true) }) { server in
            try await Following.with(server.url, selection: selection, time: manual.time) { following in
                await following.services(["a", "b"])
                manual.advance(by: .seconds(2))
                server.cut(Self.services)
                await manual.pass(.milliseconds(1200))
                // Two lists, and the watch: once it is open, it is taken for one that follows after a while.
                let answers =
                    "coredns_kubernetes_rest_client_requests_total{code=\"200\","
                    + "host=\"127.0.0.1:\(server.port)\",method=\"GET\"} 3"
                await until { following.metrics.text().contains(answers) }
                await manual.pass(.seconds(1))
                await following.services(["a"])
                let asked = server.requests.filter { $0.path == Self.services }
                #expect(asked.map(\.isCount) == [false, false, true, false], "asked once")
                #expect(asked[1].has("resourceVersion=100"))
            }
        }
    }

    @Test("An API that was restored to an older state while nobody followed is noticed")
    func restoredBeforeStart() async throws {
        let folder = try TemporaryFolder()
        let file = folder.path("cluster-state")
        try await ScriptedAPI.with({ Self.restored($0) }) { server in
            try await Following.with(server.url, stateFile: file) { await $0.synced(["a", "b"]) }
            let manual = ManualTime()
            try await Following.with(server.url, time: manual.time, stateFile: file) { await $0.services(["a"]) }
        }
    }

    @Test("A bookmark of an older version than is known makes the API be asked")
    func olderBookmark() async throws {
        let manual = ManualTime()
        try await ScriptedAPI.with({ Self.restored($0) }) { server in
            try await Following.with(server.url, time: manual.time) { following in
                await following.services(["a", "b"])
                server.push(Self.services, Samples.bookmark(100))
                server.push(Self.services, Samples.bookmark(60))
                await following.services(["a"])
                #expect(server.requests.filter { $0.path == Self.services }.map(\.isCount) == [false, true, false])
            }
        }
    }

    @Test("An API that cannot say what it has is asked again after a while, and one that will not is not")
    func unsaid() async throws {
        let manual = ManualTime()
        let asked = Mutex(0)
        try await ScriptedAPI.with({ request in
            guard request.isCount, request.path == Self.services else { return Self.restored(request) }
            let isFirst = asked.withLock { asked in
                asked += 1
                return asked == 1
            }
            return isFirst ? .body(503, "") : .body(403, Samples.status(403, "Forbidden"))
        }) { server in
            try await Following.with(server.url, time: manual.time) { following in
                await following.services(["a", "b"])
                manual.advance(by: .seconds(2))
                server.cut(Self.services)
                await manual.pass(.milliseconds(1200))
                let passing = manual.passing(ConsistencyCheck.rest)
                // After the second answer all is as in peace.
                await manual.sleeper(lasting: ConsistencyCheck.interval - ConsistencyCheck.rest)
                passing.cancel()
                #expect(asked.withLock { $0 } == 2)
            }
        }
    }
}

/// What is followed of an API that goes back.
private enum Restoration {
    static let selections = [
        DiscoverySelection(includesEndpoints: false, includesPods: false),
        // The API does not count where it selects.
        DiscoverySelection(labels: selector, includesEndpoints: false, includesPods: false),
    ]

    private static let selector = (try? LabelSelector(parsing: "app")) ?? LabelSelector()
}
