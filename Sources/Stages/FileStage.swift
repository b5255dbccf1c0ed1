import FileReading
import Corefile
import DNS
import LDNS
import Logging
import Pipeline
import StaticZones
import Synchronization

/// `file`: zones from files, read again when they change.
package final class FileStage: Stage {
    package var directive: String { FileSettings.directive }

    package func readyPassage(of zone: DomainName) -> ReadyPassage? { .sparing(sources.flatMap(\.zones), of: zone) }

    /// What is known of a source's file.
    private struct Loaded: Sendable {
        var zones: [DomainName: StaticZone] = [:]
        var stamp: FileStamp?
    }

    private let sources: [FileSettings.Source]
    private let logger: Logger
    private let sleep: @Sendable (Duration) async throws -> Void
    /// In the order of `sources`.
    private let loaded: Mutex<[Loaded]>

    /// Reads the files.
    ///
    /// A file that cannot be opened is waited for, unless `reload` is off; one that is wrong is an error.
    /// - Parameter settings: paths are resolved already.
    package static func load(
        _ settings: FileSettings, logger: Logger,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) async throws -> FileStage {
        let stage = FileStage(settings, logger, sleep)
        for index in settings.sources.indices {
            do throws(FileError) {
                try await stage.refresh(index)
            } catch {
                guard case .unreadable = error.reason, settings.sources[index].reload > .zero else { throw error }
                logger.warning(
                    "plugin/file: \(error): trying again in \(GoDuration.text(of: settings.sources[index].reload))")
            }
        }
        return stage
    }

    private init(
        _ settings: FileSettings, _ logger: Logger, _ sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        sources = settings.sources
        self.logger = logger
        self.sleep = sleep
        loaded = Mutex(Array(repeating: Loaded(), count: settings.sources.count))
    }

    /// The zones as they are now, for transfers.
    package var zones: [StaticZone] {
        loaded.withLock { $0.flatMap(\.zones.values) }
    }

    /// Looks at each file every `reload`.
    package func run() async {
        await withTaskGroup { group in
            for index in sources.indices where sources[index].reload > .zero {
                group.addTask { await self.follow(index) }
            }
        }
    }

    private func follow(_ index: Int) async {
        var former: FileError?
        while (try? await sleep(sources[index].reload)) != nil {
            do throws(FileError) {
                try await refresh(index)
                former = nil
            } catch {
                if error != former { logger.error("plugin/file: \(error)") }
                former = error
            }
        }
    }

    /// Reads a file if it has changed; its zones are replaced where the serial of the SOA record is another one.
    func refresh(_ index: Int) async throws(FileError) {
        let source = sources[index]
        let former = loaded.withLock { $0[index] }
        let result = await FileContents.perform { () -> Result<Loaded?, FileError> in
            let stamp = FileStamp(of: source.path)
            if let stamp, stamp == former.stamp { return .success(nil) }
            var new = Loaded(stamp: stamp)
            do throws(FileError) {
                for zone in source.zones { new.zones[zone] = try Self.read(source.path, zone) }
            } catch {
                return .failure(error)
            }
            return .success(new)
        }
        guard var new = try result.get() else { return }
        for (apex, zone) in new.zones {
            if let old = former.zones[apex], old.summary.serial == zone.summary.serial, !source.reloadsOnAnyChange {
                new.zones[apex] = old
                continue
            }
            for warning in zone.warnings { logger.warning("plugin/file: \(source.path): \(warning)") }
            if former.zones[apex] != nil {
                logger.info("plugin/file: reloaded zone \(apex) from \(source.path): \(zone.summary)")
            }
        }
        loaded.withLock { [new] in $0[index] = new }
    }

    private static func read(_ path: String, _ apex: DomainName) throws(FileError) -> StaticZone {
        let records: [Record]
        do throws(ZoneFileError) {
            records = try ZoneFileReader.records(inFileAt: path, origin: apex)
        } catch {
            if case .unreadable(let code) = error.reason { throw FileError(path: path, reason: .unreadable(code)) }
            throw FileError(path: path, reason: .content("\(error)"))
        }
        do throws(StaticZoneError) {
            return try StaticZone(origin: apex, records: records)
        } catch {
            throw FileError(path: path, reason: .content("\(path): \(error)"))
        }
    }

    nonisolated(nonsending) package func respond(to query: PipelineQuery, next: Chain) async -> Response {
        var best: (index: Int, apex: DomainName)?
        for (index, source) in sources.enumerated() {
            guard let apex = source.zones.closest(to: query.name),
                apex.wire.count > best?.apex.wire.count ?? 0
            else { continue }
            best = (index, apex)
        }
        guard let (index, apex) = best else { return await next.respond(to: query) }
        guard let zone = loaded.withLock({ $0[index].zones[apex] }) else {
            return .failed(directive, "zone \(apex) is not loaded", ExtendedError(.notReady))
        }
        guard query.type != .axfr, query.type != .ixfr else {
            var refusal = Response(.refused)
            refusal.source = directive
            return refusal
        }
        if sources[index].fallThrough.covers(query.name), case .nxDomain = zone.answer(to: query.name, type: query.type)
        {
            return await next.respond(to: query)
        }
        var response = await zone.response(to: query)
        response.source = directive
        return response
    }
}
