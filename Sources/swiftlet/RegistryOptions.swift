import ArgumentParser
import EmbeddedRegistry
import Registry

/// Which registry a command reads: a folder on this host, or an API server.
struct RegistryOptions: ParsableArguments {
    @Option(name: .customLong("data"), help: ArgumentHelp("The folder of the registry.", valueName: "dir"))
    var directory: String?

    @OptionGroup var api: APIServerOptions

    /// Whether a registry is named by an option or by `$SWIFTLET_SERVER`.
    var isNamed: Bool { directory != nil || api.isKnown }

    /// Runs a body with the registry open, and closes it again; where none is named, with that of
    /// `APIServerOptions.accessOrDefault()`.
    func withRegistry<Value>(
        _ body: (OpenRegistry) async throws(CommandFailure) -> Value
    ) async throws(CommandFailure) -> Value {
        let registry = try open()
        do throws(CommandFailure) {
            let value = try await body(registry)
            await registry.close()
            return value
        } catch {
            await registry.close()
            throw error
        }
    }

    private func open() throws(CommandFailure) -> OpenRegistry {
        guard let directory else { return .api(try api.accessOrDefault().client()) }
        guard !api.isNamed else {
            throw CommandFailure(.usage, "--data and --server or --kubeconfig name two registries: give one of them")
        }
        do {
            return .folder(try RegistryReader(directory: directory), directory: directory)
        } catch {
            throw OpenRegistry.unavailable(error, directory: directory)
        }
    }
}
