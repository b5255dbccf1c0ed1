import Corefile
import Foundation
import Glibc
import Logging
import Nameserver
import ServiceLifecycle
import Synchronization
import Telemetry

/// A server that does what a Corefile says, and goes on by what it says next.
///
/// `start` opens everything or nothing; `run` follows the file, and ends everything in order.
package actor CorefileServing: ServiceLifecycle.Service {
    /// What listens, for those who start the server.
    package struct Addresses: Sendable {
        /// Scheme and address of each listener.
        package var listeners: [(scheme: ServerKey.Scheme, address: ListenAddress)] = []
        /// The URLs of the operators' pages by name: `health`, `ready`, `metrics`.
        package var pages: [(name: String, url: String)] = []
    }

    private let source: CorefileSource
    private let surroundings: ServingSurroundings
    private let clusters = ClusterSet<KubernetesSettings>()
    private let listeners: Listeners
    /// The listeners that are open.
    private var running: [Assembly.ListenerKey: Listener] = [:]
    private let operations = OperationsServer()
    private let status: ServingStatus
    private let reloads: ReloadMetrics
    private var current: Generation?
    /// What metrics are told of the directives of each listener.
    private var directives: [Assembly.ListenerKey: [Labels]] = [:]
    private static let directiveMetric = "coredns_plugin_enabled"
    /// Wakes `run` for another look at the file.
    private let wakeUps: AsyncStream<Void>
    private nonisolated let wake: AsyncStream<Void>.Continuation
    /// Looks at the file in time; nil where only a signal asks.
    private var nextLook: Task<Void, Never>?

    /// Stages that stand by for questions under way when another configuration has taken their place.
    private static let retirement = Duration.seconds(10)

    /// What is in service.
    private struct Generation {
        let digest: String
        let assembly: Assembly
        /// The work of its stages beside answering.
        let work: Task<Void, Never>
    }

    package init(_ source: CorefileSource, _ surroundings: ServingSurroundings) {
        self.source = source
        self.surroundings = surroundings
        listeners = Listeners(
            limits: surroundings.limits, cookies: surroundings.cookies, inherited: surroundings.inherited)
        listeners.counters.expose(in: surroundings.metrics)
        status = ServingStatus()
        reloads = ReloadMetrics(surroundings.metrics)
        (wakeUps, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        surroundings.metrics.gauge(
            "coredns_build_info", "A metric with a constant '1' value labeled by version, revision, and goversion.",
            ["version": surroundings.version, "revision": "", "goversion": ""]
        ).set(1)
        _ = surroundings.metrics.counter("coredns_panics_total", "A metrics that counts the number of panics.")
    }

    /// Looks at the file soon, as SIGUSR1 asks for.
    package nonisolated func lookAgain() { wake.yield() }

    // MARK: Start

    /// Reads the file and opens everything it names; with an error everything is closed again.
    package func start() async throws -> Addresses {
        let reading = try source.read()
        let assembly = try await Assembly.make(reading.corefile, surroundings, clusters: clusters)
        await assembly.shareZones()
        do {
            let pages = try OperatorsPages.pages(of: assembly, status, surroundings.metrics)
            // Probes are answered while a cluster is waited for, as CoreDNS does; one that is known does not wait.
            async let opened: Void = operations.setPages(pages, succeeds: surroundings.takesOver)
            await waitForClusters(of: assembly)
            if surroundings.takesOver { await waitForPredecessor(of: assembly) }
            surroundings.onLoaded()
            do {
                try await open(assembly.listeners, of: assembly)
            } catch {
                // Not given up half-way: what is open then is ended below.
                try? await opened
                throw error
            }
            try await opened
        } catch {
            await operations.stop()
            await listeners.stop()
            await clusters.release(assembly.clusterKeys)
            throw error
        }
        takeIntoService(assembly, digest: reading.digest)
        status.isListening.store(true, ordering: .relaxed)
        reloads.note(digest: reading.digest)
        for address in surroundings.inherited.unused {
            surroundings.logger.warning("a socket was passed for \(address), where the Corefile does not listen")
        }
        surroundings.logger.info("running configuration SHA512 = \(reading.digest)")
        return await addresses(of: assembly)
    }

    /// Tells the blocks of a listener where they are reached.
    private func place(_ assembly: Assembly, at key: Assembly.ListenerKey) {
        showDirectives(of: assembly, at: key)
        guard key.scheme == .dns, let address = running[key]?.addresses.first else { return }
        for block in assembly.blocks where block.listeners.contains(where: { $0.key == key }) {
            block.place.set(address)
        }
    }

    /// Tells metrics which directives the servers of a listener have.
    private func showDirectives(of assembly: Assembly, at key: Assembly.ListenerKey) {
        guard let address = running[key]?.addresses.first else { return }
        let server = Assembly.label(key.scheme, address)
        for labels in directives[key] ?? [] { surroundings.metrics.remove(Self.directiveMetric, labels) }
        directives[key] = assembly.blocks.filter(\.isCounted).flatMap { block in
            block.listeners.filter { $0.key == key }.flatMap(\.zones).flatMap { zone in
                Set(block.block.lines.map(\.name)).map { name in
                    ["server": server, "zone": "\(zone)", "view": "", "name": name] as Labels
                }
            }
        }
        for labels in directives[key] ?? [] {
            surroundings.metrics.gauge(
                Self.directiveMetric,
                "A metric that indicates whether a plugin is enabled on per server and zone basis.", labels
            ).set(1)
        }
    }

    private func close(_ key: Assembly.ListenerKey) async {
        for labels in directives.removeValue(forKey: key) ?? [] {
            surroundings.metrics.remove(Self.directiveMetric, labels)
        }
        guard let listener = running.removeValue(forKey: key) else { return }
        await listeners.close(listener)
    }

    private func open(_ keys: [Assembly.ListenerKey], of assembly: Assembly) async throws(NameserverError) {
        for key in keys {
            guard let listener = try await listener(key, of: assembly) else { continue }
            running[key] = listener
            // Blocks are named after the port that a listener got.
            if key.address.port == 0, let port = listener.addresses.first?.port {
                try listener.exchange(assembly.content(of: key, port: port), tls: assembly.tls(of: key))
            }
            place(assembly, at: key)
        }
    }

    /// A listener that answers; nil where the host may do without it and has no such address.
    private func listener(
        _ key: Assembly.ListenerKey, of assembly: Assembly
    ) async throws(NameserverError) -> Listener? {
        let settings = ListenerSettings(
            key.scheme.listenerScheme, [key.address], workers: assembly.workers(of: key) ?? surroundings.workers,
            takesOver: surroundings.takesOver)
        do throws(NameserverError) {
            return try await listeners.open(
                settings, assembly.content(of: key, port: key.address.port), tls: assembly.tls(of: key))
        } catch {
            guard key.isOptional, error.isFamilyMissing else { throw error }
            return nil
        }
    }

    private func waitForClusters(of assembly: Assembly) async {
        await withDiscardingTaskGroup { group in
            for cluster in assembly.blocks.compactMap(\.made.cluster) {
                group.addTask { await cluster.waitForState() }
            }
        }
    }

    /// Leaves the queries to the process that is to be succeeded until there is something to answer from, or it is gone:
    /// half of them would be refused otherwise that it answers.
    private func waitForPredecessor(of assembly: Assembly) async {
        let addresses = assembly.listeners.filter { $0.scheme == .dns }.map(\.address)
        let clusters = assembly.blocks.compactMap(\.made.cluster)
        var isTold = false
        while let late = clusters.first(where: { !$0.isAnswerable }), addresses.contains(where: listeners.isTaken) {
            if !isTold {
                surroundings.logger.warning(
                    "the cluster has not been read yet: the process before this one is left to answer while it does")
                isTold = true
            }
            await late.waitForState(atMost: Self.lookAtPredecessor)
        }
    }

    /// From one look to the next whether the process to be succeeded still answers.
    private static let lookAtPredecessor = Duration.milliseconds(100)

    private func takeIntoService(_ assembly: Assembly, digest: String) {
        let stages = assembly.blocks.flatMap(\.made.stages)
        let health = Set(assembly.blocks.compactMap { (try? $0.block.settings(HealthSettings.self))?.address })
        let probe = health.isEmpty ? nil : HealthProbe(metrics: surroundings.metrics, logger: surroundings.logger)
        let work = Task { [operations] in
            await withDiscardingTaskGroup { group in
                if let probe {
                    for address in health {
                        group.addTask { await probe.run(address) { await operations.ports[address] } }
                    }
                }
                for stage in stages { group.addTask { await stage.run() } }
            }
        }
        current = Generation(digest: digest, assembly: assembly, work: work)
    }

    private func addresses(of assembly: Assembly) async -> Addresses {
        var addresses = Addresses()
        for key in assembly.listeners {
            for bound in running[key]?.addresses ?? [] { addresses.listeners.append((key.scheme, bound)) }
        }
        let ports = await operations.ports
        addresses.pages = OperatorsPages.urls(of: assembly, ports: ports)
        return addresses
    }

    // MARK: Another configuration

    /// Follows the file until the task is asked to end, then answers for the lameduck time and ends everything.
    package func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [status] in
                try? await gracefulShutdown()
                status.isEnding.store(true, ordering: .relaxed)
            }
            await follow()
            await group.waitForAll()
        }
        // Behind a reload that was under way: what it takes into service ends as well.
        await end()
    }

    private func follow() async {
        await cancelWhenGracefulShutdown {
            await self.lookLater()
            for await _ in self.wakeUps {
                await self.reload()
                // What was read may say another time.
                await self.lookLater()
            }
        }
        nextLook?.cancel()
    }

    /// Has the file looked at again after the time that `reload` says; only a signal asks where it is not configured.
    private func lookLater() {
        nextLook?.cancel()
        nextLook = nil
        guard let settings = current?.assembly.reload, let interval = settings.interval else { return }
        let pause = interval + settings.jitter * Double.random(in: 0...1)
        nextLook = Task { [wake] in
            if (try? await Task.sleep(for: pause)) != nil { wake.yield() }
        }
    }

    /// Takes the file as it is now, unless nothing has changed or something is wrong with it.
    private func reload() async {
        do {
            let reading = try source.read()
            guard reading.digest != current?.digest else { return }
            let assembly = try await Assembly.make(reading.corefile, surroundings, clusters: clusters)
            // Until the exchange both configurations answer from the same clusters.
            await assembly.shareZones(beside: current?.assembly)
            await waitForClusters(of: assembly)
            do {
                // What ends takes nothing into service any more.
                try Task.checkCancellation()
                try await exchange(assembly)
            } catch {
                await current?.assembly.shareZones()
                await clusters.release(assembly.clusterKeys)
                throw error
            }
            await assembly.shareZones()
            let former = current
            takeIntoService(assembly, digest: reading.digest)
            reloads.note(digest: reading.digest)
            surroundings.logger.notice("the configuration has been exchanged; SHA512 = \(reading.digest)")
            if let former { retire(former) }
        } catch is CancellationError where Task.isCancelled {
            return
        } catch {
            reloads.failed.increment()
            surroundings.logger.error("the configuration stays as it was: \(error)")
        }
    }

    /// Puts a configuration in the place of the one in service: opens what is new, exchanges what stays, and closes
    /// what is gone. With an error all is as before.
    private func exchange(_ assembly: Assembly) async throws {
        let former = Set(current?.assembly.listeners ?? [])
        let added = assembly.listeners.filter { !former.contains($0) }
        do {
            try await open(added, of: assembly)
            try await operations.setPages(
                OperatorsPages.pages(of: assembly, status, surroundings.metrics), succeeds: surroundings.takesOver)
        } catch {
            for key in added { await close(key) }
            throw error
        }
        for key in assembly.listeners where former.contains(key) {
            guard let listener = running[key], let bound = listener.addresses.first else { continue }
            try listener.exchange(assembly.content(of: key, port: bound.port), tls: assembly.tls(of: key))
            place(assembly, at: key)
        }
        for key in former.subtracting(assembly.listeners) {
            await close(key)
        }
    }

    /// Lets the stages of a former configuration end once the questions they have are answered.
    private func retire(_ former: Generation) {
        let clusters = clusters
        Task {
            try? await Task.sleep(for: Self.retirement)
            former.work.cancel()
            await clusters.release(former.assembly.clusterKeys)
        }
    }

    // MARK: End

    private func end() async {
        let lameduck = current?.assembly.lameduck ?? .zero
        if lameduck > .zero {
            surroundings.logger.notice("answering for another \(lameduck) before the end")
            try? await Task.sleep(for: lameduck)
        }
        await listeners.stop()
        current?.work.cancel()
        if let current { await clusters.release(current.assembly.clusterKeys) }
        await operations.stop()
    }
}

/// How far the server is between its start and its end.
final class ServingStatus: Sendable {
    /// Whether queries are taken: the operators' pages are there before.
    let isListening = Atomic(false)
    let isEnding = Atomic(false)
}

/// What CoreDNS counts of its reloads.
struct ReloadMetrics: Sendable {
    let failed: Counter
    private let metrics: Metrics
    private let known = OneValue()

    /// The digest that is told of now.
    private final class OneValue: Sendable {
        let value = Mutex<String?>(nil)
    }

    init(_ metrics: Metrics) {
        self.metrics = metrics
        failed = metrics.counter(
            "coredns_reload_failed_total", "Counter of the number of failed reload attempts.")
    }

    func note(digest: String) {
        let name = "coredns_reload_version_info"
        let former = known.value.withLock { value in
            defer { value = digest }
            return value
        }
        if let former { metrics.remove(name, ["hash": "sha512", "value": former]) }
        metrics.gauge(
            name, "A metric with a constant '1' value labeled by hash, and value which type of hash generated.",
            ["hash": "sha512", "value": digest]
        ).set(1)
    }
}

extension ServerKey.Scheme {
    var listenerScheme: ListenerSettings.Scheme {
        switch self {
        case .dns: .dns
        case .tls: .tls
        case .https: .https
        }
    }
}

extension NameserverError {
    /// Whether this host has no addresses of that family at all.
    fileprivate var isFamilyMissing: Bool { code == EAFNOSUPPORT || code == EADDRNOTAVAIL }
}
