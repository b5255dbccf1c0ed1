import Corefile
import DNS
import Pipeline

/// `nsid`: tells the server's name to those who ask for it (RFC 5001).
///
/// Only answers to questions without the option may go past: the listener would send it back as it came, empty.
package struct NSIDStage: Stage {
    package var directive: String { NSIDSettings.directive }

    package func readyPassage(of zone: DomainName) -> ReadyPassage? {
        var passage = ReadyPassage()
        passage.heldOptions = [.nsid]
        return passage
    }

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
