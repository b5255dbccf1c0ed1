import Corefile
import DNS
import Pipeline

/// `whoami`: tells askers their address, port and transport in the additional section; the answer itself is empty.
package struct WhoamiStage: Stage {
    package var directive: String { WhoamiSettings.directive }

    package init(_ settings: WhoamiSettings) {}

    nonisolated(nonsending) package func respond(to query: PipelineQuery, next: Chain) async -> Response {
        var response = Response(.noError, isAuthoritative: true)
        response.source = directive
        response.dependsOnAsker = true
        response.additionals = [Record(owner: query.name, ttl: 0, data: .address(query.client.address.bytes))]
        let label = query.transport == .udp ? "_udp" : "_tcp"
        // A name of full length has no room for the label.
        if let owner = DomainName(labels: [label], under: query.name) {
            response.additionals.append(
                Record(
                    owner: owner, ttl: 0,
                    data: .srv(priority: 0, weight: 0, port: query.client.port, target: .root)))
        }
        return response
    }
}
