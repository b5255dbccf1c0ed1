import Corefile
import Forwarding
import Logging
import Nameserver
import Stages
import Telemetry

/// What a configuration uses of the process around it.
package struct ServingSurroundings: Sendable {
    /// Makes the source of a cluster's objects from what a `kubernetes` directive says.
    package typealias MakeSource = @Sendable (KubernetesSettings) async throws -> any ClusterSource

    package var metrics: Metrics
    package var logger: Logger
    /// Where `log` and `errors` write.
    package var log: any LogSink
    package var makeSource: MakeSource
    /// Called with a sentence where the server must end: it forwards to itself (`loop`).
    package var onFatal: @Sendable (String) -> Void
    /// Called once, when it is known what to answer from and before the listeners are opened.
    package var onLoaded: @Sendable () -> Void = {}
    /// What `chaos` says where the Corefile does not.
    package var version: String
    /// UDP threads for each address; nil: one for each processor.
    package var workers: Int?
    /// What listeners may cost.
    package var limits = ServingLimits()
    /// What each cache may keep, in bytes.
    private(set) var cacheBytes = CacheStage.usualBytes
    /// What DNS cookies are made with.
    package var cookies = CookieSecrets()
    /// Sockets that somebody else has bound for this process.
    package var inherited = InheritedSockets()
    /// Whether sockets of another process on the same addresses are no obstacle: it hands over to this one.
    package var takesOver = false

    package init(
        metrics: Metrics, logger: Logger, log: any LogSink, version: String,
        makeSource: @escaping MakeSource, onFatal: @escaping @Sendable (String) -> Void
    ) {
        self.metrics = metrics
        self.logger = logger
        self.log = log
        self.version = version
        self.makeSource = makeSource
        self.onFatal = onFatal
    }

    /// Leaves each cache an eighth of the memory that the process may have.
    ///
    /// - Parameter memory: in bytes; nil for no bound that is known.
    package mutating func fitCaches(memory: Int?) {
        if let memory { cacheBytes = min(CacheStage.usualBytes, memory / 8) }
    }
}
