import Corefile
import DNS
import Pipeline

/// `any`: one small HINFO record for questions of type ANY, whatever the name (RFC 8482 §4.2).
///
/// Answers to other questions go past.
package struct AnyStage: Stage {
    package var directive: String { AnySettings.directive }

    package func readyPassage(of zone: DomainName) -> ReadyPassage? {
        var passage = ReadyPassage()
        passage.heldTypes = [.any]
        return passage
    }

    /// Seconds; CoreDNS's.
    private static let ttl: UInt32 = 8482

    package init(_ settings: AnySettings) {}

    nonisolated(nonsending) package func respond(to query: PipelineQuery, next: Chain) async -> Response {
        guard query.type == .any, query.recordClass == .internet else { return await next.respond(to: query) }
        var response = Response(.noError)
        response.source = directive
        response.answers = [Record(owner: query.name, ttl: Self.ttl, data: .minimalAny)]
        return response
    }
}
