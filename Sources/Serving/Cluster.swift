import ClusterServing
import ClusterZone
import KeptState
import Logging
import Registry
import Synchronization

/// Where a cluster's objects come from, and how it stands with that.
package protocol ClusterSource: Sendable {
    /// Hands over events of what is selected, in their order, until the task is cancelled; mends what breaks by itself.
    ///
    /// - Parameter kept: what `keptState` gave; told first.
    func run(
        _ selection: DiscoverySelection, kept: KeptHandover, _ take: @escaping @Sendable (DiscoveryEvent) async -> Void
    ) async
    /// What an earlier process left, read before `run` begins; nil where there is nothing of use.
    func keptState(of selection: DiscoverySelection) async -> KeptState?
    /// Whether what is known is followed now: `ready { monitor continuously }` asks for it.
    var isInSync: Bool { get }
    /// Whether a start waits for the first state: not where that comes later by itself.
    var isWaitedFor: Bool { get }
}

/// A cluster at work: its source read into answers, for as long as a configuration uses it.
package final class Cluster: Sendable {
    package let publisher: ZonePublisher
    package let source: any ClusterSource
    /// How long a start waits for the first state.
    package let startupTimeout: Duration
    private let settings: ClusterZoneSettings
    private let task: Mutex<Task<Void, Never>?>
    private let kept = Mutex<StartingAnswers?>(nil)
    /// Whether `kept` is worth a look: once the zones are there no query locks anything.
    private let hasKept = Atomic(false)

    /// - Parameter settings: what the publisher was made with.
    package init(
        publisher: ZonePublisher, settings: ClusterZoneSettings, source: any ClusterSource,
        startupTimeout: Duration = .seconds(5)
    ) {
        self.publisher = publisher
        self.settings = settings
        self.source = source
        self.startupTimeout = startupTimeout
        task = Mutex(nil)
    }

    /// Answers from the state that was kept; nil where there is none, and once the zones are there.
    var startingAnswers: StartingAnswers? {
        hasKept.load(ordering: .acquiring) ? kept.withLock { $0 } : nil
    }

    /// Publishes the fixed names and begins to read. Where a state was kept, all of it is answered from now on.
    package func start() async {
        let state = await source.keptState(of: publisher.selection)
        let answers = state.flatMap { StartingAnswers($0, settings: settings) }
        await answers?.start()
        await publisher.start(isAnsweredMeanwhile: answers != nil)
        kept.withLock { $0 = answers }
        hasKept.store(answers != nil, ordering: .releasing)
        let (publisher, source, handover) = (publisher, source, KeptHandover(state))
        task.withLock { task in
            guard task == nil else { return }
            // What is answered already can wait for those who answer: they have threads of their own.
            task = Task(priority: answers == nil ? nil : .utility) {
                await source.run(publisher.selection, kept: handover) { [weak self] event in
                    await publisher.apply(event)
                    if publisher.isComplete { self?.dropStartingAnswers() }
                }
            }
        }
    }

    private func dropStartingAnswers() {
        guard hasKept.load(ordering: .relaxed) else { return }
        hasKept.store(false, ordering: .releasing)
        kept.withLock { $0 = nil }
    }

    /// Waits for the first state, as long as a start may.
    package func waitForState() async {
        await waitForState(atMost: startupTimeout)
    }

    /// Returns when there is something to answer from, or when the time is up.
    func waitForState(atMost limit: Duration) async {
        guard !isAnswerable else { return }
        await publisher.waitUntilComplete(atMost: limit)
    }

    /// Whether there is something to answer from, or nothing that a start waits for.
    var isAnswerable: Bool { !source.isWaitedFor || startingAnswers != nil || publisher.isComplete }

    /// Ends reading; the answers stay as they are.
    package func stop() async {
        let running = task.withLock { $0 }
        running?.cancel()
        await running?.value
    }
}

/// The clusters that configurations use: one that a new configuration uses as well goes on as it is.
package actor ClusterSet<Key: Hashable & Sendable> {
    private var clusters: [Key: (cluster: Cluster, uses: Int)] = [:]

    package init() {}

    /// The cluster of these settings, started where it is not there yet; to be given back by `release`.
    package func acquire(
        _ key: Key, make: @Sendable () async throws -> Cluster
    ) async throws -> Cluster {
        if let known = clusters[key] {
            clusters[key] = (known.cluster, known.uses + 1)
            return known.cluster
        }
        let made = try await make()
        // Another task may have made it meanwhile.
        if let known = clusters[key] {
            clusters[key] = (known.cluster, known.uses + 1)
            return known.cluster
        }
        clusters[key] = (made, 1)
        await made.start()
        return made
    }

    /// Ends a cluster that nobody uses any more.
    package func release(_ keys: [Key]) async {
        for key in keys {
            guard let known = clusters[key] else { continue }
            clusters[key] = known.uses > 1 ? (known.cluster, known.uses - 1) : nil
            if known.uses == 1 { await known.cluster.stop() }
        }
    }
}
