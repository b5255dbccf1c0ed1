import FileReading
import Logging
import ServiceLifecycle

/// A small file that an option names, looked at from time to time while the server runs and taken anew as it changes.
struct FollowedFile: ServiceLifecycle.Service {
    /// The option that names it.
    let option: String
    let path: String
    /// More than it may be long, in bytes.
    let limit: Int
    /// How often it is looked at.
    let interval: Duration
    let logger: Logger
    /// Reads the file and takes what it says; what is in force stays where it throws.
    let take: @Sendable () throws(CommandFailure) -> Void

    func run() async throws {
        await cancelWhenGracefulShutdown { await follow() }
    }

    private func follow() async {
        var known = try? RegularFile.bytes(path, limit: limit)
        while (try? await Task.sleep(for: interval)) != nil {
            let found = try? RegularFile.bytes(path, limit: limit)
            guard found != known else { continue }
            known = found
            do {
                try take()
                logger.notice("\(option) \(path) has changed and is in force")
            } catch {
                logger.error("\(error.message); what it said before stays in force")
            }
        }
    }
}
