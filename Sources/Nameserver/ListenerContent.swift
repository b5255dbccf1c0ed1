import AnswerTable
import Pipeline

/// What a listener answers with: everything that a reload may change without closing a socket.
package struct ListenerContent: Sendable {
    /// The server blocks of the listener.
    package var router: Router
    /// nil where a stage must see every question, or there are no ready-made answers.
    package var readyAnswers: ReadyAnswers?
    package var timeouts = Timeouts()
    /// nil where nothing limits what goes out over UDP.
    package var rateLimits: RateLimits?

    package init(router: Router, readyAnswers: ReadyAnswers? = nil, timeouts: Timeouts = Timeouts()) {
        self.router = router
        self.readyAnswers = readyAnswers
        self.timeouts = timeouts
    }
}

/// The table of ready-made answers, and how they are given.
package struct ReadyAnswers: Sendable {
    package var table: AnswerTable
    /// Whether the addresses of an answer come in another order each time (`loadbalance`).
    package var rotates: Bool
    /// The directive that such answers count for.
    package var source: String

    package init(_ table: AnswerTable, rotates: Bool, source: String = "kubernetes") {
        self.table = table
        self.rotates = rotates
        self.source = source
    }
}

/// How long connections may take (`timeouts`), with CoreDNS's values unless told otherwise.
package struct Timeouts: Hashable, Sendable {
    /// From the first byte of a query or request to its last.
    package var read: Duration = .seconds(3)
    /// How long a client may leave replies unread.
    package var write: Duration = .seconds(5)
    /// Without a query or one under way (RFC 7766 §6.2.3); the first one, TLS handshake included, has as long.
    package var idle: Duration = .seconds(10)

    package init() {}
}
