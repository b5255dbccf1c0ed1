import Corefile
import DNS
import Descriptors
import FileReading
import Logging
import NIOCore
import NIOPosix
import Pipeline
import Telemetry

/// `forward`: answers by asking other servers.
package struct ForwardStage: Stage {
    /// What the stage uses of the process around it. Stages that are given copies of one value share its bounds on
    /// questions under way: 10,000 in all, 1,000 of one client's address.
    package struct Surroundings: Sendable {
        /// Where everything is counted.
        package var metrics: Metrics
        package var logger: Logger
        /// For TCP and TLS towards upstreams.
        package var eventLoopGroup: any EventLoopGroup
        /// By which checks wait.
        package var clock: any Clock<Duration>
        /// The bytes of a file; nil where it cannot be read.
        package var readFile: @Sendable (String) -> [UInt8]?
        var loop = DatagramLoop.shared
        var limits = QuestionLimits()
        var times = Forwarder.Times()
        /// Whether no socket is to be opened beside one that there is. Half of what is kept from clients is for
        /// upstreams: clients cannot have questions go out from one port by taking all else.
        var areDescriptorsScarce: @Sendable () -> Bool = { Descriptors.areScarce(forProbes: true) }

        package init(
            metrics: Metrics, logger: Logger,
            eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
            clock: any Clock<Duration> = ContinuousClock(),
            readFile: @escaping @Sendable (String) -> [UInt8]? = Surroundings.contents
        ) {
            self.metrics = metrics
            self.logger = logger
            self.eventLoopGroup = eventLoopGroup
            self.clock = clock
            self.readFile = readFile
        }

        /// Reads a file of at most 1 MiB; nil for any that is longer, or none.
        package static func contents(_ path: String) -> [UInt8]? {
            try? RegularFile.bytes(path, limit: ResolvConf.sizeLimit)
        }
    }

    package var directive: String { ForwardSettings.directive }

    private let forwarders: [Forwarder]
    private let surroundings: Surroundings
    private let bounds: BoundMetrics

    /// - Throws: an error at the word whose file cannot be used: of `tls`, or one that names upstreams.
    package init(_ settings: ForwardSettings, _ surroundings: Surroundings) throws(CorefileError) {
        self.surroundings = surroundings
        var forwarders: [Forwarder] = []
        for line in settings.lines { forwarders.append(try Forwarder(line, surroundings)) }
        self.forwarders = forwarders
        bounds = BoundMetrics(surroundings.metrics)
    }

    nonisolated(nonsending) package func respond(to query: PipelineQuery, next: Chain) async -> Response {
        guard let first = forwarders.firstIndex(where: { $0.takes(query.name) }) else {
            return await next.respond(to: query)
        }
        // A transfer has many messages, of which one would come through.
        if query.type == .axfr || query.type == .ixfr { return refusal("zone transfers are not forwarded") }
        if let bound = surroundings.limits.enter(query.client.address) {
            bounds.countReject(bound)
            return refusal(
                bound == .all ? "too many questions under way" : "too many questions of one client under way")
        }
        bounds.underWay.add(1)
        defer {
            bounds.underWay.add(-1)
            surroundings.limits.leave(query.client.address)
        }
        var response = Response(.refused)
        for forwarder in forwarders[first...] where forwarder.takes(query.name) {
            response = await forwarder.respond(to: query)
            let isNoData = response.code == .noError && response.answers.isEmpty && !response.isTruncated
            guard forwarder.line.nextCodes.contains(response.code) || isNoData && forwarder.line.passesOnNoData
            else { break }
        }
        return response
    }

    private func refusal(_ failure: String) -> Response {
        var response = Response(.refused)
        response.source = directive
        response.failure = failure
        return response
    }

    /// Checks upstreams after failures, and follows the files that name upstreams, until the task ends; then lets go of
    /// the connections to them.
    package func run() async {
        await withDiscardingTaskGroup { group in
            for forwarder in forwarders {
                group.addTask {
                    await withDiscardingTaskGroup { group in
                        for await upstream in forwarder.checks {
                            group.addTask { await forwarder.check(upstream, on: surroundings.clock) }
                        }
                    }
                }
                if !forwarder.files.isEmpty {
                    group.addTask { await UpstreamFiles.follow(forwarder, surroundings) }
                }
            }
        }
        for forwarder in forwarders { forwarder.retire() }
    }
}
