import Testing

@testable import Corefile

/// Directives as a Corefile has them, and what is made of them.
enum DirectiveText {
    /// The settings of a directive in a block for `example.org`.
    static func settings<Settings: DirectiveSettings>(
        _ type: Settings.Type, _ text: String, zone: String = "example.org"
    ) throws -> Settings {
        let corefile = try CorefileParser.corefile(Array("\(zone) {\n\(text)\n}\n".utf8), file: "Corefile")
        let block = try #require(corefile.blocks.first)
        return try #require(try block.settings(type))
    }

    /// The error that a directive is refused with; "" where it is not.
    static func refusal<Settings: DirectiveSettings>(_ type: Settings.Type, _ text: String) -> String {
        do {
            _ = try settings(type, text)
            return ""
        } catch {
            return "\(error)"
        }
    }
}
