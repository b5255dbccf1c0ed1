import Corefile
import DNS
import Pipeline

/// `minimal`: answers that say what was asked go without authority and additional sections.
///
/// Denials, referrals and failures keep theirs: the SOA record bounds how long they may be kept.
package struct MinimalStage: Stage {
    package var directive: String { MinimalSettings.directive }

    package func readyPassage(of zone: DomainName) -> ReadyPassage? { nil }

    package init(_ settings: MinimalSettings) {}

    nonisolated(nonsending) package func respond(to query: PipelineQuery, next: Chain) async -> Response {
        var response = await next.respond(to: query)
        guard response.code == .noError, !response.answers.isEmpty else { return response }
        response.authorities = []
        response.additionals = []
        return response
    }
}
