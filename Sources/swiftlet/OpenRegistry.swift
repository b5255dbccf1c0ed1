import APIClient
import EmbeddedRegistry
import Registry

/// A registry that a command reads.
enum OpenRegistry: Sendable {
    case folder(RegistryReader, directory: String)
    case api(APIClient)

    /// All Services there are at the moment.
    func services() async throws(CommandFailure) -> [Service] {
        switch self {
        case .folder(let reader, let directory):
            do {
                return try reader.services()
            } catch {
                throw Self.unavailable(error, directory: directory)
            }
        case .api(let client): return try await APIRegistry(client: client).services()
        }
    }

    /// The server that answers for the registry; nil where none has told of itself.
    func server() async throws(CommandFailure) -> ServerRecord? {
        switch self {
        case .folder(let reader, let directory):
            do {
                return try reader.server()
            } catch {
                throw Self.unavailable(error, directory: directory)
            }
        case .api(let client): return try await APIRegistry(client: client).server()
        }
    }

    /// Who has which address and node port.
    func addressing() async throws(CommandFailure) -> RegistryReader.Addressing {
        switch self {
        case .folder(let reader, let directory):
            do {
                return try reader.addressing()
            } catch {
                throw Self.unavailable(error, directory: directory)
            }
        case .api(let client): return try await APIRegistry(client: client).addressing()
        }
    }

    /// The Services now and whenever they change, until the caller stops reading.
    func serviceEvents() async throws(CommandFailure) -> AsyncThrowingStream<RegistryEvent, any Error> {
        switch self {
        case .folder(let reader, let directory):
            do {
                return try await reader.events()
            } catch {
                throw Self.unavailable(error, directory: directory)
            }
        case .api(let client): return APIRegistry(client: client).serviceEvents()
        }
    }

    func close() async {
        if case .api(let client) = self { await client.close() }
    }

    static func unavailable(_ error: any Error, directory: String) -> CommandFailure {
        switch error as? StoreError {
        case .damaged, .foreign, .notRegular: CommandFailure(.badData, "\(error)")
        case _?: CommandFailure(.unavailable, "\(error)")
        case nil: CommandFailure(.unavailable, "the registry in \(directory) cannot be read: \(error)")
        }
    }
}
