import AnswerTable
import Pipeline

/// What a listener answers with: everything that a reload may change without closing a socket.
package struct ListenerContent: Sendable {
    /// The server blocks of the listener.
    package var router: Router
    /// nil where a stage must see every question, or there are no ready-made answers.
    package var readyAnswers: ReadyAnswers?
    /// nil where a stage must see every question that has no ready-made answer, or nothing is kept.
    package var cachedAnswers: CachedAnswers?
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
    /// What must hold for an answer to go past the stages.
    package let conditions: PassageConditions
    /// The server block of the answers, as metrics name it.
    package var server: String

    package init(
        _ table: AnswerTable, rotates: Bool, source: String = "kubernetes", passage: ReadyPassage = .free,
        server: String = ""
    ) {
        self.table = table
        self.rotates = rotates
        self.source = source
        conditions = PassageConditions(passage)
        self.server = server
    }
}

/// The answers that a stage has kept, and how they are given: to questions that no ready-made answer is there for.
package struct CachedAnswers: Sendable {
    package var answers: any KeptAnswers
    /// The index of the route whose questions these answers are for: all that `conditions` do not hold.
    package var route: Int
    package var rotates: Bool
    package let conditions: PassageConditions
    /// The server block, as metrics name it.
    package var server: String

    package init(
        _ answers: any KeptAnswers, route: Int, rotates: Bool, passage: ReadyPassage, server: String
    ) {
        self.answers = answers
        self.route = route
        self.rotates = rotates
        conditions = PassageConditions(passage)
        self.server = server
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
