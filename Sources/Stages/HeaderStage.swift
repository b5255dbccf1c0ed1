import Corefile
import DNS
import Pipeline

/// `header`: sets and clears bits of replies, and RD of queries on their way.
package struct HeaderStage: Stage {
    package var directive: String { HeaderSettings.directive }

    package func readyPassage(of zone: DomainName) -> ReadyPassage? {
        settings.responseRules.isEmpty && settings.queryRecursion == nil ? .free : nil
    }

    private let settings: HeaderSettings

    package init(_ settings: HeaderSettings) {
        self.settings = settings
    }

    nonisolated(nonsending) package func respond(to query: PipelineQuery, next: Chain) async -> Response {
        var query = query
        if let isDesired = settings.queryRecursion { query.isRecursionDesired = isDesired }
        var response = await next.respond(to: query)
        // RD of a reply is the one of the query that was answered.
        if let isDesired = settings.queryRecursion { response.isRecursionDesired = isDesired }
        for rule in settings.responseRules {
            switch rule.flag {
            case .authoritative: response.isAuthoritative = rule.isSet
            case .recursionAvailable: response.isRecursionAvailable = rule.isSet
            case .recursionDesired: response.isRecursionDesired = rule.isSet
            }
        }
        return response
    }
}
