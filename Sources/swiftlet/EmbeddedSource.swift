import EmbeddedRegistry
import KeptState
import Logging
import Registry
import Serving

/// The embedded registry as a cluster: its objects, and what becomes of them.
final class EmbeddedSource: ClusterSource {
    /// Set once the registry has been opened.
    private let store: OneShot<RegistryStore>
    /// nil for a registry in memory.
    private let snapshot: RegistrySnapshot?
    /// Set once all manifests have been read.
    private let loaded: OneShot<Void>
    /// Set once the registry holds what manifests declare, and what controllers make of it.
    private let filled: OneShot<Void>
    private let synced = OneShot<Void>()
    private let logger: Logger

    init(
        store: OneShot<RegistryStore>, snapshot: RegistrySnapshot?, loaded: OneShot<Void>, filled: OneShot<Void>,
        logger: Logger
    ) {
        self.store = store
        self.snapshot = snapshot
        self.loaded = loaded
        self.filled = filled
        self.logger = logger
    }

    var isInSync: Bool { true }
    /// The registry is filled while the listeners are open already, and nothing is denied meanwhile.
    var isWaitedFor: Bool { false }

    /// Whether the registry was read; false where the task is cancelled before.
    func firstEvent() async -> Bool { await synced.value() != nil }

    func keptState(of selection: DiscoverySelection) async -> KeptState? { snapshot?.read(selection) }

    func run(
        _ selection: DiscoverySelection, kept: KeptHandover, _ take: @escaping @Sendable (DiscoveryEvent) async -> Void
    ) async {
        if let kept = kept.take() { await tell(kept, take) }
        guard let store = await store.value() else { return }
        // What an earlier run left is answered at once; an empty registry says nothing until it has been filled.
        if !store.heldObjects { guard await filled.value() != nil else { return } }
        await withDiscardingTaskGroup { group in
            if let snapshot {
                group.addTask {
                    // What an earlier process left says more than a registry that is being filled.
                    if await self.synced.value() != nil, await self.loaded.value() != nil {
                        await snapshot.keep(store, selection)
                    }
                }
            }
            await follow(store, selection, take)
            group.cancelAll()
        }
    }

    /// Tells what was kept, as lists of all kinds.
    private func tell(_ kept: KeptState, _ take: @Sendable (DiscoveryEvent) async -> Void) async {
        guard let state = try? kept.state() else { return }
        await take(.snapshotBegins(kept.kinds))
        for kind in state.kinds {
            for start in stride(from: 0, to: kind.entries.count, by: 1000) {
                let part = kind.entries[start..<min(start + 1000, kind.entries.count)]
                await take(.changes(part.compactMap { $0.object.map { .put($0) } }))
            }
        }
        await take(.changes(Array(kept.later.values)))
        await take(.snapshotEnds(kept.kinds))
    }

    private func follow(
        _ store: RegistryStore, _ selection: DiscoverySelection,
        _ take: @escaping @Sendable (DiscoveryEvent) async -> Void
    ) async {
        var complaint = ""
        while !Task.isCancelled {
            do {
                for try await event in try await store.events() {
                    for part in event.discovery(selection) { await take(part) }
                    synced.set(())
                    complaint = ""
                }
                return
            } catch is CancellationError {
                return
            } catch ObjectStoreError.versionTooOld {
                // Left too far behind: a new snapshot replaces what was missed.
                continue
            } catch {
                // A disk that fails may come back: what is known goes on being served, and is read anew then.
                if complaint != "\(error)" { logger.error("the registry cannot be followed: \(error)") }
                complaint = "\(error)"
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }
}
