import Logging
import Registry
import Testing

@testable import RegistryControllers

@Suite("Endpoints follow Pods and Services")
struct EndpointsControllerTests {
    @Test("A Pod that becomes ready is seen in its Service's slice and Endpoints")
    func readiness() async throws {
        try await RunningControllers.with { running in
            let store = running.store
            try store.put(.service, "prod/web", serviceDocument())
            await running.settled()
            #expect(try store.slices(of: "prod/web").map { $0.list("endpoints") } == [[]], "an empty placeholder")

            try store.put(.pod, "prod/a", podDocument("10.0.0.1", isReady: false))
            await running.settled()
            #expect(try store.endpoints(of: "prod/web") == ["10.0.0.1 FFF"])
            let notReady = try store.document(.endpoints, "prod/web")
            #expect(notReady?.list("subsets").first?.list("notReadyAddresses").count == 1)

            try store.change(.pod, "prod/a", setReady(true))
            await running.settled()
            #expect(try store.endpoints(of: "prod/web") == ["10.0.0.1 TTF"])
            let ready = try store.document(.endpoints, "prod/web")
            #expect(ready?.list("subsets").first?.list("addresses").map { $0.text("ip") } == ["10.0.0.1"])

            try store.delete(.pod, "prod/a")
            await running.settled()
            #expect(try store.slices(of: "prod/web").map { $0.list("endpoints") } == [[]])
            #expect(try store.document(.endpoints, "prod/web")?["subsets"] == nil)
        }
    }

    @Test("What names are made of is written first, and told: many Services without Pods come after it")
    func first() async throws {
        let manual = ManualClock()
        let store = MemoryStore(clock: manual.clock)
        for number in 0..<600 {
            try store.put(.service, "prod/a\(number)", serviceDocument(selector: #"{"app": "none"}"#))
        }
        try store.put(.service, "prod/web", serviceDocument())
        try store.put(.pod, "prod/web-0", podDocument("10.0.0.1"))
        try store.put(.service, "prod/outside", serviceDocument(selector: "{}"))
        try store.put(
            .endpoints, "prod/outside", #"{"subsets": [{"addresses": [{"ip": "192.0.2.9"}], "ports": [{"port": 80}]}]}"#
        )
        let (told, input) = AsyncStream<(names: [[String]], isServed: Bool, slices: Int)>.makeStream()
        let controllers = RegistryControllers(
            store: store,
            settings: ControllerSettings(apiServer: nil, apiServiceAddress: IPAddress("10.96.0.1")),
            clock: manual.clock, logger: Logger(label: "controllers") { _ in SwiftLogNoOpLogHandler() },
            onEndpoints: {
                input.yield(
                    (
                        ["prod/web", "prod/outside"].map { (try? store.endpoints(of: $0)) ?? [] },
                        store.record(key(.service, "default/kubernetes")) != nil, store.all(.endpointSlice).count
                    ))
            })
        let run = Task { try await controllers.run() }
        for await seen in told {
            #expect(seen.names == [["10.0.0.1 TTF"], ["192.0.2.9 T--"]])
            #expect(seen.isServed)
            #expect(seen.slices < 600)
            break
        }
        run.cancel()
        _ = await run.result
    }

    @Test("A changed label moves a Pod from one Service to another")
    func labels() async throws {
        try await RunningControllers.with { running in
            let store = running.store
            try store.put(.service, "prod/web", serviceDocument())
            try store.put(.service, "prod/api", serviceDocument(selector: #"{"app": "api"}"#))
            try store.put(.pod, "prod/a", podDocument("10.0.0.1"))
            await running.settled()
            #expect(try store.endpoints(of: "prod/web") == ["10.0.0.1 TTF"])
            #expect(try store.endpoints(of: "prod/api") == [])
            try store.change(.pod, "prod/a") { $0["metadata"]?["labels"] = .map(["app": "api"]) }
            await running.settled()
            #expect(try store.endpoints(of: "prod/web") == [])
            #expect(try store.endpoints(of: "prod/api") == ["10.0.0.1 TTF"])
        }
    }

    @Test("What is as it should be is not written again")
    func quiet() async throws {
        try await RunningControllers.with { running in
            let store = running.store
            try store.put(.service, "prod/web", serviceDocument())
            try store.put(.pod, "prod/a", podDocument("10.0.0.1"))
            await running.settled()
            store.resetCounts()
            // Fields that no endpoint shows.
            try store.change(.pod, "prod/a") { $0["metadata"]?["annotations"] = .map(["note": "x"]) }
            try store.change(.service, "prod/web") { $0["metadata"]?["annotations"] = .map(["note": "x"]) }
            await running.settled()
            #expect(store.written(.endpointSlice) == 0)
            #expect(store.written(.endpoints) == 0)
            #expect(running.progress?.nextTime == nil, "nor are the controllers' own writes taken for another's")
        }
    }

    @Test("A slice that somebody changed or deleted is put right after a second")
    func tampering() async throws {
        try await RunningControllers.with { running in
            let store = running.store
            try store.put(.service, "prod/web", serviceDocument())
            try store.put(.pod, "prod/a", podDocument("10.0.0.1"))
            await running.settled()
            let name = try #require(store.all(.endpointSlice).first).key.id.name
            try store.change(.endpointSlice, "prod/\(name)") { $0["endpoints"] = .array([]) }
            await running.settled()
            #expect(try store.endpoints(of: "prod/web") == [])
            await running.advance(seconds: 1)
            #expect(try store.endpoints(of: "prod/web") == ["10.0.0.1 TTF"])
            for record in store.all(.endpointSlice) { try store.delete(.endpointSlice, "\(record.key.id)") }
            await running.settled()
            #expect(store.all(.endpointSlice).isEmpty)
            await running.advance(seconds: 1)
            #expect(try store.endpoints(of: "prod/web") == ["10.0.0.1 TTF"])
        }
    }

    @Test("With its Service, Endpoints go at once and slices as garbage")
    func serviceRemoval() async throws {
        try await RunningControllers.with { running in
            let store = running.store
            try store.put(.service, "prod/web", serviceDocument())
            try store.put(.pod, "prod/a", podDocument("10.0.0.1"))
            await running.settled()
            #expect(store.all(.endpointSlice).count == 1)
            try store.delete(.service, "prod/web")
            await running.settled()
            #expect(store.all(.endpointSlice).isEmpty)
            #expect(store.all(.endpoints).isEmpty)
        }
    }

    @Test("Endpoints that a controller left behind without a Service go at the start, those of users stay")
    func leftovers() async throws {
        try await RunningControllers.with(prepare: { store in
            try store.put(
                .endpoints, "prod/own",
                #"{"metadata": {"labels": {"endpoints.kubernetes.io/managed-by": "endpoint-controller"}}}"#)
            try store.put(.endpoints, "prod/users", "{}")
        }) { running in
            let names = running.store.all(.endpoints).map(\.key.id.name)
            #expect(names == ["users"])
        }
    }

    @Test("One Pod of 5,000 costs one slice and one Service")
    func largeService() async throws {
        try await RunningControllers.with(prepare: { store in
            for number in 0..<200 {
                try store.put(.service, "prod/s\(number)", serviceDocument(selector: #"{"app": "s\#(number)"}"#))
            }
            try store.put(.service, "prod/web", serviceDocument())
            for number in 0..<5000 {
                let ip = "10.\(number >> 16).\(number >> 8 & 255).\(number & 255)"
                try store.put(.pod, "prod/p\(number)", podDocument(ip))
            }
        }) { running in
            let store = running.store
            #expect(try store.slices(of: "prod/web").count == 50)
            #expect(try store.endpoints(of: "prod/web").count == 5000)
            #expect(store.largestBatch <= 256)
            let endpoints = try #require(try store.document(.endpoints, "prod/web"))
            #expect(endpoints.list("subsets").first?.list("addresses").count == 1000)
            #expect(endpoints["metadata"]?.textMap("annotations")[ControllerLabels.overCapacity] == "truncated")
            store.resetCounts()
            let before = try #require(running.progress)
            let start = ContinuousClock.now
            try store.change(.pod, "prod/p4321", setReady(false))
            await running.settled()
            print("one Pod of 5,000: \(start.duration(to: .now))")
            let after = try #require(running.progress)
            #expect(store.written(.endpointSlice) == 1)
            #expect(store.written(.endpointSlice, .updated) == 1)
            #expect(after.syncedServices - before.syncedServices == 1)
            #expect(after.examinedServices - before.examinedServices == 1)
            #expect(try store.endpoints(of: "prod/web").filter { $0.hasSuffix("FFF") }.count == 1)
        }
    }

    @Test("A conflict is tried again after a second, and in the end comes right")
    func conflicts() async throws {
        try await RunningControllers.with { running in
            let store = running.store
            store.refuse { write in
                write.key.kind == .endpointSlice
                    ? ObjectStoreError.conflict(
                        write.key, expected: ResourceVersion(rawValue: 1), stored: ResourceVersion(rawValue: 2)) : nil
            }
            try store.put(.service, "prod/web", serviceDocument())
            await running.settled()
            #expect(store.all(.endpointSlice).isEmpty)
            #expect(running.progress?.nextTime == running.manual.now.advanced(byMilliseconds: 1000))
            await running.advance(seconds: 1)
            #expect(running.progress?.nextTime == running.manual.now.advanced(byMilliseconds: 2000))
            store.refuse(nil)
            await running.advance(seconds: 2)
            #expect(store.all(.endpointSlice).count == 1)
        }
    }
}
