import FileReading
import Logging
import RegistryAPI

/// The tokens that requests to the API are let in by, in a file (`--api-tokens`), followed as it changes.
struct AccessTokenFile: Sendable {
    let tokens: AccessTokenBook
    private let file: FollowedFile
    /// What the tokens were read from.
    private let bytes: [UInt8]

    /// How often the file is looked at: a token that has got about is of no use soon after it was taken out.
    private static let interval = Duration.seconds(2)

    /// - Parameter mayBeEmpty: whether there are other ways in; without any, a server that nobody can ask is a mistake.
    init(_ path: String, mayBeEmpty: Bool) throws(CommandFailure) {
        file = FollowedFile(
            option: "--api-tokens", path: path, limit: RegularFile.configurationLimit, interval: Self.interval)
        bytes = try file.bytes()
        tokens = AccessTokenBook(try Self.tokens(in: bytes, file, mayBeEmpty: mayBeEmpty))
    }

    private static func tokens(
        in bytes: [UInt8], _ file: FollowedFile, mayBeEmpty: Bool
    ) throws(CommandFailure) -> AccessTokens {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandFailure(.badData, "\(file.option) \(file.path): is not UTF-8 text")
        }
        let tokens: AccessTokens
        do {
            tokens = try AccessTokens(text, file: file.path)
        } catch {
            throw CommandFailure(.badData, "\(error)")
        }
        guard mayBeEmpty || !tokens.isEmpty else {
            throw CommandFailure(
                .badData, "\(file.option) \(file.path): holds no token, so nobody would be let in")
        }
        return tokens
    }

    /// Keeps the tokens as the file says; one that holds none any more lets nobody in.
    func following(_ logger: Logger) -> FollowedFile.Following {
        FollowedFile.Following(file: file, known: bytes, logger: logger) { bytes throws(CommandFailure) in
            let found = try Self.tokens(in: bytes, file, mayBeEmpty: true)
            tokens.exchange(found)
            if found.isEmpty { logger.warning("\(file.option) \(file.path) holds no token: nobody is let in by one") }
        }
    }
}
