import Glibc
import Registry
import Synchronization

/// The static tokens that requests are let in by: a file with a token, a name and roles on each line.
///
/// `TOKEN,NAME,ROLE[;ROLE…]` with the roles `read`, `write`, `write:NAMESPACE` and `admin`; `#` begins a comment line.
package struct AccessTokens: Sendable {
    /// A line that is none; the token itself is never repeated.
    package struct Malformed: Error, Hashable, Sendable, CustomStringConvertible {
        package let file: String
        package let line: Int
        package let reason: String

        package var description: String { "\(file):\(line): \(reason)" }
    }

    private static let minimumLength = 16

    private var entries: [(token: [UInt8], identity: Identity)] = []

    /// Reads the text of a token file.
    package init(_ text: String, file: String) throws(Malformed) {
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let trimmed = line.drop { $0 == " " || $0 == "\t" }
            guard !trimmed.isEmpty, trimmed != "\r", !trimmed.hasPrefix("#") else { continue }
            let parts = trimmed.split(separator: ",", omittingEmptySubsequences: false).map {
                $0.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed()
            }.map { String($0) }
            guard parts.count == 3, !parts[1].isEmpty else {
                throw Malformed(file: file, line: index + 1, reason: "write TOKEN,NAME,ROLE[;ROLE]")
            }
            guard parts[0].utf8.count >= Self.minimumLength else {
                throw Malformed(
                    file: file, line: index + 1,
                    reason: "the token is shorter than \(Self.minimumLength) characters; make a longer one")
            }
            let roles = try parts[2].split(separator: ";").map { text throws(Malformed) in
                guard let role = Identity.Role(text) else {
                    throw Malformed(
                        file: file, line: index + 1,
                        reason: "\(text) is no role: write read, write, write:NAMESPACE or admin")
                }
                return role
            }
            guard !roles.isEmpty else {
                throw Malformed(file: file, line: index + 1, reason: "names no role")
            }
            entries.append((Array(parts[0].utf8), Identity(name: parts[1], roles: roles)))
        }
    }

    package var isEmpty: Bool { entries.isEmpty }

    /// The owner of a token. Takes the same time for every token of a length, known or not.
    package func identity(of token: some StringProtocol) -> Identity? {
        let bytes = Array(token.utf8)
        var found: Identity?
        for entry in entries where Self.isEqual(entry.token, bytes) { found = entry.identity }
        return found
    }

    /// Compares without stopping at the first difference.
    private static func isEqual(_ first: [UInt8], _ second: [UInt8]) -> Bool {
        var difference: UInt8 = first.count == second.count ? 0 : 1
        for (index, byte) in second.enumerated() {
            difference |= byte ^ (first.indices.contains(index) ? first[index] : 0)
        }
        return difference == 0
    }
}

/// The tokens in force, which may be exchanged while requests are let in.
package final class AccessTokenBook: Sendable {
    private let tokens: Mutex<AccessTokens>

    package init(_ tokens: AccessTokens) {
        self.tokens = Mutex(tokens)
    }

    package var isEmpty: Bool { tokens.withLock(\.isEmpty) }

    /// Lets in by others from now on; watches that are open go on.
    package func exchange(_ new: AccessTokens) { tokens.withLock { $0 = new } }

    /// The owner of a token.
    package func identity(of token: some StringProtocol) -> Identity? {
        let current = tokens.withLock { $0 }
        return current.identity(of: token)
    }
}
