import DNS
import FileWatching
import Glibc
import LDNS
import Logging
import Pipeline
import ServiceLifecycle
import StaticZones
import Synchronization

/// Keeps static zones as their files say: read at start, and again whenever a file changes.
struct StaticZoneFiles: Sendable {
    private let settings: [ZoneFileSetting]
    private let watcher: FileWatcher
    private let logger: Logger

    init(_ settings: [ZoneFileSetting], logger: Logger) throws {
        self.settings = settings
        self.logger = logger
        watcher = try FileWatcher()
    }

    /// Reads all files into stages that answer from them; throws at the first one that is no zone.
    func loadAll() throws -> [StaticZoneStage] {
        try settings.map { setting in
            // A file that cannot be read is named as such, before its folder is found not to be there.
            _ = try Self.read(setting)
            try watch(setting.path)
            // A link may lead to a file elsewhere, which is written there.
            if let target = Self.resolved(setting.path) { try watch(target) }
            let zone = try Self.read(setting)
            report(zone, setting)
            return StaticZoneStage(zone)
        }
    }

    /// Follows the files of `stages`, in the order of `loadAll`, until the task ends; a bad one leaves the old zone in
    /// force.
    func run(_ stages: [StaticZoneStage]) async {
        await cancelWhenGracefulShutdown {
            for await _ in watcher.signals {
                let changes = watcher.takeChanges()
                for (setting, stage) in zip(settings, stages)
                where changes.hasGaps || Self.concerns(changes, setting) {
                    do {
                        let zone = try Self.read(setting)
                        report(zone, setting)
                        stage.replace(by: zone)
                    } catch {
                        logger.error("zone \(setting.origin) stays as it was: \(error)")
                    }
                }
            }
        }
        watcher.stop()
    }

    private func report(_ zone: StaticZone, _ setting: ZoneFileSetting) {
        for warning in zone.warnings { logger.warning("zone \(setting.origin): \(warning)") }
        logger.info("zone \(setting.origin) from \(setting.path): \(zone.summary)")
    }

    private static func read(_ setting: ZoneFileSetting) throws -> StaticZone {
        let records = try ZoneFileReader.records(inFileAt: setting.path, origin: setting.origin)
        do {
            return try StaticZone(origin: setting.origin, records: records)
        } catch {
            throw CommandFailure(.badData, "\(setting.path): \(error)")
        }
    }

    /// A change of the file itself, or of the link a mounted ConfigMap swaps.
    private static func concerns(_ changes: FileWatcher.Changes, _ setting: ZoneFileSetting) -> Bool {
        let name = name(of: setting.path)
        let target = resolved(setting.path).map { self.name(of: $0) }
        return changes.kinds.contains { place, kinds in
            switch place.name {
            // A plain new file is read when it is closed, not when it appears.
            case name, target: !kinds.isDisjoint(with: [.written, .movedHere])
            case "..data": !kinds.isDisjoint(with: [.movedHere, .created])
            default: false
            }
        }
    }

    private func watch(_ path: String) throws {
        try watcher.watch(Self.folder(of: path), .files([Self.name(of: path), "..data"]))
    }

    private static func resolved(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }

    private static func name(of path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}

/// A zone from a file of `--zonefile`, as it is now.
final class StaticZoneStage: Stage {
    let apex: DomainName
    var directive: String { "file" }
    private let zone: Mutex<StaticZone>

    init(_ zone: StaticZone) {
        apex = zone.apex
        self.zone = Mutex(zone)
    }

    func replace(by new: StaticZone) { zone.withLock { $0 = new } }

    nonisolated(nonsending) func respond(to query: PipelineQuery, next: Chain) async -> Response {
        let zone = zone.withLock { $0 }
        guard query.name.isWithin(zone.apex) else { return await next.respond(to: query) }
        var response = await zone.response(to: query)
        response.source = directive
        return response
    }
}
