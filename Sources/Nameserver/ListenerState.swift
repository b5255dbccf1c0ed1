import Pipeline
import Synchronization

/// What all threads and connections of one listener share.
package final class ListenerState: Sendable {
    let content: Exchangeable<ListenerContent>
    let underWay: QueriesUnderWay
    let counters: ServerCounters
    let cookies: CookieSecrets
    /// Replies of this listener that are still to be sent.
    let outstanding = Outstanding()
    /// For replies that were not there at once, over UDP and over streams: their threads take turns.
    private let lateCounters: Mutex<(udp: QueryCounters, stream: QueryCounters)>

    init(
        _ content: ListenerContent, underWay: QueriesUnderWay, counters: ServerCounters, cookies: CookieSecrets
    ) {
        self.content = Exchangeable(content)
        self.underWay = underWay
        self.counters = counters
        self.cookies = cookies
        lateCounters = Mutex((counters.make(proto: "udp"), counters.make(proto: "tcp")))
    }

    /// A listener by itself, for who needs a `Responder` and no sockets.
    package convenience init(_ content: ListenerContent, underWay: QueriesUnderWay = QueriesUnderWay()) {
        self.init(
            content, underWay: underWay, counters: ServerCounters(underWay: underWay, connections: [:]),
            cookies: CookieSecrets())
    }

    deinit {
        lateCounters.withLock { late in
            counters.retire(late.udp)
            counters.retire(late.stream)
        }
    }

    /// Has the next batch of each thread answered with other content.
    package func exchange(_ new: ListenerContent) { content.exchange(new) }

    /// Counts responses over HTTP.
    func count(httpStatus status: Int, _ number: Int = 1) {
        guard let route = content.current.router.routes.first, route.isCounted else { return }
        counters.count(httpStatus: status, label: route.label, number)
    }

    /// Counts a reply that was not there at once.
    func countLate(_ transport: Transport, _ body: (QueryCounters) -> Void) {
        lateCounters.withLock { body(transport == .udp ? $0.udp : $0.stream) }
    }
}
