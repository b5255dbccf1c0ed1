import Foundation
import Logging
import Nameserver

/// The secrets of DNS cookies in a file (`--cookie-secret-file`), followed as it changes.
struct CookieSecretFile: Sendable {
    let secrets: CookieSecrets
    private let file: FollowedFile
    /// What the secrets were read from.
    private let bytes: [UInt8]

    /// How often the file is looked at: a roll-over has hours between its steps (RFC 9018 §5).
    private static let interval = Duration.seconds(30)
    /// Far more than secrets need, in bytes.
    private static let limit = 4096

    /// Reads the file; whoever writes it decides which servers share cookies.
    init(_ path: String) throws(CommandFailure) {
        file = FollowedFile(option: "--cookie-secret-file", path: path, limit: Self.limit, interval: Self.interval)
        bytes = try file.bytes()
        secrets = CookieSecrets(try Self.secrets(in: bytes, file))
    }

    /// The secrets in the text of such a file; what is wrong is told by its line, never by the line itself.
    private static func secrets(in bytes: [UInt8], _ file: FollowedFile) throws(CommandFailure) -> [ServerCookie] {
        var secrets: [ServerCookie] = []
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            let word = line.trimmingCharacters(in: .whitespaces)
            guard !word.isEmpty, !word.hasPrefix("#") else { continue }
            guard let secret = ServerCookie(hex: word) else {
                throw CommandFailure(
                    .badData, "\(file.option) \(file.path):\(index + 1): write 32 hexadecimal digits")
            }
            secrets.append(secret)
        }
        guard (1...CookieSecrets.maximum).contains(secrets.count) else {
            throw CommandFailure(
                .badData,
                "\(file.option) \(file.path): write one secret, and up to \(CookieSecrets.maximum) in all")
        }
        return secrets
    }

    /// Keeps the secrets as the file says.
    func following(_ logger: Logger) -> FollowedFile.Following {
        FollowedFile.Following(file: file, known: bytes, logger: logger) { bytes throws(CommandFailure) in
            secrets.exchange(try Self.secrets(in: bytes, file))
        }
    }
}
