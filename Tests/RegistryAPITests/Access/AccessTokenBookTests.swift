import Synchronization
import Testing

@testable import RegistryAPI

@Suite("Tokens that are exchanged")
struct AccessTokenBookTests {
    private static func tokens(_ lines: String...) throws -> AccessTokens {
        try AccessTokens(lines.joined(separator: "\n"), file: "tokens")
    }

    /// What has been ended, by name.
    private final class Ends: Sendable {
        let names = Mutex<[String]>([])

        func end(_ name: String) -> @Sendable () -> Void { { [self] in names.withLock { $0.append(name) } } }
    }

    @Test("What was begun with a token ends once that lets in no more, or as somebody else, and only then")
    func stays() throws {
        let (a, b) = ("aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb")
        let book = AccessTokenBook(try Self.tokens("\(a),ada,read", "\(b),bob,admin"))
        let ada = try #require(book.identity(of: a))
        let bob = try #require(book.identity(of: b))
        let ends = Ends()
        _ = book.stay(a, as: ada, end: ends.end("ada"))
        _ = book.stay(b, as: bob, end: ends.end("bob"))
        book.leave(book.stay(a, as: ada, end: ends.end("gone")))
        book.exchange(try Self.tokens("\(b),bob,admin", "\(a),ada,read"))
        #expect(ends.names.withLock { $0 } == [])
        book.exchange(try Self.tokens("\(b),bob,read", "\(a),ada,read"))
        #expect(ends.names.withLock { $0 } == ["bob"])
        book.exchange(try Self.tokens("# nobody"))
        #expect(ends.names.withLock { $0 } == ["bob", "ada"])
        // Let in just before.
        _ = book.stay(a, as: ada, end: ends.end("late"))
        #expect(ends.names.withLock { $0 } == ["bob", "ada", "late"])
        book.exchange(try Self.tokens("# nobody"))
        #expect(ends.names.withLock(\.count) == 3)
    }
}
