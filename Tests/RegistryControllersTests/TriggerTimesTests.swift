import Registry
import Testing

@testable import RegistryControllers

@Suite("The time of the change that endpoints show")
struct TriggerTimesTests {
    private static func service(_ created: String) throws -> EndpointService {
        EndpointService(
            try json(#"{"metadata": {"creationTimestamp": "\#(created)"}, "spec": {"selector": {"app": "web"}}}"#),
            id: NamespacedName(namespace: "prod", name: "web"))
    }

    private static func pod(_ name: String, _ time: String) -> EndpointPod {
        EndpointSlicePlanTests.pod(name, "10.0.0.1") { $0.readinessTime = Timestamp(rfc3339: time) }
    }

    @Test("The first of those that are new counts; nothing new, no time")
    func firstChange() throws {
        var times = TriggerTimes()
        let service = try Self.service("2026-07-01T12:00:00Z")
        let first = Self.pod("a", "2026-07-01T12:00:05Z")
        func text(_ pods: EndpointPod...) -> String? { times.firstChange(of: service, pods: pods)?.text }
        #expect(text(first) == "2026-07-01T12:00:00Z")
        #expect(text(first) == nil)
        #expect(text(first, Self.pod("b", "2026-07-01T12:00:09Z")) == "2026-07-01T12:00:09Z")
        #expect(
            text(Self.pod("a", "2026-07-01T12:00:30Z"), Self.pod("b", "2026-07-01T12:00:20Z")) == "2026-07-01T12:00:20Z"
        )
        #expect(text(Self.pod("b", "2026-07-01T12:00:20Z")) == nil, "a Pod that goes leaves no time")
    }

    @Test("Slices and Endpoints carry it, and lose it where a change has none")
    func annotation() async throws {
        try await RunningControllers.with { running in
            let store = running.store
            func annotations() throws -> Set<String?> {
                let slices = try store.slices(of: "prod/web")
                let endpoints = try store.document(.endpoints, "prod/web")
                return Set(
                    (slices + [endpoints ?? .null]).map {
                        $0["metadata"]?.textMap("annotations")["endpoints.kubernetes.io/last-change-trigger-time"]
                    })
            }
            try store.put(.service, "prod/web", serviceDocument())
            await running.settled()
            #expect(try annotations() == ["2027-01-15T08:00:00Z"], "the Service's creation")
            try store.put(.pod, "prod/a", podDocument("10.0.0.1"))
            await running.settled()
            #expect(try annotations() == ["2026-07-01T12:00:00Z"], "the Pod's readiness")
            try store.delete(.pod, "prod/a")
            await running.settled()
            #expect(try annotations() == [nil])
        }
    }
}
