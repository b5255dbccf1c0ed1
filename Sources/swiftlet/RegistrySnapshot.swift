import EmbeddedRegistry
import Glibc
import KeptState
import Logging
import Registry
import Synchronization

/// What names are made of in an embedded registry, kept beside its database: the next process answers from it at once,
/// before it has read the documents.
///
/// The database is what counts: the file is of one registry at one version, is followed by the changes since, and is
/// not used where those are not known.
final class RegistrySnapshot: Sendable {
    /// More changes than these take as long to read as everything.
    private static let mostChanges = 2000
    private static let shortestInterval = Duration.seconds(10)
    /// Writing takes one part of this many of the time.
    private static let spareTime = 100

    private let directory: String
    private let file: StateFile
    private let logger: Logger
    /// The state that is on disk: there is one for all readers, so one selection is kept.
    private let isWritten = Atomic(false)

    init(directory: String, logger: Logger) {
        self.directory = directory
        self.logger = logger
        file = StateFile(path: "\(directory)/\(RegistryReader.namesFileName)")
    }

    /// Whether there is something to answer from, as far as a look tells.
    var isThere: Bool { access(file.path, R_OK) == 0 }

    /// What the file holds, with what has changed since; nil where it is not of this registry as it stands.
    func read(_ selection: DiscoverySelection) -> KeptState? {
        guard isThere else { return nil }
        do {
            guard let bytes = try file.read() else { return nil }
            let reader = try RegistryReader(directory: directory)
            let identity = try reader.standing(since: ResourceVersion(rawValue: .max), limit: 0).identity
            let state = try KeptState(bytes, server: Self.server(identity), selection: selection)
            guard let version = state.version(of: .service).flatMap({ Int64($0) }) else { return nil }
            let standing = try reader.standing(since: ResourceVersion(rawValue: version), limit: Self.mostChanges)
            guard let changes = standing.changes else {
                discard("\(file.path) is not of the registry as it stands")
                return nil
            }
            return state.followed(by: changes.compactMap { DiscoveryChange($0, selection) })
        } catch let unfit as KeptState.Unfit {
            discard("\(file.path) \(unfit)")
        } catch let failure as StateFile.Failure {
            discard("\(failure)")
        } catch {
            // Of the registry, and told by who opens it. The file stays: it shows that there was one.
            logger.info("\(file.path) is not used: \(error)")
        }
        return nil
    }

    /// Removes the file: a registry that comes to the same version another way must not find it.
    private func discard(_ reason: String) {
        logger.info("\(reason) and is not used")
        unlink(file.path)
    }

    /// Writes the file whenever the registry has changed, until the task is cancelled, and then once more.
    func keep(_ store: RegistryStore, _ selection: DiscoverySelection) async {
        guard !isWritten.exchange(true, ordering: .relaxed) else { return }
        var written: ResourceVersion?
        while !Task.isCancelled {
            let start = ContinuousClock.now
            await write(store, selection, unless: &written)
            let spent = ContinuousClock.now - start
            try? await Task.sleep(for: max(Self.shortestInterval, spent * Self.spareTime))
        }
        await write(store, selection, unless: &written)
    }

    private func write(
        _ store: RegistryStore, _ selection: DiscoverySelection, unless written: inout ResourceVersion?
    ) async {
        guard await store.newestVersion != written else { return }
        do {
            let identity = try RegistryReader(directory: directory)
                .standing(since: ResourceVersion(rawValue: .max), limit: 0).identity
            let (objects, version) = try store.objectsOfNames()
            let changes = objects.compactMap { DiscoveryChange(.put($0), selection) }
            let kinds = DiscoveryKind.allCases.map { kind in
                StoredKind(
                    kind, version: "\(version.rawValue)",
                    entries: changes.compactMap { change in
                        guard case .put(let object) = change, change.key.kind == kind else { return nil }
                        return StoredKind.Entry(id: change.key.id, version: 0, object: object)
                    })
            }
            let state = StoredState(savedAt: .now, kinds: kinds)
            try await file.write(state.bytes(server: Self.server(identity), selection: selection))
            written = version
        } catch {
            logger.warning("\(file.path) cannot be kept: \(error)")
        }
    }

    /// Whose state a file is.
    private static func server(_ identity: String?) -> String { "embedded registry \(identity ?? "")" }
}
