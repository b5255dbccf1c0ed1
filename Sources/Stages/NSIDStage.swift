import Corefile
import DNS
import Pipeline

/// `nsid`: tells the server's name to those who ask for it (RFC 5001).
///
/// Ready-made answers may not go past: the listener sends the option back in them as it came, which is empty.
package struct NSIDStage: Stage {
    package var directive: String { NSIDSettings.directive }
    package var passesReadyAnswers: Bool { false }

    /// What the option of an answer holds.
    package let data: [UInt8]

    package init(_ settings: NSIDSettings) {
        data = settings.data ?? Array(HostName.current.utf8)
    }

    nonisolated(nonsending) package func respond(to query: PipelineQuery, next: Chain) async -> Response {
        var response = await next.respond(to: query)
        guard let edns = query.edns, edns.options.contains(where: { $0.code == .nsid }) else { return response }
        response.options.removeAll { $0.code == .nsid }
        response.options.append(EDNSOption(.nsid, data))
        return response
    }
}
