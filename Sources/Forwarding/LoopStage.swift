import Corefile
import DNS
import Logging
import NIOCore
import Pipeline
import Registry
import Synchronization

/// `loop`: at start, asks the server itself for a name that nobody can guess. Where that question comes back through
/// the upstreams, the server forwards to itself, and every question would go round and round: that is told to
/// `onLoop`, which is to end the process.
///
/// A name counts only while its question is under way, so that nobody who saw it can stop the server later.
package struct LoopStage: Stage {
    /// How often the question may be seen: once it is our own, the second time it may be a repetition.
    private static let sightLimit = 2
    /// How often the server is asked until it is up.
    private static let tryLimit = 30
    private static let pause = Duration.seconds(1)
    private static let patience = Duration.seconds(2)

    /// A question under way, and how often it was seen.
    private struct Probe {
        var name: DomainName
        var sights = 0
    }

    private final class State: Sendable {
        let probe = Mutex<Probe?>(nil)
    }

    package var directive: String { LoopSettings.directive }

    private let zone: DomainName
    private let address: @Sendable () async -> PipelineQuery.Peer?
    private let clock: any Clock<Duration>
    private let logger: Logger
    private let onLoop: @Sendable (String) -> Void
    private let state = State()

    /// - Parameters:
    ///   - address: where the server listens; asked before each try, nil while it does not.
    ///   - onLoop: gets CoreDNS's words about the loop, once; called on the thread of a query.
    package init(
        _ settings: LoopSettings, logger: Logger, clock: any Clock<Duration> = ContinuousClock(),
        address: @escaping @Sendable () async -> PipelineQuery.Peer?, onLoop: @escaping @Sendable (String) -> Void
    ) {
        zone = settings.zone
        self.address = address
        self.clock = clock
        self.logger = logger
        self.onLoop = onLoop
    }

    nonisolated(nonsending) package func respond(to query: PipelineQuery, next: Chain) async -> Response {
        if query.type == .hinfo, let name = sighted(query.name) {
            onLoop(
                "Seen \"HINFO IN \(name)\" to \(Self.text(query.server)) more than twice, loop detected")
        }
        return await next.respond(to: query)
    }

    /// Notes a question; its name where it was seen once too often, and then never again.
    private func sighted(_ name: DomainName) -> DomainName? {
        state.probe.withLock { probe in
            guard let own = probe, own.name == name else { return nil }
            probe?.sights += 1
            guard own.sights + 1 > Self.sightLimit else { return nil }
            probe = nil
            return own.name
        }
    }

    /// Asks the server until it answers once; gives up after some tries, a second apart.
    package func run() async {
        for _ in 0..<Self.tryLimit where !Task.isCancelled {
            if let peer = await address(), await probe(peer) { return }
            do { try await clock.sleep(for: Self.pause) } catch { return }
        }
        logger.warning("loop: the server gave no answer to itself; loops stay unseen")
    }

    /// Asks once; true where an answer came.
    private func probe(_ peer: PipelineQuery.Peer) async -> Bool {
        guard let name = Self.name(below: zone) else { return true }
        let question = UpstreamQuestion(name, .hinfo)
        let spelling = UpstreamQuestion.Spelling(name: name.wire, hasEDNS: false)
        guard let socket = Self.socket(to: peer), DatagramLoop.shared.add(socket) else { return false }
        defer { socket.retire() }
        state.probe.withLock { $0 = Probe(name: name) }
        defer { state.probe.withLock { $0 = nil } }
        let result = await socket.exchange(
            question.message(id: 0, spelling), questionEnd: 12 + name.wire.count + 4, isExact: false,
            until: .now + Self.patience)
        if case .success = result { return true }
        return false
    }

    /// 128 random bits in two labels, as CoreDNS has it.
    private static func name(below zone: DomainName) -> DomainName? {
        DomainName(labels: (0..<2).map { _ in "\(RandomBits.shared.next())" }, under: zone)
    }

    private static func socket(to peer: PipelineQuery.Peer) -> DatagramSocket? {
        var place = UpstreamPlace(peer.address, port: peer.port)
        // Who listens everywhere is reached at the loopback address.
        if peer.address.value == 0 {
            place.address = peer.address.family == .ipv4 ? .v4(0x7f00_0001) : .v6(1)
        }
        return place.socketAddress.flatMap { try? DatagramSocket($0) { _ in } }
    }

    private static func text(_ peer: PipelineQuery.Peer) -> String {
        UpstreamPlace(peer.address, port: peer.port).description
    }
}
