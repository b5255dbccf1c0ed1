import FileWatching
import Glibc

/// Follows the files that name upstreams.
enum UpstreamFiles {
    /// How often files are read without a sign of change: one that is mounted by itself shows none.
    private static let interval = Duration.seconds(60)

    /// Has the upstreams read again whenever a file changes, until the task ends.
    static func follow(_ forwarder: Forwarder, _ surroundings: ForwardStage.Surroundings) async {
        let watcher: FileWatcher
        do {
            watcher = try FileWatcher()
            try watch(forwarder.files, watcher)
        } catch {
            surroundings.logger.warning("files with upstreams are read every minute only: \(error)")
            while (try? await surroundings.clock.sleep(for: interval)) != nil { forwarder.readFilesAgain() }
            return
        }
        defer { watcher.stop() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                while (try? await surroundings.clock.sleep(for: interval)) != nil { watcher.signal() }
            }
            // What changed between the first reading and the watch.
            forwarder.readFilesAgain()
            for await _ in watcher.signals {
                _ = watcher.takeChanges()
                // A link may lead elsewhere now.
                do {
                    try watch(forwarder.files, watcher)
                } catch {
                    surroundings.logger.warning("files with upstreams: \(error)")
                }
                forwarder.readFilesAgain()
            }
            group.cancelAll()
        }
    }

    private static func watch(_ files: [String], _ watcher: FileWatcher) throws(FileWatcherError) {
        watcher.beginRenewal()
        defer { watcher.endRenewal() }
        for file in files {
            try watch(file, watcher)
            if let target = resolved(file), target != file { try watch(target, watcher) }
        }
    }

    private static func watch(_ path: String, _ watcher: FileWatcher) throws(FileWatcherError) {
        let folder: String
        if let slash = path.lastIndex(of: "/") {
            folder = slash == path.startIndex ? "/" : String(path[..<slash])
        } else {
            folder = "."
        }
        let name = path.split(separator: "/").last.map(String.init) ?? path
        // `..data` is the link that a mounted ConfigMap swaps.
        try watcher.watch(folder, .files([name, "..data"]))
    }

    private static func resolved(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }
}
