import Registry
import Testing

@testable import RegistryControllers

@Suite("Ends of Events, Pods and registrations")
struct ExpiryTests {
    // The clock of the tests starts at 2027-01-15T08:00:00Z.

    @Test("An Event goes an hour behind the last time it tells of, woken for once")
    func events() async throws {
        try await RunningControllers.with(prepare: { store in
            try store.put(.event, "prod/old", #"{"lastTimestamp": "2027-01-15T07:30:00Z"}"#)
        }) { running in
            let store = running.store
            try store.put(.event, "prod/new", #"{"eventTime": "2027-01-15T08:00:00.000000Z"}"#)
            try store.put(.event, "prod/bare", "{}")
            try store.put(.event, "prod/future", #"{"lastTimestamp": "2099-01-15T08:00:00Z"}"#)
            try store.put(.event, "prod/ahead", #"{"lastTimestamp": "2099-01-15T08:00:00Z"}"#)
            try store.change(.event, "prod/ahead") {
                $0["metadata"]?["creationTimestamp"] = .string("2099-01-15T08:00:00Z")
            }
            await running.settled()
            #expect(running.progress?.nextTime == Timestamp(rfc3339: "2027-01-15T09:00:00Z"), "its creation counts")
            await running.advance(seconds: 1800)
            try store.change(.event, "prod/new") { $0["lastTimestamp"] = .string("2027-01-15T08:30:00Z") }
            await running.settled()
            await running.advance(seconds: 1799)
            #expect(store.all(.event).count == 5)
            await running.advance(seconds: 1)
            #expect(store.all(.event).map(\.key.id.name) == ["new"], "the future does not count")
            await running.advance(seconds: 1800)
            #expect(store.all(.event).isEmpty)
        }
    }

    @Test("A Pod goes when its grace is over, out of its Service at once")
    func pods() async throws {
        try await RunningControllers.with { running in
            let store = running.store
            try store.put(.service, "prod/web", serviceDocument())
            try store.put(.pod, "prod/a", podDocument("10.0.0.1"))
            try store.put(.pod, "prod/b", podDocument("10.0.0.2", metadata: #""finalizers": ["example.com/hold"]"#))
            for name in ["a", "b"] {
                try store.change(.pod, "prod/\(name)") { document in
                    document["metadata"]?["deletionTimestamp"] = .string("2027-01-15T08:00:30Z")
                    document["metadata"]?["deletionGracePeriodSeconds"] = .integer(30)
                }
            }
            await running.settled()
            #expect(try store.endpoints(of: "prod/web") == ["10.0.0.1 FTT", "10.0.0.2 FTT"])
            #expect(try store.document(.endpoints, "prod/web")?["subsets"] == nil)
            await running.advance(seconds: 29)
            #expect(store.all(.pod).count == 2)
            await running.advance(seconds: 1)
            #expect(store.all(.pod).map(\.key.id.name) == ["b"])
            let held = try #require(try store.document(.pod, "prod/b"))
            #expect(held["metadata"]?.integer("deletionGracePeriodSeconds") == 0)
            #expect(try store.endpoints(of: "prod/web") == ["10.0.0.2 FTT"])
        }
    }

    private static let slice =
        #"{"metadata": {"labels": {"kubernetes.io/service-name": "web", "swiftlet.dev/lease": "web-host", "#
        + #""endpointslice.kubernetes.io/managed-by": "swiftlet-register"}}, "addressType": "IPv4", "ports": [], "#
        + #""endpoints": [{"addresses": ["192.0.2.7"], "conditions": {"ready": true, "serving": true}}]}"#

    private static func lease(_ renewTime: String) -> String {
        #"{"metadata": {"labels": {"swiftlet.dev/lease": "true"}}, "#
            + #""spec": {"holderIdentity": "host", "leaseDurationSeconds": 15, "renewTime": "\#(renewTime)"}}"#
    }

    @Test("A registration is not ready once its lease has run out, and is forgotten ten minutes later")
    func registrations() async throws {
        try await RunningControllers.with { running in
            let store = running.store
            try store.put(.lease, "prod/web-host", Self.lease("2027-01-15T08:00:00.000000Z"))
            try store.put(.endpointSlice, "prod/web-host", Self.slice)
            try store.put(.lease, "prod/other", #"{"spec": {"leaseDurationSeconds": 1}}"#)
            await running.settled()
            await running.advance(seconds: 14)
            #expect(try store.endpoints(of: "prod/web") == ["192.0.2.7 TT-"])
            // It counts from when it is seen: the clocks of hosts differ.
            try store.change(.lease, "prod/web-host") { $0["spec"]?["renewTime"] = .string("2027-01-14T08:00:10.5Z") }
            await running.settled()
            await running.advance(seconds: 14)
            #expect(try store.endpoints(of: "prod/web") == ["192.0.2.7 TT-"])
            await running.advance(seconds: 1)
            #expect(try store.endpoints(of: "prod/web") == ["192.0.2.7 FF-"])
            // Renewed: it is the registrant's to say that it is ready.
            try store.change(.lease, "prod/web-host") { $0["spec"]?["renewTime"] = .string("2031-01-15T08:00:26Z") }
            await running.settled()
            #expect(try store.endpoints(of: "prod/web") == ["192.0.2.7 FF-"])
            try store.put(.endpointSlice, "prod/web-host", Self.slice)
            await running.settled()
            #expect(try store.endpoints(of: "prod/web") == ["192.0.2.7 TT-"])
            await running.advance(seconds: 15)
            #expect(try store.endpoints(of: "prod/web") == ["192.0.2.7 FF-"])
            await running.advance(seconds: 599)
            #expect(store.all(.lease).count == 2)
            await running.advance(seconds: 1)
            #expect(store.all(.lease).map(\.key.id.name) == ["other"])
            #expect(store.all(.endpointSlice).isEmpty)
        }
    }

    @Test("A Lease that is there at the start could not be renewed before, and runs for a minute more at most")
    func formerLease() async throws {
        for (renewal, duration, seconds) in [
            ("2027-01-15T07:59:50Z", 15, 15), ("2031-01-15T08:00:00Z", 15, 15), ("2020-01-15T08:00:00Z", 15, 15),
            ("2020-01-15T08:00:00Z", 3600, 60), ("2027-01-15T07:30:00Z", 3600, 1800),
        ] {
            try await RunningControllers.with(prepare: { store in
                try store.put(.lease, "prod/web-host", Self.lease(renewal))
                try store.change(.lease, "prod/web-host") {
                    $0["spec"]?["leaseDurationSeconds"] = .integer(Int64(duration))
                }
                try store.put(.endpointSlice, "prod/web-host", Self.slice)
            }) { running in
                await running.advance(seconds: Int64(seconds - 1))
                let before = try running.store.endpoints(of: "prod/web")
                #expect(before == ["192.0.2.7 TT-"], "\(renewal)")
                await running.advance(seconds: 1)
                let behind = try running.store.endpoints(of: "prod/web")
                #expect(behind == ["192.0.2.7 FF-"], "\(renewal)")
            }
        }
    }

    @Test("What does not renew a Lease does not prolong it")
    func noRenewal() async throws {
        try await RunningControllers.with { running in
            let store = running.store
            try store.put(.lease, "prod/web-host", Self.lease("2027-01-15T08:00:00Z"))
            try store.put(.endpointSlice, "prod/web-host", Self.slice)
            await running.settled()
            for round in 0..<3 {
                await running.advance(seconds: 4)
                try store.change(.lease, "prod/web-host") {
                    $0["metadata"]?["annotations"] = .object(["a": .string("\(round)")])
                }
                await running.settled()
            }
            #expect(try store.endpoints(of: "prod/web") == ["192.0.2.7 TT-"])
            await running.advance(seconds: 3)
            #expect(try store.endpoints(of: "prod/web") == ["192.0.2.7 FF-"])
        }
    }

    @Test("A Lease that is somebody else's by now keeps nothing alive, and is left to them")
    func strangeLease() async throws {
        try await RunningControllers.with { running in
            let store = running.store
            try store.put(.lease, "prod/web-host", Self.lease("2027-01-15T08:00:00Z"))
            try store.put(.endpointSlice, "prod/web-host", Self.slice)
            await running.settled()
            try store.change(.lease, "prod/web-host") { $0["metadata"]?["labels"] = nil }
            await running.settled()
            #expect(try store.endpoints(of: "prod/web") == ["192.0.2.7 FF-"])
            await running.advance(seconds: 600)
            #expect(store.all(.endpointSlice).isEmpty && store.all(.lease).count == 1)
        }
    }

    @Test("A clock that is set neither ends a Lease nor prolongs it", arguments: [3_600_000, -3_600_000, 20_000])
    func setClock(_ step: Int64) async throws {
        try await RunningControllers.with { running in
            let store = running.store
            try store.put(.lease, "prod/web-host", Self.lease("2027-01-15T08:00:00Z"))
            try store.put(.endpointSlice, "prod/web-host", Self.slice)
            try store.put(.lease, "prod/dead", Self.lease("2027-01-15T08:00:00Z"))
            await running.settled()
            await running.advance(seconds: 10)
            running.manual.set(byMilliseconds: step)
            // Looked at with whatever happens next, or within seconds.
            try store.put(.event, "prod/x", "{}")
            await running.settled()
            #expect(try store.endpoints(of: "prod/web") == ["192.0.2.7 TT-"])
            await running.advance(seconds: 4)
            #expect(try store.endpoints(of: "prod/web") == ["192.0.2.7 TT-"])
            await running.advance(seconds: 1)
            #expect(try store.endpoints(of: "prod/web") == ["192.0.2.7 FF-"])
            running.manual.set(byMilliseconds: step)
            try store.put(.event, "prod/y", "{}")
            await running.settled()
            await running.advance(seconds: 599)
            #expect(store.all(.lease).count == 2)
            await running.advance(seconds: 1)
            #expect(store.all(.lease).isEmpty && store.all(.endpointSlice).isEmpty)
        }
    }

    @Test("A registration whose Lease is gone counts as run out")
    func lostLease() async throws {
        try await RunningControllers.with(prepare: { store in
            try store.put(.endpointSlice, "prod/web-host", Self.slice)
        }) { running in
            let store = running.store
            let endpoints = try store.endpoints(of: "prod/web")
            #expect(endpoints == ["192.0.2.7 FF-"])
            await running.advance(seconds: 600)
            #expect(store.all(.endpointSlice).isEmpty)
        }
    }

    @Test("An Event that finalizers hold is marked once, and looked at no more", .timeLimit(.minutes(1)))
    func heldEvent() async throws {
        try await RunningControllers.with { running in
            let store = running.store
            try store.put(.event, "prod/held", #"{"metadata": {"finalizers": ["example.com/hold"]}}"#)
            await running.settled()
            await running.advance(seconds: 3600)
            let held = try #require(try store.document(.event, "prod/held"))
            #expect(held["metadata"]?["deletionTimestamp"] != nil)
            #expect(running.progress?.nextTime == nil)
            await running.advance(seconds: 3600)
            #expect(store.all(.event).count == 1)
        }
    }
}
