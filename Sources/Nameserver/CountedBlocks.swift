import DNS
import Pipeline

/// The counters of a listener's server blocks, for one responder.
struct CountedBlocks {
    struct Block {
        let key: QueryCounters.BlockKey
        let cells: UnsafeMutablePointer<QueryCounters.Cell>
    }

    /// By the index of the route; nil for those not counted.
    private let routes: [Block?]
    /// Where questions of no zone count, as with CoreDNS; nil where no block is counted.
    let dropped: Block?

    init(_ router: Router, _ counters: QueryCounters) {
        func block(_ label: String, _ zone: String) -> Block {
            let key = QueryCounters.BlockKey(label: label, zone: zone)
            return Block(key: key, cells: counters.cells(key))
        }
        routes = router.routes.map { $0.isCounted ? block($0.label, $0.zone.lowercased.description) : nil }
        dropped = router.routes.first { $0.isCounted }.map { block($0.label, "dropped") }
    }

    var isCounting: Bool { dropped != nil }

    func block(ofRoute index: Int?) -> Block? {
        guard let index else { return dropped }
        return index < routes.count ? routes[index] : nil
    }

    func cells(ofRoute index: Int) -> UnsafeMutablePointer<QueryCounters.Cell>? { block(ofRoute: index)?.cells }
}
