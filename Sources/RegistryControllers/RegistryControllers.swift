import Logging
import Registry

/// What the controllers are to know of the server that they run in.
package struct ControllerSettings: Sendable {
    /// Where the API is reached; nil leaves `default/kubernetes` without endpoints.
    package var apiServer: (address: IPAddress, port: Int)?
    /// The virtual IP of `default/kubernetes`; nil where there is no range to have one from, and then no such Service.
    package var apiServiceAddress: IPAddress?
    /// Whether Pods without a `nodeName` stand behind Services, as where nobody schedules; Kubernetes leaves them out.
    package var placesUnscheduledPods: Bool

    package init(
        apiServer: (address: IPAddress, port: Int)?, apiServiceAddress: IPAddress?, placesUnscheduledPods: Bool = true
    ) {
        self.apiServer = apiServer
        self.apiServiceAddress = apiServiceAddress
        self.placesUnscheduledPods = placesUnscheduledPods
    }
}

/// Keeps a registry as the controllers of a Kubernetes control plane would: endpoints of Services, what every cluster
/// has, the removal of Namespaces and of what has lost its owner, the ends of Events, Pods and registrations.
package struct RegistryControllers: Sendable {
    /// Who objects belong to that controllers make.
    package static let feeder = Feeder.controllers

    /// A run of this length, in milliseconds, was no failure: the next one is the first.
    private static let soundRun: Int64 = 120_000

    private let store: any ObjectStore
    private let settings: ControllerSettings
    private let clock: WallClock
    private let logger: Logger
    private let observer: (@Sendable (ControllerProgress) -> Void)?
    private let onEndpoints: (@Sendable () -> Void)?

    /// - Parameters:
    ///   - observer: Told each time when nothing is left to do for now.
    ///   - onEndpoints: Called when each run has written, or tried to write, what every cluster has and the endpoints
    ///     that there are: what names are made of. The rest, empty slices mostly, comes after it.
    package init(
        store: any ObjectStore, settings: ControllerSettings, clock: WallClock = .system, logger: Logger,
        observer: (@Sendable (ControllerProgress) -> Void)? = nil, onEndpoints: (@Sendable () -> Void)? = nil
    ) {
        self.store = store
        self.settings = settings
        self.clock = clock
        self.logger = logger
        self.observer = observer
        self.onEndpoints = onEndpoints
    }

    /// Works until the task is cancelled. A store that cannot be read for a while is asked again.
    package func run() async throws {
        var failures = 0
        while !Task.isCancelled {
            let start = clock.now()
            let loop = ControllerLoop(
                store: store, settings: settings, clock: clock, logger: logger, observer: observer,
                onEndpoints: onEndpoints)
            do {
                try await loop.run()
            } catch ObjectStoreError.versionTooOld {
                logger.info("controllers: left behind by the registry's changes; reading it anew")
            } catch is CancellationError {
                return
            } catch {
                if clock.now() > start.advanced(byMilliseconds: Self.soundRun) { failures = 0 }
                let delay = WorkQueue.firstDelay << Int64(min(failures, 6))
                failures += 1
                logger.error("controllers: \(error); trying again in \(delay / 1000) s")
                do { try await clock.sleep(clock.now().advanced(byMilliseconds: delay)) } catch { return }
            }
        }
    }
}

/// How far the controllers are, and what it has cost.
package struct ControllerProgress: Sendable {
    /// All changes up to this version have been followed.
    package var version: ResourceVersion
    /// When something is to be done next, if nothing changes; nil where nothing is planned.
    package var nextTime: Timestamp?
    /// How many times a Service's endpoints were looked at.
    package var syncedServices = 0
    /// How many Services were looked at to find those of changed Pods.
    package var examinedServices = 0
}
