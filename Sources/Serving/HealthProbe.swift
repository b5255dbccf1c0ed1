import Corefile
import Logging
import NIOCore
import NIOPosix
import Telemetry

/// Asks the process' own page of `health` once a second, as CoreDNS does: how long that takes says how loaded it is.
struct HealthProbe: Sendable {
    /// CoreDNS's buckets of this histogram, in seconds.
    private static let buckets = [0.00025, 0.0025, 0.025, 0.25, 2.5]
    private static let interval = Duration.seconds(1)
    /// From which time on a log line says that it took long.
    private static let remarkable = Duration.seconds(1)

    private let patience: TimeAmount
    private let duration: Histogram
    private let failures: Counter
    private let logger: Logger

    /// - Parameter patience: how long an answer is waited for; CoreDNS's value where none is given.
    init(metrics: Metrics, logger: Logger, patience: TimeAmount = .seconds(3)) {
        self.patience = patience
        duration = metrics.histogram(
            "coredns_health_request_duration_seconds", "Histogram of the time (in seconds) each request took.",
            buckets: Self.buckets)
        failures = metrics.counter(
            "coredns_health_request_failures_total", "The number of times the health check failed.")
        self.logger = logger
    }

    /// Asks until the task is cancelled.
    ///
    /// - Parameter port: where the page is served; nil while it is not, as beside a predecessor.
    func run(_ address: PageAddress, port: @Sendable () async -> Int?) async {
        while (try? await Task.sleep(for: Self.interval)) != nil {
            guard let port = await port() else { continue }
            await ask(address.host.isEmpty ? "127.0.0.1" : address.host, port)
        }
    }

    /// Asks once.
    func ask(_ host: String, _ port: Int) async {
        let start = ContinuousClock.now
        do {
            try await get(host, port)
        } catch {
            // The end of this process, or of this configuration, is no failure.
            guard !Task.isCancelled else { return }
            failures.increment()
            logger.warning("health: the request to \(host):\(port) failed: \(error)")
        }
        let elapsed = ContinuousClock.now - start
        duration.observe(elapsed / .seconds(1))
        if elapsed > Self.remarkable {
            logger.warning("health: the request to \(host):\(port) took more than 1s: \(elapsed)")
        }
    }

    private func get(_ host: String, _ port: Int) async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let promise = loop.makePromise(of: Void.self)
        let channel: any Channel
        do {
            channel = try await ClientBootstrap(group: loop).connectTimeout(patience)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(AnswerAwaiting(promise: promise))
                    }
                }.connect(host: host, port: port).get()
        } catch {
            promise.fail(error)
            throw error
        }
        let end = loop.scheduleTask(in: patience) { channel.close(mode: .all, promise: nil) }
        defer {
            end.cancel()
            channel.close(mode: .all, promise: nil)
        }
        let request = "GET /health HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n"
        try await channel.writeAndFlush(ByteBuffer(string: request))
        try await promise.futureResult.get()
    }
}

/// Takes the first line of an answer; used on its channel's event loop only.
private final class AnswerAwaiting: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    /// Why there is no answer.
    private enum Failure: Error {
        /// The beginning of what came.
        case status(String)
        case ended
    }

    private static let good = "HTTP/1.1 200"
    private let promise: EventLoopPromise<Void>
    private var beginning = ""

    init(promise: EventLoopPromise<Void>) {
        self.promise = promise
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        beginning += String(decoding: buffer.readableBytesView.prefix(Self.good.utf8.count), as: UTF8.self)
        guard beginning.utf8.count >= Self.good.utf8.count else { return }
        beginning.hasPrefix(Self.good) ? promise.succeed() : promise.fail(Failure.status(beginning))
    }

    func channelInactive(context: ChannelHandlerContext) { promise.fail(Failure.ended) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        promise.fail(error)
        context.close(promise: nil)
    }
}
