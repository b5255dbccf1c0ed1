import FileReading
import Logging
import ProcessRights
import RegistryAPI

/// The tokens that requests to the API are let in by, in a file (`--api-tokens`), followed as it changes.
struct AccessTokenFile: Sendable {
    let tokens: AccessTokenBook
    private let path: String
    private let mayBeEmpty: Bool

    /// How often the file is looked at: a token that has got about is of no use soon after it was taken out.
    private static let interval = Duration.seconds(2)

    /// - Parameter mayBeEmpty: whether there are other ways in.
    init(_ path: String, mayBeEmpty: Bool) throws(CommandFailure) {
        self.path = path
        self.mayBeEmpty = mayBeEmpty
        tokens = AccessTokenBook(try Self.read(path, mayBeEmpty: mayBeEmpty))
    }

    private static func read(_ path: String, mayBeEmpty: Bool) throws(CommandFailure) -> AccessTokens {
        try SecretFile.checkOption("--api-tokens", path)
        let bytes: [UInt8]
        do {
            bytes = try RegularFile.bytes(path, limit: RegularFile.configurationLimit)
        } catch {
            throw CommandFailure(.badData, "--api-tokens \(path): \(error)")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandFailure(.badData, "--api-tokens \(path): is not UTF-8 text")
        }
        let tokens: AccessTokens
        do {
            tokens = try AccessTokens(text, file: path)
        } catch {
            throw CommandFailure(.badData, "\(error)")
        }
        guard mayBeEmpty || !tokens.isEmpty else {
            throw CommandFailure(.badData, "--api-tokens \(path): holds no token, so nobody would be let in")
        }
        return tokens
    }

    /// Keeps the tokens as the file says.
    func following(_ logger: Logger) -> FollowedFile {
        FollowedFile(
            option: "--api-tokens", path: path, limit: RegularFile.configurationLimit, interval: Self.interval,
            logger: logger
        ) { () throws(CommandFailure) in tokens.exchange(try Self.read(path, mayBeEmpty: mayBeEmpty)) }
    }
}
