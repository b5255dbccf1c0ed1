import Registry
import Testing

@testable import RegistryControllers

@Suite("Controllers on a store that fails")
struct ControllerFaultTests {
    @Test(
        "Changes that were lost are made up for by reading all anew",
        arguments: [
            ObjectStoreError.versionTooOld(ResourceVersion(rawValue: 1), oldest: ResourceVersion(rawValue: 2)),
            .unavailable(.other("gone")),
        ])
    func relist(_ error: ObjectStoreError) async throws {
        try await RunningControllers.with { running in
            let store = running.store
            try store.put(.service, "prod/web", serviceDocument())
            try store.put(.pod, "prod/a", podDocument("10.0.0.1"))
            await running.settled()
            store.failStream(error)
            try store.delete(.pod, "prod/a")
            try store.put(.pod, "prod/b", podDocument("10.0.0.2"))
            // Behind a failure that is no lag, the controllers wait for a second before they begin anew.
            while case .unavailable = error, (running.progress?.version ?? store.currentVersion) < store.currentVersion
            {
                running.manual.advance(milliseconds: 1000)
                await Task.yield()
            }
            await running.settled()
            #expect(try store.endpoints(of: "prod/web") == ["10.0.0.2 TTF"])
            #expect(store.all(.endpointSlice).count == 1)
        }
    }

    @Test("A full disk is asked again for as long as it takes")
    func fullDisk() async throws {
        try await RunningControllers.with { running in
            let store = running.store
            store.refuse { $0.feeder == "controllers" ? ObjectStoreError.unavailable(.full("disk")) : nil }
            try store.put(.service, "prod/web", serviceDocument())
            await running.settled()
            for _ in 0..<30 { await running.advance(seconds: 1000) }
            #expect(store.all(.endpointSlice).isEmpty)
            store.refuse(nil)
            await running.advance(seconds: 1000)
            #expect(store.all(.endpointSlice).count == 1)
        }
    }

    @Test("A write that is refused for its own sake is given up after fifteen tries, until something changes")
    func refusal() async throws {
        try await RunningControllers.with { running in
            let store = running.store
            store.refuse {
                $0.key.kind == .endpointSlice && $0.feeder == "controllers"
                    ? ObjectStoreError.invalid($0.key, []) : nil
            }
            try store.put(.service, "prod/web", serviceDocument())
            await running.settled()
            for _ in 0..<20 { await running.advance(seconds: 1000) }
            #expect(running.progress?.nextTime == nil)
            store.refuse(nil)
            try store.put(.pod, "prod/a", podDocument("10.0.0.1"))
            await running.settled()
            #expect(try store.endpoints(of: "prod/web") == ["10.0.0.1 TTF"])
        }
    }

    @Test("An object that cannot be read keeps nobody else from being followed")
    func malformed() async throws {
        try await RunningControllers.with(prepare: { store in
            store.restore([
                ObjectRecord(
                    key: key(.pod, "prod/broken"), uid: "u", version: ResourceVersion(rawValue: 1), text: "{")
            ])
            try store.put(.pod, "prod/a", podDocument("10.0.0.1"))
            try store.put(.service, "prod/web", serviceDocument())
        }) { running in
            let endpoints = try running.store.endpoints(of: "prod/web")
            #expect(endpoints == ["10.0.0.1 TTF"])
        }
    }
}
