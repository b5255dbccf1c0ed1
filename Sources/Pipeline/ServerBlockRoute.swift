import DNS

/// What a server block is to the listener that its questions come by: a zone, and the chain that answers for it.
package struct ServerBlockRoute: Sendable {
    package var zone: DomainName
    /// The block as metrics name it: `dns://:53`.
    package var label: String
    package var chain: Chain
    /// Whether a stage of the chain answers questions of class CH; such are refused otherwise.
    package var takesChaos: Bool
    /// Whether a stage of the chain answers AXFR and IXFR; they are refused otherwise.
    package var takesTransfers: Bool
    /// Whether questions of the block are counted (`prometheus`).
    package var isCounted: Bool

    package init(
        zone: DomainName, label: String, chain: Chain, takesChaos: Bool = false, takesTransfers: Bool = false,
        isCounted: Bool = false
    ) {
        self.zone = zone
        self.label = label
        self.chain = chain
        self.takesChaos = takesChaos
        self.takesTransfers = takesTransfers
        self.isCounted = isCounted
    }

    /// Answers a question of this block, without looking whether its name is of the block's zone.
    nonisolated(nonsending) package func respond(to query: PipelineQuery) async -> Response {
        switch query.recordClass {
        case .internet: break
        case .chaos where takesChaos: break
        default: return Response(.refused)
        }
        if query.type == .axfr || query.type == .ixfr, !takesTransfers { return Response(.refused) }
        var query = query
        query.serverLabel = label
        query.zone = zone
        return await chain.respond(to: query)
    }
}
