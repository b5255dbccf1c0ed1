import ArgumentParser
import EmbeddedRegistry
import Registry

/// Which registry a command reads.
struct RegistryOptions: ParsableArguments {
    @Option(name: .customLong("data"), help: ArgumentHelp("The folder of the registry.", valueName: "dir"))
    var directory: String?

    /// Opens the registry for reading; without `--data` there is none to open.
    func open() throws(CommandFailure) -> RegistryReader {
        guard let directory else {
            throw CommandFailure(.usage, "no registry is named: give its folder by --data DIR")
        }
        do {
            return try RegistryReader(directory: directory)
        } catch {
            throw unavailable(error)
        }
    }

    /// All Services there are at the moment.
    func services(of reader: RegistryReader) throws(CommandFailure) -> [Service] {
        do {
            return try reader.services()
        } catch {
            throw unavailable(error)
        }
    }

    /// The server that was started on the registry last; nil where there was none.
    func server(of reader: RegistryReader) throws(CommandFailure) -> ServerRecord? {
        do {
            return try reader.server()
        } catch {
            throw unavailable(error)
        }
    }

    private func unavailable(_ error: any Error) -> CommandFailure {
        switch error as? StoreError {
        case .damaged, .foreign: CommandFailure(.badData, "\(error)")
        case _?: CommandFailure(.unavailable, "\(error)")
        case nil:
            CommandFailure(.unavailable, "the registry in \(directory ?? "no folder") cannot be read: \(error)")
        }
    }
}
