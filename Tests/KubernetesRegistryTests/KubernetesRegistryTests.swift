@testable import KubernetesRegistry
import KeptState
import Registry
import TestSupport
import Testing

/// A registry that follows a server which does what it should not.
@Suite(.timeLimit(.minutes(1)))
struct KubernetesRegistryTests {
    private static let services = Samples.services
    @Sendable
    private static func isWatchFromTen(_ request: ScriptedRequest) -> Bool {
        request.path == services && request.isWatch && request.has("resourceVersion=10")
    }

    @Test("A streaming list fills the table, and events change it")
    func streaming() async throws {
        try await ScriptedAPI.with({ request in
            guard request.path == Self.services else { return Samples.others(request) }
            return .stream(Samples.initial(["a", "b"], version: 10), .open)
        }) { server in
            try await Following.with(server.url) { following in
                await following.services(["a", "b"])
                #expect(await following.registry.status.waitUntilSynced(within: .seconds(30)))
                server.push(Self.services, Samples.event("ADDED", Samples.service("c", version: 11)))
                await following.services(["a", "b", "c"])
                server.push(
                    Self.services,
                    Samples.event("DELETED", Samples.service("a", version: 12))
                        + Samples.event("MODIFIED", Samples.service("b", ip: "10.96.0.77", version: 13)))
                await following.until {
                    $0.objects[DiscoveryKey(.service, Samples.id("b"))]
                        == Samples.discovered("b", ip: "10.96.0.77")
                }
                #expect(following.known.names(.service) == ["b", "c"])
                let status = following.registry.status
                #expect(status.hasSynced && status.isInSync && status.source == .api)
                #expect(status.stateAge == .zero && status.lastSync != nil)
                let request = try #require(server.requests.first { $0.path == Self.services })
                for item in [
                    "watch=true", "sendInitialEvents=true", "resourceVersionMatch=NotOlderThan",
                    "allowWatchBookmarks=true",
                ] { #expect(request.has(item)) }
                #expect(request.headers["accept-encoding"] == "identity")
                #expect(
                    following.metrics.text().contains(
                        "swiftlet_registry_objects{host=\"127.0.0.1:\(server.port)\",kind=\"services\"} 2"))
            }
        }
    }

    @Test("Where streaming lists are refused, a list in pages and a watch do it")
    func refusedStream() async throws {
        try await ScriptedAPI.with({ request in
            guard request.path == Self.services else { return Samples.others(request) }
            if request.isStreamingList { return .body(422, Samples.status(422, "Invalid")) }
            if request.isWatch { return .stream([], .open) }
            if request.has("continue=next") {
                return .body(200, Samples.list([Samples.service("b")], version: 10))
            }
            return .body(200, Samples.list([Samples.service("a")], version: 10, continuation: "next", remaining: 1))
        }) { server in
            try await Following.with(server.url) { following in
                await following.services(["a", "b"])
                await server.request(where: Self.isWatchFromTen)
                let lists = server.requests.filter { $0.path == Self.services && !$0.isWatch }
                let startsAnywhere = lists.map { $0.has("resourceVersion=0") }
                #expect(startsAnywhere == [true, false])
                let areLimited = lists.allSatisfy { $0.has("limit=500") }
                #expect(areLimited)
            }
        }
    }

    @Test("Where the wish for a streaming list is ignored, a list follows after a while")
    func ignoredStream() async throws {
        let manual = ManualTime()
        try await ScriptedAPI.with({ request in
            guard request.path == Self.services else {
                // Nobody else is to have this patience.
                if request.isStreamingList { return .body(400, "") }
                return request.isWatch
                    ? .stream([], .open) : .body(200, Samples.list([Samples.namespace("prod")], version: 1))
            }
            if request.isStreamingList {
                return .stream([Samples.event("ADDED", Samples.service("a"))], .open)
            }
            if request.isWatch { return .stream([], .open) }
            return .body(200, Samples.list([Samples.service("a")], version: 10))
        }) { server in
            try await Following.with(server.url, time: manual.time) { following in
                await manual.sleeper(lasting: Reflector.markerPatience)
                #expect(!following.registry.status.hasSynced)
                // Another kind may have been the one that slept, before it was refused.
                let passing = manual.passing(Reflector.markerPatience)
                defer { passing.cancel() }
                await following.services(["a"])
                #expect(await following.registry.status.waitUntilSynced(within: .seconds(5)))
            }
        }
    }

    @Test("A bookmark without the mark says the same at once")
    func unmarkedBookmark() async throws {
        try await ScriptedAPI.with({ request in
            guard request.path == Self.services else { return Samples.others(request) }
            if request.isStreamingList {
                return .stream([Samples.event("ADDED", Samples.service("a")), Samples.bookmark(5)], .open)
            }
            if request.isWatch { return .stream([], .open) }
            return .body(200, Samples.list([Samples.service("a")], version: 10))
        }) { server in
            try await Following.with(server.url, time: ManualTime().time) { following in
                await following.services(["a"])
            }
        }
    }

    @Test("A version that is too old leads to a new list, of which only differences are told")
    func expired() async throws {
        try await ScriptedAPI.with({ request in
            guard request.path == Self.services else { return Samples.others(request) }
            return .stream(
                request.number == 0
                    ? Samples.initial(["a", "b", "c"], version: 10)
                    : Samples.initial(["b", "c"], version: 20) + [
                        Samples.event("ADDED", Samples.service("d", version: 21))
                    ],
                .open)
        }) { server in
            try await Following.with(server.url) { following in
                await following.services(["a", "b", "c"])
                let before = following.known.changes
                server.push(Self.services, Samples.event("ERROR", Samples.status(410, "Expired")))
                await following.services(["b", "c", "d"])
                // "a" gone and "d" come: nothing was told of "b" and "c", and no list began anew.
                #expect(following.known.changes == before + 2)
                let begun = following.known.events.filter { $0 == .snapshotBegins([.service]) }
                #expect(begun.count == 1)
                #expect(following.metrics.text().contains(#"cause="expired""#))
            }
        }
    }

    @Test("A server that is overloaded is asked again after what it says")
    func overloaded() async throws {
        let manual = ManualTime()
        try await ScriptedAPI.with({ request in
            guard request.path == Self.services else { return Samples.others(request) }
            if request.number == 0 {
                return .body(429, Samples.status(429, "TooManyRequests"), headers: [("retry-after", "7")])
            }
            return .stream(Samples.initial(["a"], version: 10), .open)
        }) { server in
            try await Following.with(server.url, time: manual.time) { following in
                await manual.pass(.seconds(7))
                await following.services(["a"])
            }
        }
    }

    @Test("Errors, cut streams and half lines cost a wait and no answer", arguments: FaultyStreams.all)
    fileprivate func faults(_ fault: FaultyStream) async throws {
        let manual = ManualTime()
        try await ScriptedAPI.with({ request in
            guard request.path == Self.services else { return Samples.others(request) }
            switch request.number {
            case 0: return .stream(Samples.initial(["a", "b"], version: 10), .open)
            case 1: return fault.answer
            default: return .stream([Samples.event("ADDED", Samples.service("c", version: 30))], .open)
            }
        }) { server in
            try await Following.with(server.url, time: manual.time) { following in
                await following.services(["a", "b"])
                // A watch that lived for long enough to be a good one.
                manual.advance(by: .seconds(2))
                server.cut(Self.services)
                await manual.pass(.milliseconds(1200))
                await manual.pass(fault.wait)
                await following.services(fault.keeps.union(["c"]))
                let later = server.requests.filter {
                    $0.path == Self.services && !$0.isStreamingList && !$0.isCount
                }
                #expect(later.allSatisfy { $0.isWatch })
                // Nothing was taken away at any time.
                let deletions = following.known.events.contains { event in
                    guard case .changes(let changes) = event else { return false }
                    return changes.contains { if case .delete = $0 { true } else { false } }
                }
                #expect(!deletions)
            }
        }
    }

    @Test("A watch that is silent for too long is closed and opened again")
    func silence() async throws {
        let manual = ManualTime()
        try await ScriptedAPI.with({ request in
            guard request.path == Self.services else { return Samples.others(request) }
            return request.number == 0
                ? .stream(Samples.initial(["a"], version: 10), .open)
                : .stream([Samples.event("ADDED", Samples.service("b", version: 11))], .open)
        }) { server in
            try await Following.with(server.url, time: manual.time) { following in
                await following.services(["a"])
                let patience = Duration.seconds(450) + Reflector.grace
                manual.advance(by: patience)
                await following.services(["a", "b"])
                #expect(server.requests.contains { $0.path == Self.services && $0.has("resourceVersion=10") })
                #expect(following.metrics.text().contains(#"cause="silent""#))
            }
        }
    }

    @Test("Events that come twice, out of order or odd change nothing; the watch goes on")
    func oddEvents() async throws {
        try await ScriptedAPI.with({ request in
            guard request.path == Self.services else { return Samples.others(request) }
            return .stream(Samples.initial(["a"], version: 10), .open)
        }) { server in
            try await Following.with(server.url) { following in
                await following.services(["a"])
                let before = following.known.changes
                let long = String(repeating: "x", count: 100_000)
                server.push(
                    Self.services,
                    [
                        Samples.event("ADDED", Samples.service("a", version: 10)),
                        Samples.event("MODIFIED", Samples.service("a", ip: "10.96.0.99", version: 9)),
                        Samples.event("DELETED", Samples.service("a", version: 8)),
                        Samples.event("DELETED", Samples.service("nobody", version: 12)),
                        Samples.event("ADDED", "{}"), Samples.event("ADDED", "null"),
                        Samples.event("ADDED", #"{"metadata":{"name":"\#(long)","namespace":"prod"}}"#),
                        Samples.event(
                            "MODIFIED", #"{"metadata":{"name":"a","namespace":"prod","resourceVersion":"13"},"spec":7}"#
                        ),
                        Samples.event("REPLACED", "{}"), "\n", Samples.bookmark(5),
                        Samples.event("ADDED", Samples.service("b", version: 14)),
                    ].joined())
                await following.services(["a", "b"])
                #expect(following.known.changes == before + 1)
                #expect(following.known.objects[DiscoveryKey(.service, Samples.id("a"))] == Samples.discovered("a"))
                let text = following.metrics.text()
                for cause in ["unnamed", "too_long", "wrong_type", "unknown_event"] {
                    #expect(text.contains("swiftlet_registry_skipped_objects_total{cause=\"\(cause)\""))
                }
            }
        }
    }

    @Test("A list that has lost everything is believed when it says so twice")
    func emptyList() async throws {
        let manual = ManualTime()
        try await ScriptedAPI.with({ request in
            guard request.path == Self.services else { return Samples.others(request) }
            switch request.number {
            case 0: return .stream(Samples.initial(["a"], version: 10), .open)
            case 1: return .stream(Samples.initial([], version: 20), .open)
            default: return .stream(Samples.initial([], version: 21), .open)
            }
        }) { server in
            try await Following.with(server.url, time: manual.time) { following in
                await following.services(["a"])
                server.push(Self.services, Samples.event("ERROR", Samples.status(410, "Expired")))
                await manual.sleeper(lasting: .milliseconds(2400))
                #expect(following.known.names(.service) == ["a"])
                manual.advance(by: .milliseconds(2400))
                await following.services([])
            }
        }
    }

    @Test("Where slices are not served, Endpoints stand in for them")
    func endpointsFallback() async throws {
        let endpoints = "/api/v1/endpoints"
        try await ScriptedAPI.with({ request in
            switch request.path {
            case Samples.slices: return .body(404, "404 page not found\n")
            case endpoints:
                let object =
                    #"{"metadata":{"name":"web","namespace":"prod","resourceVersion":"3"},"subsets":[{"addresses":[{"ip":"10.0.0.1"}]}]}"#
                return .stream([Samples.event("ADDED", object), Samples.bookmark(3, endsInitialEvents: true)], .open)
            case Self.services: return .stream(Samples.initial(["web"], version: 10), .open)
            default: return Samples.others(request)
            }
        }) { server in
            try await Following.with(server.url, selection: DiscoverySelection(includesPods: false)) { following in
                await following.until { $0.complete.isSuperset(of: [.endpointSlice, .endpoints, .service]) }
                #expect(following.known.names(.endpoints) == ["web"])
                #expect(await following.registry.status.waitUntilSynced(within: .seconds(30)))
            }
        }
    }

    @Test("Selectors are the server's business: labels, and Pods that hold an address")
    func selectors() async throws {
        let selection = DiscoverySelection(
            namespaceLabels: try LabelSelector(parsing: "env in (b,a),!x"),
            labels: try LabelSelector(parsing: "app=web"),
            includesEndpoints: false)
        try await ScriptedAPI.with({ _ in .stream([Samples.bookmark(1, endsInitialEvents: true)], .open) }) { server in
            try await Following.with(server.url, selection: selection) { following in
                await following.until { $0.complete == [.namespace, .service, .pod] }
                func item(_ path: String, _ name: String) -> String? {
                    server.requests.first { $0.path == path }?.uri.split(whereSeparator: { "?&".contains($0) })
                        .first { $0.hasPrefix("\(name)=") }.map(String.init)
                }
                #expect(item(Samples.namespaces, "labelSelector") == "labelSelector=env%20in%20%28a%2Cb%29%2C%21x")
                #expect(item(Self.services, "labelSelector") == "labelSelector=app%3Dweb")
                #expect(
                    item("/api/v1/pods", "fieldSelector")
                        == "fieldSelector=status.phase%21%3DSucceeded%2Cstatus.phase%21%3DFailed%2Cstatus.phase%21%3DUnknown"
                )
            }
        }
    }

    @Test("Before anything is known, waiting ends with its time")
    func unsynced() async throws {
        let manual = ManualTime()
        try await ScriptedAPI.with({ _ in .hangUp }) { server in
            try await Following.with(server.url, time: manual.time) { following in
                let status = following.registry.status
                async let outcome = status.waitUntilSynced(within: .seconds(5))
                await manual.pass(.seconds(5))
                #expect(await outcome == false)
                #expect(!status.hasSynced && !status.isInSync && status.source == .none && status.stateAge == nil)
            }
        }
    }

    @Test("A registry has one reader")
    func oneReader() async throws {
        try await ScriptedAPI.with({ Samples.others($0) }) { server in
            try await Following.with(server.url) { following in
                await #expect(throws: KubernetesRegistry.Failure.hasReader) {
                    _ = try await following.registry.events(of: Samples.servicesOnly)
                }
            }
        }
    }

    // MARK: The state that outlives the API
}

/// What may become of a watch.
private struct FaultyStream: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let answer: ScriptedAPI.Answer
    /// What the Services are known to be afterwards, besides the one that comes then.
    var keeps: Set<String> = ["a", "b"]
    var wait = Duration.milliseconds(2400)
}

private enum FaultyStreams {
    private static let half = String(Samples.event("ADDED", Samples.service("x", version: 20)).dropLast(40))

    static let all = [
        FaultyStream(testDescription: "500", answer: .body(500, "oops")),
        FaultyStream(testDescription: "503", answer: .body(503, Samples.status(503, "ServiceUnavailable"))),
        FaultyStream(testDescription: "429", answer: .body(429, "")),
        FaultyStream(testDescription: "401", answer: .body(401, "")),
        FaultyStream(testDescription: "403", answer: .body(403, Samples.status(403, "Forbidden"))),
        FaultyStream(testDescription: "no answer", answer: .hangUp),
        FaultyStream(testDescription: "half a line, cut", answer: .stream([half], .breakOff)),
        FaultyStream(testDescription: "half a line, ended", answer: .stream([half], .complete)),
        FaultyStream(testDescription: "no JSON", answer: .stream(["k8s\u{0}\u{12}\n"], .open)),
        FaultyStream(testDescription: "an end at once", answer: .stream([], .complete)),
        FaultyStream(
            testDescription: "an event and a cut",
            answer: .stream([Samples.event("ADDED", Samples.service("d", version: 20))], .breakOff),
            keeps: ["a", "b", "d"], wait: .milliseconds(1200)),
        FaultyStream(
            testDescription: "ERROR 500",
            answer: .stream([Samples.event("ERROR", Samples.status(500, "InternalError"))], .complete)),
    ]
}
