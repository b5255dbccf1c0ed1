/// What to ask an API server next about the objects of one kind, so that what is known of them follows it: a list, a
/// watch from there on, and again after whatever goes wrong.
///
/// A value without I/O or clock: it is told what came of a request and says what to do. Times are durations since any
/// fixed instant; random numbers go from 0 up to 1.
struct Reflector: Hashable, Sendable {
    enum Request: Hashable, Sendable {
        /// A watch that begins with all objects (KEP-3157). `timeout` in seconds.
        case streamingList(timeout: Int)
        /// A page of a list; `version` as `resourceVersion`, empty for the newest state.
        case list(version: String, page: String)
        case watch(version: String, timeout: Int)
    }

    enum Step: Hashable, Sendable {
        case send(Request)
        case wait(Duration)
    }

    /// How a request ended.
    enum Ending: Hashable, Sendable {
        /// The server ended the answer where it may.
        case finished
        /// A page of a list was read whole.
        case listed(ListMetadata)
        /// Another status than 2xx, or an ERROR event.
        case refused(code: Int, message: String, retryAfter: Duration?)
        /// No connection, or one that broke.
        case broken
        case malformed
        /// Nothing came for longer than it may.
        case silent
        /// All objects seem to have been sent, and no bookmark said so.
        case unmarked
        /// The stream was given up because what is known disagrees with the API.
        case doubted
    }

    /// Why a watch was given up, for those who count.
    enum Cause: String, Hashable, Sendable, CaseIterable {
        case timeout, expired, refused, broken, malformed, silent, unmarked, doubted
    }

    enum Phase: Hashable, Sendable {
        /// Objects are being told one by one; what is not among them at the end is gone.
        case listing
        case watching
        case waiting
    }

    /// How long a streaming list may be silent before its bookmark: servers that do not know of streaming lists ignore
    /// what asks for one, send all objects and then wait for changes.
    static let markerPatience = Duration.seconds(10)
    /// How long a list may be silent.
    static let listPatience = Duration.seconds(60)
    /// How long a watch may take to begin, which servers let it do at once.
    static let openPatience = Duration.seconds(30)
    /// After so many refusals in a row a watch is given up for a list, as a version may be what is refused.
    static let refusalLimit = 5
    /// How long a watch may be silent whose server sends bookmarks, which it does each minute.
    static let bookmarkPatience = Duration.seconds(180)
    /// How much later than asked for a server may end a watch.
    static let grace = Duration.seconds(30)
    /// How often to ask for a kind that the server does not serve.
    static let unservedPause = Duration.seconds(300)
    /// The page of a list. Servers that answer from their cache ignore it.
    static let pageSize = 500

    private(set) var phase = Phase.waiting
    /// Up to which version all is known; nil before the first list.
    private(set) var version: ObjectVersion?
    /// Whether the server is taken for one that knows streaming lists.
    private(set) var streamsLists = true
    /// Whether the server answered that it has no such kind.
    private(set) var isUnserved = false
    private(set) var lastCause: Cause?

    private var request: Request?
    private var backoff = Backoff()
    /// Of lists because of versions that were too old. No event resets it: one of them and that error may come again and
    /// again.
    private var expiry = Backoff()
    private var openedAt = Duration.zero
    private var bookmarks = 0
    private var malformedInARow = 0
    private var brokenStreams = 0
    /// Watches that were refused since one went well.
    private var refusedInARow = 0
    /// Whether a streaming list was refused that may be allowed another time: plain lists are asked for until there was
    /// one.
    private var needsPlainList = false
    /// Whether a list must show the newest state, as the version that is known is no longer served or never was.
    private var needsNewest = false

    /// Whether the answer under way has begun.
    private var isOpen = false

    /// Whether a request was sent and nothing has been answered yet.
    var isConnecting: Bool { !isOpen }

    /// Whether a server without this kind is one to live with.
    private let isOptional: Bool

    /// - Parameters:
    ///   - version: up to which all is known already, as from a stored state.
    ///   - isOptional: whether a server may lack the kind.
    init(version: ObjectVersion? = nil, isOptional: Bool = false) {
        self.version = version
        self.isOptional = isOptional
    }

    // MARK: What is told

    mutating func start(random: Double) -> Step { proceed(random) }

    /// The waiting is over.
    mutating func waited(random: Double) -> Step { proceed(random) }

    /// The head of a successful answer came.
    mutating func opened(now: Duration) {
        openedAt = now
        isOpen = true
    }

    /// An event of an object came.
    mutating func heardEvent(_ version: ObjectVersion) {
        guard phase == .watching else { return }
        advance(to: version)
        settle()
    }

    /// A bookmark came.
    ///
    /// - Returns: Whether it ends the list.
    mutating func heardBookmark(_ version: ObjectVersion, endsInitialEvents: Bool, now: Duration) -> Bool {
        if case .streamingList = request, phase == .listing {
            guard endsInitialEvents else { return false }
            completeList(version)
            openedAt = now
            return true
        }
        guard phase == .watching else { return false }
        bookmarks += 1
        advance(to: version)
        settle()
        return false
    }

    /// How long the answer under way may be silent.
    var patience: Duration {
        switch (request, isOpen) {
        case (.streamingList, false), (.watch, false): Self.openPatience
        case (.streamingList(let timeout), true):
            phase == .listing ? Self.markerPatience : watchPatience(timeout)
        case (.watch(_, let timeout), true): watchPatience(timeout)
        case (.list, _), (nil, _): Self.listPatience
        }
    }

    /// What silence is called once it has lasted that long.
    var silence: Ending {
        if isOpen, case .streamingList = request, phase == .listing { return .unmarked }
        return .silent
    }

    private func watchPatience(_ timeout: Int) -> Duration {
        bookmarks >= 2 ? Self.bookmarkPatience : .seconds(timeout) + Self.grace
    }

    /// A request ended.
    mutating func ended(_ ending: Ending, now: Duration, random: Double) -> Step {
        guard let request else { return proceed(random) }
        let isListing = phase == .listing
        // What has gone well for a while is no failure in a row.
        if phase == .watching, isOpen, now - openedAt >= .seconds(1) {
            backoff.reset()
            expiry.reset()
        }
        isOpen = false
        switch ending {
        case .listed(let metadata):
            return listed(metadata, request, random)
        case .doubted:
            lastCause = .doubted
            needsNewest = true
            version = nil
            return proceed(random)
        case .unmarked:
            lastCause = .unmarked
            streamsLists = false
            return proceed(random)
        case .silent:
            lastCause = .silent
            return isListing ? retry(random) : proceed(random)
        case .finished:
            lastCause = .timeout
            return isListing ? streamBroke(random) : watchFinished(now: now, random: random)
        case .broken:
            lastCause = .broken
            return isListing ? streamBroke(random) : retry(random)
        case .malformed:
            lastCause = .malformed
            malformedInARow += 1
            // The same line would come again from the same version.
            if malformedInARow >= 2 { forget() }
            return isListing ? streamBroke(random) : retry(random)
        case .refused(let code, let message, let retryAfter):
            return refused(code, message, retryAfter, request, random)
        }
    }

    // MARK: What follows

    private mutating func proceed(_ random: Double) -> Step {
        let next: Request
        isOpen = false
        if let version {
            phase = .watching
            next = .watch(version: version.text, timeout: Self.timeout(random))
        } else {
            phase = .listing
            pageCount = 0
            let isPlain = needsPlainList || refusedInARow >= Self.refusalLimit
            next =
                streamsLists && !isPlain
                ? .streamingList(timeout: Self.timeout(random)) : .list(version: listVersion, page: "")
        }
        request = next
        return .send(next)
    }

    /// Five to ten minutes, as client-go has it, so that watches of many clients do not end together.
    private static func timeout(_ random: Double) -> Int { 300 + Int(random * 300) }

    /// "Any state" is cheapest for the server and good enough until something newer was seen.
    private var listVersion: String { needsNewest ? "" : seen.map(\.text) ?? "0" }

    /// The newest version that was ever complete here.
    private var seen: ObjectVersion?

    /// The most pages of one list: of 500 objects each, far more than a cluster has.
    private static let pageLimit = 10_000
    /// The pages of the list under way.
    private var pageCount = 0

    private mutating func listed(_ metadata: ListMetadata, _ request: Request, _ random: Double) -> Step {
        guard case .list(let version, _) = request else { return proceed(random) }
        guard metadata.continuation.isEmpty else {
            pageCount += 1
            // A list without an end would be asked for without a pause.
            guard pageCount <= Self.pageLimit else { return ended(.malformed, now: .zero, random: random) }
            // The version belongs to the first page only: the continuation says the rest.
            let next = Request.list(version: version, page: metadata.continuation)
            self.request = next
            return .send(next)
        }
        guard !metadata.version.text.isEmpty else { return ended(.malformed, now: .zero, random: random) }
        completeList(metadata.version)
        return proceed(random)
    }

    private mutating func completeList(_ version: ObjectVersion) {
        pageCount = 0
        self.version = version
        seen = version
        phase = .watching
        isUnserved = false
        needsNewest = false
        brokenStreams = 0
        needsPlainList = false
    }

    private mutating func advance(to version: ObjectVersion) {
        // Events in the wrong order do not turn back what is known.
        guard !version.text.isEmpty, self.version.map({ !version.isBefore($0) }) ?? true else { return }
        self.version = version
        seen = version
    }

    /// All is well: the next failure is the first one.
    private mutating func settle() {
        backoff.reset()
        malformedInARow = 0
        refusedInARow = 0
    }

    private mutating func forget() {
        version = nil
        needsNewest = true
    }

    private mutating func retry(_ random: Double, atLeast: Duration? = nil) -> Step {
        phase = .waiting
        request = nil
        return .wait(max(backoff.next(random: random), atLeast ?? .zero))
    }

    private mutating func watchFinished(now: Duration, random: Double) -> Step {
        guard now - openedAt >= .seconds(1) else { return retry(random) }
        refusedInARow = 0
        return proceed(random)
    }

    /// A list did not come to its end. A server may take a streaming list for a watch and end it: no third try.
    private mutating func streamBroke(_ random: Double, atLeast: Duration? = nil) -> Step {
        if case .streamingList = request {
            brokenStreams += 1
            if brokenStreams >= 3 { streamsLists = false }
        }
        return retry(random, atLeast: atLeast)
    }

    private mutating func refused(
        _ code: Int, _ message: String, _ retryAfter: Duration?, _ request: Request, _ random: Double
    ) -> Step {
        lastCause = code == 410 ? .expired : .refused
        if code == 429 || code >= 500 || code < 400 {
            if code == 504, message.contains("Too large resource version") {
                // The API has gone back, as one restored from a backup does: its present state is the truth.
                forget()
                seen = nil
            }
            if phase != .listing, code >= 500 { noteRefusedWatch() }
            return code < 500 || phase != .listing
                ? retry(random, atLeast: retryAfter) : streamBroke(random, atLeast: retryAfter)
        }
        switch request {
        case .streamingList where phase == .watching:
            return watchRefused(code, random)
        case .streamingList:
            switch code {
            case 404 where isOptional && seen == nil: return unserved()
            case 401, 403, 404: needsPlainList = true
            default: streamsLists = false
            }
            return proceed(random)
        case .list(_, let page):
            switch code {
            case 404 where isOptional && seen == nil: return unserved()
            case 410 where !page.isEmpty || !needsNewest:
                needsNewest = true
                return again(random)
            default: return retry(random)
            }
        case .watch:
            return watchRefused(code, random)
        }
    }

    private mutating func watchRefused(_ code: Int, _ random: Double) -> Step {
        switch code {
        case 401, 403:
            noteRefusedWatch()
            return retry(random)
        case 410:
            forget()
            guard expiry.failures == 0 else { return retry(random, atLeast: expiry.next(random: random)) }
            _ = expiry.next(random: random)
            return again(random)
        default:
            forget()
            return retry(random)
        }
    }

    /// Has a list asked for where watches are refused again and again, so that what is known does not stand still.
    private mutating func noteRefusedWatch() {
        refusedInARow += 1
        if refusedInARow >= Self.refusalLimit { version = nil }
    }

    /// At once where nothing has gone wrong before, else after a while.
    private mutating func again(_ random: Double) -> Step {
        guard backoff.failures == 0 else { return retry(random) }
        _ = backoff.next(random: random)
        return proceed(random)
    }

    private mutating func unserved() -> Step {
        isUnserved = true
        phase = .waiting
        request = nil
        return .wait(Self.unservedPause)
    }
}
