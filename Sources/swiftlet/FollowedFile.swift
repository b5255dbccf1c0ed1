import FileReading
import Logging
import ProcessRights
import ServiceLifecycle

/// A small file of secrets that an option names: read at the start, looked at from time to time while the server runs,
/// and taken anew as it changes.
struct FollowedFile: Sendable {
    /// The option that names it.
    let option: String
    let path: String
    /// More than it may be long, in bytes.
    let limit: Int
    /// How often it is looked at.
    let interval: Duration

    /// - Throws: where it is not there, too long, or may be read by everybody.
    func bytes() throws(CommandFailure) -> [UInt8] {
        try SecretFile.checkOption(option, path)
        do {
            return try RegularFile.bytes(path, limit: limit)
        } catch {
            throw CommandFailure(.badData, "\(option) \(path): \(error)")
        }
    }

    /// Hands over what the file says each time that it has changed; what is in force stays where that is no good.
    struct Following: ServiceLifecycle.Service {
        let file: FollowedFile
        /// What was in the file when it was last taken.
        let known: [UInt8]
        let logger: Logger
        /// How long a file stays the same before it counts as written.
        private static let settling = Duration.milliseconds(500)
        let take: @Sendable ([UInt8]) throws(CommandFailure) -> Void

        func run() async throws {
            await cancelWhenGracefulShutdown { await follow() }
        }

        private func follow() async {
            var known = known
            var complaint: String?
            while (try? await Task.sleep(for: file.interval)) != nil {
                do {
                    let found = try file.bytes()
                    if found != known {
                        // One that is being written anew is seen half, or empty: taken once it stays as it is.
                        guard (try? await Task.sleep(for: Self.settling)) != nil else { return }
                        guard try file.bytes() == found else { continue }
                        try take(found)
                        known = found
                        logger.notice("\(file.option) \(file.path) has changed and is in force")
                    }
                    complaint = nil
                } catch {
                    guard error.message != complaint else { continue }
                    complaint = error.message
                    logger.error("\(error.message); what it said before stays in force")
                }
            }
        }
    }
}
