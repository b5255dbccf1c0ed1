import Corefile
import Pipeline
import Synchronization
import Telemetry

/// What `health`, `ready` and `prometheus` show, and where.
enum OperatorsPages {
    /// The pages of all blocks by address; of one address and path the first block's.
    static func pages(
        of assembly: Assembly, _ status: ServingStatus, _ metrics: Metrics
    ) throws(CorefileError) -> [PageAddress: OperationsServer.Pages] {
        var pages: [PageAddress: OperationsServer.Pages] = [:]
        // Of this configuration: what the former one was ready for says nothing of it.
        let readyOnce = ReadyOnce()
        for block in assembly.blocks {
            if let health = try block.block.settings(HealthSettings.self) {
                pages[health.address, default: [:]]["/health"] = { .init(body: "OK") }
            }
            if let ready = try block.block.settings(ReadySettings.self) {
                pages[ready.address, default: [:]]["/ready"] = {
                    readyPage(assembly, continuously: ready.monitor == .continuously, status, readyOnce)
                }
            }
            if let prometheus = try block.block.settings(PrometheusSettings.self) {
                pages[prometheus.address, default: [:]]["/metrics"] = {
                    .init(contentType: "text/plain; version=0.0.4; charset=utf-8", body: metrics.text())
                }
            }
        }
        return pages
    }

    /// The directives that have been ready once, by block (`monitor until-ready`).
    private final class ReadyOnce: Sendable {
        let names = Mutex<Set<String>>([])
    }

    /// The names of directives that are not ready, or OK.
    private static func readyPage(
        _ assembly: Assembly, continuously: Bool, _ status: ServingStatus, _ readyOnce: ReadyOnce
    ) -> OperationsServer.Page {
        if status.isEnding.load(ordering: .relaxed) { return .init(status: 503, body: "shutting down") }
        var missing: [String] = []
        for (index, block) in assembly.blocks.enumerated() {
            // A state that is not followed any more may be old; once ready is enough for who does not ask for more.
            if continuously, let cluster = block.made.cluster, !cluster.source.isInSync {
                missing.append(KubernetesSettings.directive)
            }
            for stage in block.made.stages {
                let name = "\(index) \(stage.directive)"
                let isReady = stage.isReady
                let wasReady = readyOnce.names.withLock { known in
                    if isReady { known.insert(name) }
                    return known.contains(name)
                }
                if !isReady, continuously || !wasReady { missing.append(stage.directive) }
            }
        }
        guard missing.isEmpty else {
            return .init(status: 503, body: Set(missing).sorted().joined(separator: ","))
        }
        guard status.isListening.load(ordering: .relaxed) else { return .init(status: 503, body: "starting") }
        return .init(body: "OK")
    }

    /// - Parameter ports: the ports listened on, by the address asked for.
    static func urls(
        of assembly: Assembly, ports: [PageAddress: Int]
    ) -> [(name: String, url: String)] {
        var urls: [(name: String, url: String)] = []
        func add(_ name: String, _ address: PageAddress?, _ path: String) {
            guard let address, let port = ports[address], !urls.contains(where: { $0.name == name }) else { return }
            let host =
                address.host.isEmpty ? "localhost" : address.host.contains(":") ? "[\(address.host)]" : address.host
            urls.append((name, "http://\(host):\(port)\(path)"))
        }
        for block in assembly.blocks {
            add("health", try? block.block.settings(HealthSettings.self)?.address, "/health")
            add("ready", try? block.block.settings(ReadySettings.self)?.address, "/ready")
            add("metrics", try? block.block.settings(PrometheusSettings.self)?.address, "/metrics")
        }
        return urls
    }
}

extension Assembly {
    /// The longest lameduck time that a block asks for.
    var lameduck: Duration {
        blocks.compactMap { (try? $0.block.settings(HealthSettings.self))?.lameduck }.max() ?? .zero
    }

    /// How the file is followed; nil where no block says `reload`.
    var reload: ReloadSettings? {
        blocks.lazy.compactMap { try? $0.block.settings(ReloadSettings.self) }.first
    }
}
