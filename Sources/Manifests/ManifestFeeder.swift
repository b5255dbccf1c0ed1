import FileWatching
import Foundation
import Glibc
import Logging
import Registry

/// Keeps the registry as files of manifests say, from the start on and with every change of the files.
///
/// An object belongs to the file it stands in and goes when it goes. What a file that cannot be read or does not parse
/// held before, and what an object that is refused was before, stays in force.
package actor ManifestFeeder {
    /// The name that the feeder's objects carry in the registry.
    package static let name = "manifests"

    private static let maximumLoggedProblems = 50
    private static let retryDelays: [Duration] = [.seconds(1), .seconds(2), .seconds(5), .seconds(10), .seconds(30)]

    private let paths: [String]
    private let sink: any ManifestSink
    private let logger: Logger
    private let watcher: FileWatcher

    private var folder: ManifestFolder?
    private var files: [String: LoadedFile] = [:]
    /// The problems of those files that have any.
    private var problemsOfFiles: [String: [ManifestProblem]] = [:]
    /// How many objects there are of each kind that is not used, in all files.
    private var unusedKinds: [String: Int] = [:]
    private var ledger = ManifestLedger()
    private var loggedProblems: Set<ManifestProblem> = []
    private var loggedUnusedKinds: [String: Int] = [:]
    /// What the registry did not take as it is, with its reason.
    private var failures: [ObjectKey: String] = [:]
    /// Those of them that another feeder has: they are supplied again, as it may give them up.
    private var foreign: Set<ObjectKey> = []
    private static let foreignPause = Duration.seconds(5)
    /// The registry may not hold what the ledger says it does.
    private var needsReplacement = true
    /// The last look for files did not come to its end.
    private var needsRescan = true
    private var failedAttempts = 0

    /// What of an object its kind does not know.
    private let unknownFields: @Sendable (ManifestObject) -> [String]

    /// A feeder for these files and folders; throws where one is not there or files cannot be watched.
    ///
    /// - Parameter unknownFields: What of an object its kind does not know: logged, and else passed over.
    package init(
        paths: [String], sink: any ManifestSink, logger: Logger,
        unknownFields: @escaping @Sendable (ManifestObject) -> [String] = { _ in [] }
    ) throws(ManifestFeederError) {
        for path in paths {
            var status = stat()
            guard stat(path, &status) == 0 else { throw .notFound(path: path, code: errno) }
        }
        self.paths = paths
        self.sink = sink
        self.logger = logger
        self.unknownFields = unknownFields
        do {
            watcher = try FileWatcher(noticesWriters: true)
        } catch {
            throw .notWatched(error)
        }
    }

    /// Everything that is wrong at present, in the order of the files.
    package var problems: [ManifestProblem] {
        let ofFiles = problemsOfFiles.sorted { $0.key < $1.key }.flatMap(\.value)
        return (folder?.problems ?? []) + ofFiles + ledger.duplicates
    }

    /// Reads all files and hands their objects over; throws where the registry takes none of them.
    package func loadAll() async throws {
        let start = ContinuousClock.now
        var changed = try await rescan()
        changed += await read(try hiddenFiles(), trustsStamps: false)
        try recall()
        try publish(changed)
        let milliseconds = Int(start.duration(to: .now) / .milliseconds(1))
        logger.info("manifests: \(ledger.objectCount) objects of \(files.count) files loaded in \(milliseconds) ms")
    }

    /// Follows the files until the task is cancelled. Loads them first where nobody did.
    package func run() async throws {
        defer { watcher.stop() }
        if folder == nil { try await loadAll() }
        var retry = foreign.isEmpty ? nil : signal(after: Self.foreignPause)
        defer { retry?.cancel() }
        for await _ in watcher.signals {
            let changes = watcher.takeChanges()
            guard !changes.isEmpty || needsReplacement || needsRescan || !foreign.isEmpty else { continue }
            retry?.cancel()
            do {
                try publish(await follow(changes))
                failedAttempts = 0
                if !foreign.isEmpty { retry = signal(after: Self.foreignPause) }
            } catch {
                let delay = Self.retryDelays[min(failedAttempts, Self.retryDelays.count - 1)]
                failedAttempts += 1
                logger.error("manifests: \("\(error)".onOneLine); trying again in \(delay.components.seconds) s")
                retry = signal(after: delay)
            }
        }
    }

    private func signal(after delay: Duration) -> Task<Void, Never> {
        Task { [watcher] in
            do { try await Task.sleep(for: delay) } catch { return }
            watcher.signal()
        }
    }

    // MARK: Files

    /// Reads what the changes point at; returns the files that have other content than before.
    private func follow(_ changes: FileWatcher.Changes) async throws -> [String] {
        guard let folder, !needsRescan else { return try await rescan() }
        if changes.hasGaps {
            logger.warning("manifests: the system lost events; reading all files anew")
            return try await rescan(trustsStamps: false)
        }
        var paths: Set<String> = []
        for (place, kinds) in changes.kinds {
            if !kinds.isDisjoint(with: .folderGone) { return try await rescan(alsoReading: changes, in: folder) }
            if folder.turns.contains(place), isTurning(kinds, in: folder) {
                return try await rescan(alsoReading: changes, in: folder)
            }
            let meant = folder.files(at: place)
            if kinds.contains(.isFolder) {
                // Even one whose name is that of a file: it may have taken its place.
                let isBelow = folder.folders.contains(place.folder) && !place.name.hasPrefix(".")
                guard isBelow || !meant.isEmpty, isTurning(kinds, in: folder) else { continue }
                return try await rescan(alsoReading: changes, in: folder)
            }
            guard !meant.isEmpty else { continue }
            switch ManifestFile.Entry(ManifestFolder.join(place.folder, place.name)) {
            case .missing, .other: paths.formUnion(meant)
            case .file(let isLinked):
                // A new file is read when its writer closes it.
                if kinds != .created || isLinked { paths.formUnion(meant) }
            case .link, .folder: return try await rescan(alsoReading: changes, in: folder)
            }
        }
        return await read(paths.sorted(), trustsStamps: false)
    }

    /// Whether something came or went, or became readable, on the way to files.
    private func isTurning(_ kinds: FileWatcher.Kinds, in folder: ManifestFolder) -> Bool {
        !kinds.isDisjoint(with: .entries) || (kinds.contains(.attributes) && !folder.problems.isEmpty)
    }

    /// Looks for all files again, and reads those that are not as they were and those that `changes` name.
    private func rescan(
        trustsStamps: Bool = true, alsoReading changes: FileWatcher.Changes = .init(),
        in former: ManifestFolder? = nil
    ) async throws -> [String] {
        needsRescan = true
        let folder: ManifestFolder
        do {
            folder = try ManifestFolder(paths, watcher: watcher)
        } catch {
            throw ManifestFeederError.notWatched(error)
        }
        self.folder = folder
        // Two writes within a tick of the file system's clock leave one fingerprint, so events count for more.
        let named = Set(changes.kinds.filter { $0.value != .created }.keys.flatMap { former?.files(at: $0) ?? [] })
        let present = Set(folder.files)
        let gone = files.keys.filter { !present.contains($0) }
        let certain = await read(folder.files.filter { named.contains($0) } + gone, trustsStamps: false)
        let others = await read(
            folder.files.filter { !named.contains($0) }, trustsStamps: trustsStamps)
        needsRescan = false
        return certain + others
    }

    /// Reads files and enters them in the ledger; returns those with other content than before.
    ///
    /// A file that somebody is writing anew may be empty, or end anywhere: it is read when its writer closes it, and what it
    /// held stays in force until then.
    private func read(_ paths: [String], trustsStamps: Bool) async -> [String] {
        let jobs = paths.map { LoadedFile.Job(path: $0, former: files[$0], trustsStamp: trustsStamps) }
        watcher.beginReading()
        let results = await LoadedFile.load(jobs)
        let unfinished = watcher.touched().map { Set($0.flatMap { folder?.files(at: $0) ?? [] }) }
        var changed: [String] = []
        for result in results {
            let isUnfinished = unfinished?.contains(result.path) ?? true
            switch isUnfinished ? LoadedFile.unfinished(result.path, former: files[result.path]) : result.outcome {
            case .unchanged:
                continue
            case .missing:
                guard files[result.path] != nil else { continue }
                enter(nil, as: result.path)
                ledger.remove(result.path)
            case .loaded(let file, let isRenewed):
                enter(file, as: result.path)
                guard isRenewed else { continue }
                if let contents = file.contents, file.failure == nil {
                    ledger.set(contents, of: result.path)
                    logUnknownFields(contents, of: result.path)
                }
            }
            changed.append(result.path)
        }
        return changed
    }

    /// Replaces what is known of a file; nil where it is gone.
    private func enter(_ file: LoadedFile?, as path: String) {
        for (kind, count) in files[path]?.contents?.unusedKinds ?? [:] {
            let rest = (unusedKinds[kind] ?? 0) - count
            unusedKinds[kind] = rest == 0 ? nil : rest
        }
        unusedKinds.merge(file?.contents?.unusedKinds ?? [:], uniquingKeysWith: +)
        let problems = file?.problems ?? []
        problemsOfFiles[path] = problems.isEmpty ? nil : problems
        files[path] = file
    }

    // MARK: Registry

    /// The files of an earlier run in folders that cannot be read now: they have not gone, and are looked for by name.
    private func hiddenFiles() throws -> [String] {
        guard let folder, folder.hidesSome else { return [] }
        return Set(try sink.supplied(by: Self.name).map(\.origin)).filter {
            files[$0] == nil && folder.mayHide($0)
        }.sorted()
    }

    /// Takes what files held in an earlier run, and cannot say now, from the registry, so that it stays in force.
    private func recall() throws {
        let mute = files.filter { $0.value.contents?.refused.isEmpty != true }
        guard !mute.isEmpty else { return }
        let former = Dictionary(grouping: try sink.supplied(by: Self.name), by: \.origin)
        for (path, file) in mute {
            let meant = (former[path] ?? []).filter { object in
                file.contents?.refused.contains(object.object.key) ?? true
            }
            let entries = meant.map { object in
                ManifestContents.Entry(
                    object: ManifestObject(object.object, document: object.document), line: 1, document: 1)
            }
            ledger.set(ManifestContents(entries: entries), of: path)
            if let contents = file.contents { ledger.set(contents, of: path) }
        }
    }

    /// Hands over what changed in the ledger and says what is wrong.
    private func publish(_ changed: [String]) throws {
        logProblems()
        logUnusedKinds()
        let delta = ledger.takeDelta()
        if needsReplacement {
            let report = try sink.replaceAll(ledger.everything(), feeder: Self.name)
            needsReplacement = false
            note(report, settled: nil)
            return
        }
        let settled = Set(delta.puts.map(\.object.key) + delta.deletes)
        let again = foreign.subtracting(settled).sorted().compactMap(ledger.supplied)
        guard !delta.isEmpty || !again.isEmpty else { return }
        needsReplacement = true
        let puts = delta.puts + again
        let report = try sink.apply(
            puts: puts, deletes: delta.deletes, needing: ledger.namespaces(of: puts), feeder: Self.name)
        needsReplacement = false
        note(report, settled: settled.union(again.map(\.object.key)))
        let written = report.created + report.updated
        guard !changed.isEmpty || written > 0 else { return }
        let cause =
            switch changed.count {
            case 0: "their names became free"
            case 1: "a change of \(changed[0].onOneLine)"
            default: "a change of \(changed.count) files"
            }
        logger.info("manifests: \(written) objects written, \(report.deleted) removed after \(cause)")
    }

    /// Logs what the registry did not take as it is, unless it said the same before; it tries again by itself.
    ///
    /// - Parameter settled: The objects that the report speaks of; nil for all.
    private func note(_ report: ApplyReport, settled: Set<ObjectKey>?) {
        let former = failures
        failures = settled.map { settled in failures.filter { !settled.contains($0.key) } } ?? [:]
        for service in report.resolved {
            let key = ObjectKey(.service, service)
            if failures.removeValue(forKey: key) != nil { logger.info("\(key) has its addresses now") }
        }
        foreign = settled.map(foreign.subtracting) ?? []
        for failure in report.failures {
            if failure.isForeign { foreign.insert(failure.key) }
            failures[failure.key] = failure.reason
            guard former[failure.key] != failure.reason else { continue }
            let origin = ledger.supplied(failure.key).map { "\($0.origin): " } ?? ""
            logger.error("\("\(origin)\(failure.key): \(failure.reason)".onOneLine)")
        }
    }

    // MARK: Log

    private func logProblems() {
        let current = problems
        let news = current.filter { !loggedProblems.contains($0) }
        for problem in news.prefix(Self.maximumLoggedProblems) {
            let isFileKept = files[problem.file]?.failure == problem && ledger.holdsObjects(of: problem.file)
            let remedy =
                isFileKept
                ? "; its last good objects stay in force"
                : ledger.isRetained(despite: problem) ? "; the object stays as it was" : ""
            logger.warning("\(problem)\(remedy)")
        }
        if news.count > Self.maximumLoggedProblems {
            logger.warning("manifests: and \(news.count - Self.maximumLoggedProblems) more problems")
        }
        loggedProblems = Set(current)
    }

    /// Says which fields of a file's objects mean nothing, behind the work that others wait for.
    private func logUnknownFields(_ contents: ManifestContents, of file: String) {
        Task.detached(priority: .background) { [logger, unknownFields] in
            let unknown = contents.entries.lazy.flatMap { entry in
                unknownFields(entry.object).map { reason in
                    ManifestProblem(
                        file: file, line: entry.line, document: entry.document, object: "\(entry.object.key)",
                        reason: reason)
                }
            }
            for problem in unknown.prefix(Self.maximumLoggedProblems) { logger.warning("\(problem)") }
        }
    }

    private func logUnusedKinds() {
        guard unusedKinds != loggedUnusedKinds else { return }
        loggedUnusedKinds = unusedKinds
        guard !unusedKinds.isEmpty else { return }
        logger.info("manifests: passed over: \(unusedKinds.asCounts.joined(separator: ", ").onOneLine)")
    }
}

extension ManifestFolder {
    /// The files that an entry of a watched folder is, or is the content of.
    fileprivate func files(at place: FileWatcher.Place) -> Set<String> {
        var files = targets[place] ?? []
        if folders.contains(place.folder), Self.isManifest(place.name) {
            files.insert(Self.join(place.folder, place.name))
        }
        return files
    }
}

/// Why a feeder cannot start or go on.
package enum ManifestFeederError: Error, Hashable, Sendable {
    /// A path that leads nowhere, with the error number of the system.
    case notFound(path: String, code: Int32)
    case notWatched(FileWatcherError)
}

extension ManifestFeederError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notFound(let path, ENOENT): "manifests: \(path.onOneLine): no such file or folder"
        case .notFound(let path, let code): "manifests: \(path.onOneLine): \(String(cString: strerror(code)))"
        case .notWatched(let error): "manifests: \(error)"
        }
    }
}
