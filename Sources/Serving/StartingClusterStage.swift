import ClusterServing
import DNS
import Pipeline

/// `kubernetes` from the start on: answers from the state that was kept until the cluster's zones are there.
package struct StartingClusterStage: Stage {
    package var directive: String { whole.directive }
    private let cluster: Cluster
    private let fallsThrough: [DomainName]
    private let whole: ClusterStage

    /// - Parameter fallsThrough: the zones in which a name that does not exist is asked of the next stage.
    package init(_ cluster: Cluster, fallsThrough: [DomainName] = []) {
        self.cluster = cluster
        self.fallsThrough = fallsThrough
        let publisher = cluster.publisher
        whole = ClusterStage(
            zones: publisher.zones, fallsThrough: fallsThrough, readiness: { publisher.isComplete })
    }

    /// A kept state is a whole one: what names need of it is there when they are asked for.
    package var isReady: Bool { whole.isReady || cluster.startingAnswers != nil }

    nonisolated(nonsending) package func respond(to query: PipelineQuery, next: Chain) async -> Response {
        guard let kept = cluster.startingAnswers else { return await whole.respond(to: query, next: next) }
        await kept.prepare(query.name)
        return await ClusterStage(zones: kept.zones, fallsThrough: fallsThrough).respond(to: query, next: next)
    }
}
