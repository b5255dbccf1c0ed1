import Logging
import ObjectRules
import Registry
import Synchronization

/// Hands the registry's changes to all watches: one reader of the store for any number of them.
///
/// A watch is told through a queue, of bounded length and weight, that holds references to shared changes. One that does
/// not keep up is ended: the client lists and watches anew.
package final class WatchHub: Sendable {
    /// What a watch is told.
    enum Signal: Sendable {
        case change(RecordedChange)
        /// Nothing of interest has happened up to this version.
        case bookmark(ResourceVersion)
        /// Its time is over.
        case end
        /// It has fallen behind, or the hub has.
        case gone
    }

    private struct Watcher {
        let scope: ObjectScope
        let user: String?
        let queue: AsyncStream<Signal>.Continuation
        let weight: QueueWeight
        let wantsBookmarks: Bool
        let end: ContinuousClock.Instant
        var nextBookmark: ContinuousClock.Instant
        let cutOff: @Sendable () -> Void
    }

    private struct State {
        var version: ResourceVersion?
        var watchers: [ObjectKind: [Int: Watcher]] = [:]
        var count = 0
        /// How many each user has who is known.
        var users: [String: Int] = [:]
        var nextID = 0
        /// Wakes the timer when the first watch comes.
        var arrival: AsyncStream<Void>.Continuation?
        var readiness: [CheckedContinuation<Void, Never>] = []
    }

    /// A watch's place in the hub.
    struct Registration: Sendable {
        let id: Int
        let signals: AsyncStream<Signal>
        /// To be told of each change that is taken out of the signals.
        let weight: QueueWeight
        /// The version up to which changes have been handed out before the first signal.
        let version: ResourceVersion
    }

    /// What may wait for a watch to be read where memory is not limited, in bytes of text.
    package static let usualQueueBytes = 16 << 20
    private static let queueLength = 1024
    private static let bookmarkInterval = Duration.seconds(60)

    private let store: any ObjectStore
    private let maximumWatches: Int
    private let queueBytes: Int
    private let logger: Logger
    private let state = Mutex(State())

    /// - Parameter queueBytes: The texts of changes that may wait for a watch to be read, in bytes; one change may have
    ///   more.
    package init(
        store: any ObjectStore, maximumWatches: Int, queueBytes: Int = WatchHub.usualQueueBytes, logger: Logger
    ) {
        self.store = store
        self.maximumWatches = maximumWatches
        self.queueBytes = queueBytes
        self.logger = logger
    }

    /// How many watches are open.
    package var count: Int { state.withLock { $0.count } }

    /// Follows the store until the task is cancelled.
    package func run() async {
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await self.follow() }
            tasks.addTask { await self.keepTime() }
            await tasks.waitForAll()
        }
    }

    /// Enters a watch.
    ///
    /// - Parameters:
    ///   - user: nil for one who cannot be told from others.
    ///   - cutOff: Called, on any thread, when the watch has not kept up: whoever waits for its client to read is to be
    ///     freed.
    /// - Returns: nil where there are as many watches as there may be, of a user who is known half of them.
    func enter(
        _ scope: ObjectScope, user: String? = nil, wantsBookmarks: Bool, lasting duration: Duration,
        cutOff: @escaping @Sendable () -> Void
    ) async -> Registration? {
        await becomeReady()
        let (signals, queue) = AsyncStream<Signal>.makeStream(bufferingPolicy: .bufferingOldest(Self.queueLength))
        return state.withLock { state in
            guard let version = state.version, state.count < maximumWatches else { return nil }
            if let user {
                let own = state.users[user] ?? 0
                guard own < max(1, maximumWatches / 2) else { return nil }
                state.users[user] = own + 1
            }
            let now = ContinuousClock.now
            state.nextID += 1
            state.count += 1
            let weight = QueueWeight()
            state.watchers[scope.kind, default: [:]][state.nextID] = Watcher(
                scope: scope, user: user, queue: queue, weight: weight, wantsBookmarks: wantsBookmarks,
                end: now + duration,
                nextBookmark: now + Self.bookmarkInterval, cutOff: cutOff)
            if state.count == 1 { state.arrival?.yield() }
            return Registration(id: state.nextID, signals: signals, weight: weight, version: version)
        }
    }

    func leave(_ id: Int, scope: ObjectScope) {
        state.withLock { Self.remove(id, kind: scope.kind, from: &$0) }?.queue.finish()
    }

    @discardableResult
    private static func remove(_ id: Int, kind: ObjectKind, from state: inout State) -> Watcher? {
        guard let watcher = state.watchers[kind]?.removeValue(forKey: id) else { return nil }
        state.count -= 1
        if let user = watcher.user {
            let rest = (state.users[user] ?? 0) - 1
            state.users[user] = rest > 0 ? rest : nil
        }
        return watcher
    }

    /// Waits until the hub knows what version it is at.
    private func becomeReady() async {
        await withCheckedContinuation { continuation in
            let isReady = state.withLock { state in
                if state.version != nil { return true }
                state.readiness.append(continuation)
                return false
            }
            if isReady { continuation.resume() }
        }
    }

    // MARK: Changes

    private func follow() async {
        while !Task.isCancelled {
            let start = await store.newestVersion
            let waiting = state.withLock { state in
                state.version = start
                defer { state.readiness = [] }
                return state.readiness
            }
            for continuation in waiting { continuation.resume() }
            do {
                for try await batch in try await store.changes(after: start) { publish(batch) }
                return
            } catch is CancellationError {
                return
            } catch {
                // What was missed cannot be told any more: every watch has to begin anew.
                logger.warning("watches are ended, to begin anew: \(error)")
                endAll()
            }
        }
    }

    private func publish(_ batch: [RecordedChange]) {
        let lagging = state.withLock { state in
            var lagging: [Watcher] = []
            for change in batch {
                let kind = change.key.kind
                for (id, watcher) in state.watchers[kind] ?? [:] {
                    guard watcher.scope.namespace == nil || watcher.scope.namespace == change.key.id.namespace else {
                        continue
                    }
                    guard watcher.weight.add(change.size, limit: queueBytes),
                        case .enqueued = watcher.queue.yield(.change(change))
                    else {
                        lagging.append(watcher)
                        Self.remove(id, kind: kind, from: &state)
                        continue
                    }
                }
                state.version = change.version
            }
            return lagging
        }
        for watcher in lagging {
            watcher.queue.finish()
            watcher.cutOff()
        }
    }

    private func endAll() {
        let watchers = state.withLock { state in
            let all = state.watchers.values.flatMap(\.values)
            state.watchers = [:]
            state.count = 0
            state.users = [:]
            state.version = nil
            return all
        }
        for watcher in watchers {
            watcher.queue.yield(.gone)
            watcher.queue.finish()
        }
    }

    // MARK: Time

    /// Bookmarks once a minute and ends what has lasted as long as it was to; asleep while there is no watch.
    private func keepTime() async {
        let (arrivals, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        state.withLock { state in
            state.arrival = continuation
            if state.count > 0 { continuation.yield() }
        }
        for await _ in arrivals {
            while state.withLock({ $0.count }) > 0 {
                do { try await Task.sleep(for: .milliseconds(500)) } catch { return }
                tick(at: .now)
            }
        }
    }

    private func tick(at now: ContinuousClock.Instant) {
        let over = state.withLock { state in
            guard let version = state.version else { return [Watcher]() }
            var over: [Watcher] = []
            for kind in state.watchers.keys {
                for (id, watcher) in state.watchers[kind] ?? [:] {
                    if watcher.end <= now {
                        over.append(watcher)
                        Self.remove(id, kind: kind, from: &state)
                    } else if watcher.nextBookmark <= now {
                        state.watchers[kind]?[id]?.nextBookmark = now + Self.bookmarkInterval
                        if watcher.wantsBookmarks { watcher.queue.yield(.bookmark(version)) }
                    }
                }
            }
            return over
        }
        for watcher in over {
            watcher.queue.yield(.end)
            watcher.queue.finish()
        }
    }
}
