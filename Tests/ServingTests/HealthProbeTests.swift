import Corefile
import Logging
import Telemetry
import Testing

@testable import Serving

@Suite("The probe of the process' own health")
struct HealthProbeTests {
    private static let duration = "coredns_health_request_duration_seconds"
    private static let failures = "coredns_health_request_failures_total"

    private func value(_ name: String, _ metrics: Metrics) -> String? {
        metrics.text().split(separator: "\n").first { $0.hasPrefix("\(name) ") }.map {
            String($0.dropFirst(name.count + 1))
        }
    }

    @Test("Each request counts with its time; one without an answer, or with another, counts as failed")
    func counts() async throws {
        let metrics = Metrics()
        // On a busy machine an answer may take longer than the probe of a server waits.
        let probe = HealthProbe(
            metrics: metrics, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, patience: .minutes(10))
        #expect(value(Self.failures, metrics) == "0")
        let server = OperationsServer()
        let address = PageAddress(host: "127.0.0.1", port: 0)
        try await server.setPages([address: ["/health": { .init(body: "OK") }]])
        let port = try #require(await server.ports[address])
        await probe.ask("127.0.0.1", port)
        #expect(value("\(Self.duration)_count", metrics) == "1")
        #expect(value(Self.failures, metrics) == "0")
        try await server.setPages([address: ["/health": { .init(status: 503, body: "no") }]])
        await probe.ask("127.0.0.1", port)
        #expect(value(Self.failures, metrics) == "1")
        await server.stop()
        await probe.ask("127.0.0.1", port)
        #expect(value(Self.failures, metrics) == "2")
        #expect(value("\(Self.duration)_count", metrics) == "3")
        // CoreDNS's buckets.
        for bound in ["0.00025", "0.0025", "0.025", "0.25", "2.5", "+Inf"] {
            #expect(metrics.text().contains("\(Self.duration)_bucket{le=\"\(bound)\"}"), "\(bound)")
        }
    }
}
