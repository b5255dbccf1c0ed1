import EmbeddedRegistry
import Logging
import Registry
import Serving

/// The embedded registry as a cluster: its objects, and what becomes of them.
final class EmbeddedSource: ClusterSource {
    private let store: RegistryStore
    /// Set once all manifests have been read.
    private let loaded: OneShot<Void>
    private let synced = OneShot<Void>()
    private let logger: Logger

    init(store: RegistryStore, loaded: OneShot<Void>, logger: Logger) {
        self.store = store
        self.loaded = loaded
        self.logger = logger
    }

    var isInSync: Bool { true }
    /// Manifests are read while the listeners are open already, and nothing is denied meanwhile.
    var isWaitedFor: Bool { false }

    /// Whether the registry was read; false where the task is cancelled before.
    func firstEvent() async -> Bool { await synced.value() != nil }

    func run(_ selection: DiscoverySelection, _ take: @escaping @Sendable (DiscoveryEvent) async -> Void) async {
        // What an earlier run left is answered at once; an empty registry says nothing until it has been filled.
        if !store.holdsObjects { guard await loaded.value() != nil else { return } }
        while !Task.isCancelled {
            do {
                for try await event in try await store.events() {
                    for part in event.discovery(selection) { await take(part) }
                    synced.set(())
                }
                return
            } catch is CancellationError {
                return
            } catch ObjectStoreError.versionTooOld {
                // Left too far behind: a new snapshot replaces what was missed.
                continue
            } catch {
                logger.critical("the registry is not followed any more: \(error)")
                return
            }
        }
    }
}
