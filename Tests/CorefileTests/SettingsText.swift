import Corefile
import DNS
import Testing

/// Directives inside of a server block, from the second line of a file on.
struct SettingsText: Sendable {
    static let zones = ["example.net", "example.com"].compactMap { DomainName($0) }

    private let text: String

    init(_ text: String) {
        self.text = "example.net example.com {\n\(text)\n}\n"
    }

    func settings<Settings: DirectiveSettings>(_ type: Settings.Type) throws -> Settings? {
        let corefile = try CorefileParser.corefile(Array(text.utf8), file: "Corefile")
        return try #require(corefile.blocks.first).settings(type)
    }
}

/// Directives that are refused, and what is said.
struct WrongText: Sendable, CustomTestStringConvertible {
    let text: String
    let message: String

    init(_ text: String, _ message: String) {
        self.text = text
        self.message = message
    }

    var testDescription: String { text.replacing("\n", with: " ⏎ ") }

    func expect<Settings: DirectiveSettings>(_ type: Settings.Type) {
        let error = #expect(throws: CorefileError.self) { try SettingsText(text).settings(type) }
        #expect(error?.description == message)
    }
}
