import DNS

/// The server blocks of one listener: picks the one that a question is for.
///
/// Never changes once made; a listener exchanges it as a whole. Needs no socket, and so is also how stages ask the
/// server itself (`PipelineQuery.ask`).
package final class Router: Lookups {
    /// In the order given.
    package let routes: [ServerBlockRoute]
    /// Indices of routes by the lower-cased wire form of their zones.
    private let indices: [ArraySlice<UInt8>: Int]
    /// The length of the longest zone name, in bytes.
    private let longestZone: Int

    /// - Parameter routes: server blocks; of several with one zone the first counts.
    package init(_ routes: [ServerBlockRoute]) {
        self.routes = routes
        indices = Dictionary(
            routes.enumerated().map { ($1.zone.lowercased.wire[...], $0) }, uniquingKeysWith: { first, _ in first })
        longestZone = routes.map(\.zone.wire.count).max() ?? 0
    }

    /// The index among `routes` of the block with the longest zone that the name is in; nil where there is none.
    ///
    /// The DS records of a zone are its parent's (RFC 4035 §3.1.4.1): a question for them at a block's apex goes to the
    /// block of a zone above it, where there is one other than the root, as with CoreDNS.
    package func index(of name: DomainName, _ type: RecordType) -> Int? {
        let wire = name.lowercased.wire
        var start = 0
        var child: Int?
        while true {
            if wire.count - start <= longestZone, let found = indices[wire[start...]] {
                let isApex = start == 0 && type == .ds
                let isLastResort = child != nil && wire[start] == 0
                if !isApex, !isLastResort { return found }
                if isApex { child = found }
            }
            guard wire[start] != 0 else { return child }
            start += 1 + Int(wire[start])
        }
    }

    /// Answers a question by the block it is for; REFUSED where no block's zone holds the name.
    nonisolated(nonsending) package func respond(to query: PipelineQuery) async -> Response {
        guard let index = index(of: query.name, query.type) else { return .unanswered() }
        return await routes[index].respond(to: query)
    }
}
