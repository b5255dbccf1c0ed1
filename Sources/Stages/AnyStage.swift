import Corefile
import DNS
import Pipeline

/// `any`: one small HINFO record for questions of type ANY, whatever the name (RFC 8482 §4.2).
///
/// Ready-made answers may go past: the cluster's zone answers such questions as shortly itself, and says of names that
/// do not exist that they do not.
package struct AnyStage: Stage {
    package var directive: String { AnySettings.directive }

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
