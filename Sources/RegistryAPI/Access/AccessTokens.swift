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
    /// Something that goes on for longer than a request takes, for as long as its token lets in.
    private struct Stay {
        let token: String
        let identity: Identity
        let end: @Sendable () -> Void
    }

    private struct State {
        var tokens: AccessTokens
        var stays: [Int: Stay] = [:]
        var next = 0
    }

    private let state: Mutex<State>

    package init(_ tokens: AccessTokens) {
        state = Mutex(State(tokens: tokens))
    }

    package var isEmpty: Bool { state.withLock(\.tokens.isEmpty) }

    /// Lets in by others from now on; ends what was begun with a token that does not let in the same any more.
    package func exchange(_ new: AccessTokens) {
        let ended = state.withLock { state in
            state.tokens = new
            let over = state.stays.filter { new.identity(of: $0.value.token) != $0.value.identity }
            for id in over.keys { state.stays[id] = nil }
            return over.values.map(\.end)
        }
        for end in ended { end() }
    }

    /// The owner of a token.
    package func identity(of token: some StringProtocol) -> Identity? {
        let current = state.withLock(\.tokens)
        return current.identity(of: token)
    }

    /// Has `end` called once, on any thread, when a token does not let in the same any more; at once where that is so.
    ///
    /// - Returns: What `leave` takes when there is nothing to end any more.
    func stay(_ token: String, as identity: Identity, end: @escaping @Sendable () -> Void) -> Int {
        let (id, isOver) = state.withLock { state in
            state.next += 1
            let isOver = state.tokens.identity(of: token) != identity
            if !isOver { state.stays[state.next] = Stay(token: token, identity: identity, end: end) }
            return (state.next, isOver)
        }
        if isOver { end() }
        return id
    }

    func leave(_ id: Int) { state.withLock { $0.stays[id] = nil } }
}
