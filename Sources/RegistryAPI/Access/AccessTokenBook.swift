import Synchronization

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
