import EmbeddedRegistry
import Glibc
import Logging
import Registry
import Serving
import RegistryAPI
import RegistryControllers
import ServiceLifecycle

/// Serves the registry's API, and keeps the registry as a control plane would.
struct RegistryServing: ServiceLifecycle.Service {
    let store: RegistryStore
    /// nil serves no API; the controllers work all the same.
    let settings: APISettings?
    /// Whether a taken port ends the server: a default that nobody asked for does not.
    let isRequired: Bool
    let description: ServerRecord
    /// The virtual IP of `default/kubernetes`; nil where there is no range to have one from.
    let apiServiceAddress: IPAddress?
    /// Set once all manifests have been read: until then controllers would make what manifests declare.
    let loaded: OneShot<Void>
    /// Set once controllers have written what names are made of.
    let filled: OneShot<Void>
    /// Set once the API takes connections, with its URL; nil where it is not served.
    let listening: OneShot<String?>
    let logger: Logger

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            let hub = WatchHub(
                store: store, maximumWatches: settings?.maximumWatches ?? 0,
                queueBytes: settings?.maximumQueueBytes ?? 0, logger: logger)
            let port = OneShot<Int?>()
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                if let settings {
                    tasks.addTask { await hub.run() }
                    tasks.addTask { try await serve(settings, hub: hub, port: port) }
                } else {
                    port.set(nil)
                    listening.set(nil)
                }
                tasks.addTask {
                    guard let port = await port.value(), await loaded.value() != nil else { return }
                    do {
                        try await controllers(apiPort: port).run()
                    } catch is CancellationError {
                        return
                    }
                }
                try await tasks.waitForFirstFailure()
            }
        }
    }

    private func serve(_ settings: APISettings, hub: WatchHub, port: OneShot<Int?>) async throws {
        let service = APIService(
            store: store, hub: hub, server: description, version: "1.36.0", clock: .system,
            maximumBodyValues: settings.maximumBodyValues, logger: logger)
        let server = APIServer(
            settings: settings, service: service, logger: logger)
        let host = settings.host.contains(":") ? "[\(settings.host)]" : settings.host
        let (listening, scheme) = (listening, settings.tls == nil ? "http" : "https")
        do {
            try await server.run { number in
                port.set(number)
                listening.set("\(scheme)://\(host):\(number)")
            }
        } catch is CancellationError {
            return
        } catch {
            let reason = "the API cannot be served on \(host):\(settings.port): \(error)"
            guard !isRequired else { throw CommandFailure(.other, reason) }
            logger.warning("\(reason); going on without it. Choose another address by --api, or none")
            port.set(nil)
            listening.set(nil)
        }
    }

    /// Where others reach the API: an address of this host where it listens on all.
    private var apiAddress: IPAddress? {
        guard let address = settings.flatMap({ IPAddress($0.host) }) else { return nil }
        guard address.isUnspecified else { return address }
        return HostAddresses.all().first { $0.family == address.family }
    }

    private func controllers(apiPort: Int?) -> RegistryControllers {
        RegistryControllers(
            store: store,
            settings: ControllerSettings(
                apiServer: apiPort.flatMap { port in apiAddress.map { (address: $0, port: port) } },
                apiServiceAddress: apiServiceAddress),
            clock: .system, logger: logger, onEndpoints: { [filled] in filled.set(()) })
    }
}
