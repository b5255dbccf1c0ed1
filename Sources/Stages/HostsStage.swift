import FileReading
import Corefile
import DNS
import Logging
import Pipeline
import Registry
import Synchronization
import Telemetry

/// `hosts`: addresses from a file in the form of `/etc/hosts`, and from lines in the Corefile.
package final class HostsStage: Stage {
    package var directive: String { HostsSettings.directive }

    package func readyPassage(of zone: DomainName) -> ReadyPassage? {
        // Addresses are answered for whatever the zones are.
        let isReverse = settings.hasReverse && (DomainName("arpa").map(zone.isWithin) ?? true || zone.isRoot)
        return isReverse ? nil : .sparing(settings.zones, of: zone)
    }

    private struct State {
        var table: HostsTable
        var stamp: FileStamp?
    }

    private let settings: HostsSettings
    private let sleep: @Sendable (Duration) async throws -> Void
    private let wallClock: @Sendable () -> Double
    private let logger: Logger
    private let state: Mutex<State>
    private let entries: Gauge
    private let reloadTime: Gauge

    /// Reads the file; one that is not there yet is waited for, its lines in the Corefile served meanwhile.
    ///
    /// - Parameters:
    ///   - settings: `path` is resolved already.
    ///   - wallClock: seconds since 1970.
    package static func load(
        _ settings: HostsSettings, metrics: Metrics, logger: Logger, wallClock: @escaping @Sendable () -> Double,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) async throws -> HostsStage {
        let stage = HostsStage(settings, metrics, logger, wallClock, sleep)
        do throws(FileError) {
            try await stage.refresh()
        } catch {
            // Like CoreDNS: anything but a file that is missing is a mistake to be told at once.
            guard case .unreadable(let code) = error.reason, code == 2 || code == 21 else { throw error }
            logger.warning("plugin/hosts: \(error)")
        }
        return stage
    }

    private init(
        _ settings: HostsSettings, _ metrics: Metrics, _ logger: Logger, _ wallClock: @escaping @Sendable () -> Double,
        _ sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.settings = settings
        self.logger = logger
        self.sleep = sleep
        self.wallClock = wallClock
        var table = HostsTable(settings)
        for entry in settings.entries { table.add(entry) }
        state = Mutex(State(table: table))
        entries = metrics.ownGauge(
            "coredns_hosts_entries", "The combined number of entries in hosts and Corefile.")
        reloadTime = metrics.gauge(
            "coredns_hosts_reload_timestamp_seconds", "The timestamp of the last reload of hosts file.")
        entries.set(Double(table.entryCount))
    }

    /// Looks at the file every `reload`.
    package func run() async {
        guard settings.reload > .zero else { return }
        var former: FileError?
        while (try? await sleep(settings.reload)) != nil {
            do throws(FileError) {
                try await refresh()
                former = nil
            } catch {
                if error != former { logger.warning("plugin/hosts: \(error)") }
                former = error
            }
        }
    }

    /// Reads the file if it has changed; one that has gone takes its entries along.
    func refresh() async throws(FileError) {
        let former = state.withLock { $0.stamp }
        let settings = settings
        let result = await FileContents.perform { () -> Result<State?, FileError> in
            let stamp = FileStamp(of: settings.path)
            if let stamp, stamp == former { return .success(nil) }
            var table = HostsTable(settings)
            do throws(FileError) {
                table.add(file: try FileContents.bytes(settings.path, limit: HostsTable.sizeLimit))
            } catch {
                // Without a stamp the file is read again as soon as it is there.
                if case .unreadable(2) = error.reason, former != nil {
                    for entry in settings.entries { table.add(entry) }
                    return .success(State(table: table))
                }
                return .failure(error)
            }
            for entry in settings.entries { table.add(entry) }
            return .success(State(table: table, stamp: stamp))
        }
        guard let new = try result.get() else { return }
        state.withLock { $0 = new }
        entries.set(Double(new.table.entryCount))
        reloadTime.set(wallClock())
    }

    nonisolated(nonsending) package func respond(to query: PipelineQuery, next: Chain) async -> Response {
        let isReverse = query.type == .ptr
        guard isReverse || settings.zones.closest(to: query.name) != nil else { return await next.respond(to: query) }
        let table = state.withLock { $0.table }
        var response = Response(.noError, isAuthoritative: true)
        response.source = directive
        switch query.type {
        case .ptr:
            let names = HostsTable.address(of: query.name).map(table.names) ?? []
            // A reverse name that is not there is the next one's, with `fallthrough` or without.
            guard !names.isEmpty else { return await next.respond(to: query) }
            response.answers = records(query, names.map(RecordData.ptr))
            return response
        case .a, .aaaa:
            let addresses = table.addresses(of: query.name, query.type == .a ? .ipv4 : .ipv6)
            if let addresses {
                response.answers = records(query, addresses.map { .address($0.bytes) })
                return response
            }
        default:
            if table.contains(query.name) {
                if settings.handsOnOtherTypes, settings.fallThrough.covers(query.name) {
                    return await next.respond(to: query)
                }
                if query.type == .any { response.answers = records(query, [.minimalAny]) }
                return response
            }
        }
        if settings.fallThrough.covers(query.name) { return await next.respond(to: query) }
        // Without an SOA record there is no NXDOMAIN to be had from a hosts file.
        var failure = Response(.serverFailure)
        failure.source = directive
        return failure
    }

    private func records(_ query: PipelineQuery, _ data: [RecordData]) -> [Record] {
        data.map { Record(owner: query.name, ttl: settings.ttl, data: $0) }
    }
}
