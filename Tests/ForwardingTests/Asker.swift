import Corefile
import DNS
import Logging
import Pipeline
import Registry
import Telemetry

@testable import Forwarding

/// A `forward` as a Corefile has it, and a way to ask it.
struct Asker: Sendable {
    struct NoForward: Error {}

    struct Silence: Lookups {
        nonisolated(nonsending) func respond(to query: PipelineQuery) async -> Response { .failed("", "nobody") }
    }

    /// Stands behind the stage and answers NOTZONE, which nobody else does.
    struct End: Stage {
        var directive: String { "end" }
        nonisolated(nonsending) func respond(to query: PipelineQuery, next: Chain) async -> Response {
            Response(ResponseCode(rawValue: 10))
        }
    }

    let stage: ForwardStage
    let metrics: Metrics

    /// - Parameters:
    ///   - lines: what stands in the server block.
    ///   - change: of what the stage works with.
    init(_ lines: String, _ change: (inout ForwardStage.Surroundings) -> Void = { _ in }) throws {
        let corefile = try CorefileParser.corefile(Array(". {\n\(lines)\n}\n".utf8), file: "Corefile")
        guard let settings = try corefile.blocks.first?.settings(ForwardSettings.self) else { throw NoForward() }
        metrics = Metrics()
        var surroundings = ForwardStage.Surroundings(metrics: metrics, logger: Logger(label: "test"))
        change(&surroundings)
        stage = try ForwardStage(settings, surroundings)
    }

    nonisolated(nonsending) func ask(
        _ name: String, _ type: RecordType = .a, transport: Transport = .udp,
        _ change: (inout PipelineQuery) -> Void = { _ in }
    ) async throws -> Response {
        guard let name = DomainName(name) else { throw NoForward() }
        var query = PipelineQuery(
            name: name, type: type, client: .init(.v4(0x7f00_0001), port: 4242),
            server: .init(.v4(0x7f00_0001), port: 53), transport: transport, received: .now, lookups: Silence())
        change(&query)
        return await stage.respond(to: query, next: Chain([End()]))
    }

    func ignored(_ cause: ReplyCheck.Cause, by upstream: ScriptedUpstream) -> UInt64 {
        metrics.counter(
            "swiftlet_forward_ignored_replies_total", "", ["to": upstream.address, "cause": cause.rawValue]
        ).value
    }
}

extension Forwarder.Times {
    /// Short enough that a test may wait for their end, and long enough for a busy machine to answer in.
    static let short = Self(total: .seconds(3), attempt: .seconds(1))
}

extension Response {
    /// The last bytes of the addresses in the answer.
    var lastBytes: [UInt8] { answers.compactMap { $0.type == .a ? $0.data.bytes.last : nil } }
}
