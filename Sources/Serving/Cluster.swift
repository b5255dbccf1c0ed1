import ClusterServing
import ClusterZone
import Logging
import Registry
import Synchronization

/// Where a cluster's objects come from, and how it stands with that.
package protocol ClusterSource: Sendable {
    /// Hands over events of what is selected, in their order, until the task is cancelled; mends what breaks by itself.
    func run(_ selection: DiscoverySelection, _ take: @escaping @Sendable (DiscoveryEvent) async -> Void) async
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
    private let task: Mutex<Task<Void, Never>?>

    package init(publisher: ZonePublisher, source: any ClusterSource, startupTimeout: Duration = .seconds(5)) {
        self.publisher = publisher
        self.source = source
        self.startupTimeout = startupTimeout
        task = Mutex(nil)
    }

    /// Publishes the fixed names and begins to read.
    package func start() async {
        await publisher.start()
        let (publisher, source) = (publisher, source)
        task.withLock { task in
            guard task == nil else { return }
            task = Task { await source.run(publisher.selection) { event in await publisher.apply(event) } }
        }
    }

    /// Waits for the first state, as long as a start may.
    package func waitForState() async {
        if source.isWaitedFor { await publisher.waitUntilComplete(atMost: startupTimeout) }
    }

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
