import DNS
import Pipeline
import StaticZones

extension StaticZone {
    /// The answer to a question for a name of the zone, aliases followed: in the zone, and through the server's others.
    nonisolated(nonsending) package func response(to query: PipelineQuery) async -> Response {
        var response = Response(.noError, isAuthoritative: true)
        var chain = AliasChain(of: query)
        while true {
            switch answer(to: chain.name, type: query.type) {
            case .records(let records, let additionals):
                response.answers += records
                response.additionals = additionals
                return response
            case .alias(let records, let target):
                guard !chain.isFull else { return response }
                response.answers += records
                guard chain.follow(to: target) else { return response }
                guard target.isWithin(apex) else { return await chain.continued(query, after: response) }
                guard chain.mayBeTold(to: query, in: &response) else { return response }
            case .noData:
                response.authorities = [denialSOA]
                return response
            case .nxDomain:
                response.code = .nxDomain
                response.authorities = [denialSOA]
                return response
            case .nameTooLong(let records):
                response.code = .yxDomain
                response.answers += records
                return response
            case .referral(let servers, let glue):
                response.isAuthoritative = chain.length > 0
                response.authorities = servers
                response.additionals = glue
                return response
            }
        }
    }
}
