import Corefile
import DNS
import Pipeline

/// `bufsize`: announces no larger datagrams to those behind, and sends none to the asker.
package struct BufsizeStage: Stage {
    package var directive: String { BufsizeSettings.directive }

    package func readyPassage(of zone: DomainName) -> ReadyPassage? {
        var passage = ReadyPassage()
        passage.udpLimit = size
        return passage
    }

    /// Bytes.
    package let size: Int
    private let payload: UInt16

    package init(_ settings: BufsizeSettings) {
        payload = settings.size
        size = Int(settings.size)
    }

    nonisolated(nonsending) package func respond(to query: PipelineQuery, next: Chain) async -> Response {
        var query = query
        if let asked = query.edns?.udpPayload { query.edns?.udpPayload = min(asked, payload) }
        var response = await next.respond(to: query)
        response.udpLimit = min(response.udpLimit ?? size, size)
        return response
    }
}
