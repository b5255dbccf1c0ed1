import AnswerTable
import Corefile
import DNS
import Pipeline
import StaticZones

/// `kubernetes`: answers from the cluster's zones what the ready-made answers do not, and follows aliases.
package struct ClusterStage: Stage {
    package var directive: String { "kubernetes" }
    private let zones: PublishedZones
    /// Of which zones names that do not exist are handed on.
    private let fallsThrough: [DomainName]
    private let readiness: @Sendable () -> Bool

    /// - Parameters:
    ///   - fallsThrough: the zones in which a name that does not exist is asked of the next stage.
    ///   - readiness: whether the registry has been read.
    package init(
        zones: PublishedZones, fallsThrough: [DomainName] = [], readiness: @escaping @Sendable () -> Bool = { true }
    ) {
        self.zones = zones
        self.fallsThrough = fallsThrough
        self.readiness = readiness
    }

    package var isReady: Bool { readiness() }

    nonisolated(nonsending) package func respond(to query: PipelineQuery, next: Chain) async -> Response {
        guard query.recordClass == .internet, let first = zones.zone(of: query.name) else {
            return await next.respond(to: query)
        }
        var response = Response(.noError, isAuthoritative: true)
        response.source = directive
        guard query.type != .axfr, query.type != .ixfr else {
            response.code = .refused
            response.isAuthoritative = false
            return response
        }
        var chain = AliasChain(of: query)
        var zone = first
        while true {
            switch zones.answer(to: chain.name, type: query.type, in: zone) {
            case .records(let records, let additionals):
                response.answers += records
                response.additionals = additionals
                return response
            case .alias(let records, let target):
                guard !chain.isFull else { return response }
                response.answers += records
                guard chain.follow(to: target) else { return response }
                guard let inner = zones.zone(of: target) else { return await chain.continued(query, after: response) }
                // The alias alone, as where the target's rules say nothing of it.
                guard chain.mayBeTold(to: query, in: &response) else { return response }
                zone = inner
            case .noData:
                if zone.apex == first.apex { response.authorities = [zone.denialSOA] }
                return response
            // The cluster's zones have neither cuts nor redirections.
            case .nxDomain, .referral, .nameTooLong:
                if chain.length == 0, handsOn(query.name) { return await next.respond(to: query) }
                return missing(response, zone: zone, first: first, isAliased: chain.length > 0)
            case nil:
                if chain.length == 0, handsOn(query.name) { return await next.respond(to: query) }
                response.code = .serverFailure
                response.extendedError = ExtendedError(.notReady)
                response.failure = "the registry has not been read yet"
                response.authorities = chain.length > 0 ? [] : [zone.denialSOA]
                return response
            }
        }
    }

    /// Whether a name that does not exist here may exist elsewhere.
    private func handsOn(_ name: DomainName) -> Bool {
        fallsThrough.contains { name.isWithin($0) }
    }

    /// A name that does not exist.
    ///
    /// Within one zone an alias to it is good news itself, so it stays NOERROR; one that leads to another zone reports
    /// the target's NXDOMAIN (RFC 6604 §3).
    private func missing(_ partial: Response, zone: ServedZone, first: ServedZone, isAliased: Bool) -> Response {
        var response = partial
        let staysInside = zone.apex == first.apex
        if !isAliased || !staysInside { response.code = .nxDomain }
        if staysInside { response.authorities = [zone.denialSOA] }
        return response
    }
}
