import Logging
import Registry

/// One run of the controllers: reads what there is, then follows the changes and does what they make due.
actor ControllerLoop {
    private static let pageSize = 500
    /// The bytes of a page, unless a single object has more.
    private static let pageBytes = 1 << 19
    /// The most writes that are asked for together.
    static let maximumWrites = 256
    /// When what answers may wait for is due: before all else, whatever the clock says by then.
    private static let first = Timestamp(milliseconds: 0)

    let store: any ObjectStore
    private let clock: WallClock
    private let logger: Logger
    private let observer: (@Sendable (ControllerProgress) -> Void)?
    /// Called once names have their endpoints; nil afterwards.
    private var onEndpoints: (@Sendable () -> Void)?
    private let inbox = ChangeInbox()

    var state: ControllerState
    private var progress = ControllerProgress(version: ResourceVersion(rawValue: 0))
    /// What the time of day is ahead of the steady clock, in milliseconds; nil before it was looked at.
    private var clockOffset: Int64?
    private var timer: (task: Task<Void, Never>, end: Timestamp)?

    var now: Timestamp { clock.now() }

    init(
        store: any ObjectStore, settings: ControllerSettings, clock: WallClock, logger: Logger,
        observer: (@Sendable (ControllerProgress) -> Void)?, onEndpoints: (@Sendable () -> Void)?
    ) {
        self.store = store
        self.clock = clock
        self.logger = logger
        self.observer = observer
        self.onEndpoints = onEndpoints
        state = ControllerState(settings: settings)
    }

    /// Works until the task is cancelled or the changes cannot be followed any longer.
    func run() async throws {
        defer { timer?.task.cancel() }
        let start = await store.newestVersion
        progress.version = start
        try await load()
        // Most Services of a large registry may be without Pods.
        for item in [.bootstrap] + state.endpoints.populated { state.queue.move(item, to: Self.first) }
        // What changed while this was reading comes once more, and does no harm.
        let changes = try await store.changes(after: start)
        let inbox = inbox
        let reader = Task { await Self.follow(changes, into: inbox) }
        defer { reader.cancel() }
        try await work()
    }

    private nonisolated static func follow(
        _ changes: AsyncThrowingStream<[RecordedChange], any Error>, into inbox: ChangeInbox
    ) async {
        do {
            for try await batch in changes { await inbox.add(batch) }
            inbox.fail(CancellationError())
        } catch {
            inbox.fail(error)
        }
    }

    private func load() async throws {
        // Owners before those who depend on them, Leases before their slices.
        let kinds: [ObjectKind] = [
            .namespace, .node, .service, .pod, .lease, .endpoints, .endpointSlice, .event, .ipAddress, .serviceCIDR,
        ]
        for kind in kinds {
            try await forEachRecord(in: ObjectScope(kind)) { observe(ObservedObject($0), from: .list) }
        }
    }

    /// Reads the objects of a scope page by page, so that never all of them are held.
    func forEachRecord(in scope: ObjectScope, _ body: (ObjectRecord) throws -> Void) async throws {
        var request = ListRequest(scope, limit: Self.pageSize)
        request.size = Self.pageBytes
        request.countsRemaining = false
        repeat {
            let page = try await store.objects(request)
            for record in page.records { try body(record) }
            request.after = page.remaining > 0 ? page.records.last?.key.id : nil
        } while request.after != nil
    }

    private func work() async throws {
        while true {
            try Task.checkCancellation()
            noteClockSteps()
            let changes = try inbox.take()
            for change in changes { observe(ObservedObject(change), from: .change) }
            if let last = changes.last { progress.version = max(progress.version, last.version) }
            if let onEndpoints, state.queue.nextTime.map({ $0 > Self.first }) ?? true {
                onEndpoints()
                self.onEndpoints = nil
            }
            // In pieces, so that what changes meanwhile is seen between them.
            let due = state.queue.takeDue(at: clock.now(), limit: Self.maximumWrites)
            guard due.isEmpty else {
                await perform(due)
                continue
            }
            setTimer()
            progress.nextTime = state.queue.nextTime
            progress.examinedServices = state.endpoints.examinedServices
            observer?(progress)
            await inbox.wait()
        }
    }

    /// How often the clock is looked at while there are Leases, in milliseconds, and from what on it has been set.
    private static let clockLook: Int64 = 5000
    private static let leastStep: Int64 = 1000

    /// Leases run by a clock that nobody sets, whatever the time of day becomes meanwhile.
    private func noteClockSteps() {
        let now = clock.now()
        let offset = now.milliseconds &- clock.steady()
        let step = offset &- (clockOffset ?? offset)
        clockOffset = offset
        guard step > Self.leastStep || step < -Self.leastStep else { return }
        logger.notice("controllers: the clock was set by \(step) ms; leases run as long as before")
        state.moveRegistrations(by: step, now: now)
    }

    private func setTimer() {
        guard var end = state.queue.nextTime else { return }
        if !state.registrations.isEmpty { end = min(end, clock.now().advanced(byMilliseconds: Self.clockLook)) }
        if let timer, timer.end <= end, timer.end > clock.now() { return }
        timer?.task.cancel()
        let (clock, inbox) = (clock, inbox)
        let task = Task {
            do { try await clock.sleep(end) } catch { return }
            inbox.wake()
        }
        timer = (task, end)
    }

    private func observe(_ object: ObservedObject, from origin: ObservedObject.Origin) {
        do {
            try state.observe(object, from: origin, now: clock.now())
        } catch {
            logger.error("controllers: \(object.key) cannot be read: \(error)")
        }
    }

    // MARK: Writes

    private struct PlannedWrite {
        let item: WorkItem
        let write: ObjectWrite
    }

    /// Does what is due, in as few calls of the store as can be.
    private func perform(_ items: [WorkItem]) async {
        var planned: [PlannedWrite] = []
        var open: [WorkItem] = []
        for item in items {
            do {
                if case .service = item { progress.syncedServices += 1 }
                planned += try await writes(for: item).map { PlannedWrite(item: item, write: $0) }
                open.append(item)
            } catch {
                retry(item, after: error)
            }
            if planned.count >= Self.maximumWrites {
                await write(planned, of: open)
                (planned, open) = ([], [])
            }
        }
        await write(planned, of: open)
    }

    /// Carries out the writes of items, and takes in what they made of the registry.
    private func write(_ planned: [PlannedWrite], of items: [WorkItem]) async {
        var failures: [WorkItem: any Error] = [:]
        for start in stride(from: 0, to: planned.count, by: Self.maximumWrites) {
            let piece = planned[start..<min(start + Self.maximumWrites, planned.count)]
            let results = await store.write(piece.map(\.write))
            for (write, result) in zip(piece, results) {
                switch result {
                case .success(let outcome):
                    // What was left as it is says nothing new, but that an Event is younger than it was taken for.
                    let isNews = outcome.kind != .unchanged || write.write.key.kind == .event
                    if isNews, let object = ObservedObject(outcome) {
                        observe(object, from: .ownWrite)
                    }
                case .failure(let error):
                    failures[write.item] = error
                }
            }
        }
        let now = clock.now()
        for item in items {
            if let failure = failures[item] {
                retry(item, after: failure)
            } else {
                state.finish(item, now: now)
            }
        }
    }

    private func retry(_ item: WorkItem, after error: any Error) {
        var isForgiven = false
        if case ObjectStoreError.unavailable = error { isForgiven = true }
        if state.queue.retry(item, at: clock.now(), isForgiven: isForgiven) {
            // What is tried without end is not told without end.
            let level: Logger.Level = error.isPassing || state.queue.failsForLong(item) ? .debug : .warning
            logger.log(level: level, "controllers: \(item): \(error); it is tried again")
        } else {
            logger.error("controllers: \(item): \(error); given up until something changes")
        }
    }
}

extension Error {
    /// Whether somebody else was quicker, which the next attempt takes into account.
    fileprivate var isPassing: Bool {
        switch self as? ObjectStoreError {
        case .conflict, .notFound, .alreadyExists: true
        default: false
        }
    }
}
