import Registry
import Testing

struct LogTextTests {
    enum Cases {
        static let texts = [
            ("plain text, \\ and all", "plain text, \\ and all"),
            ("Zürich 北京", "Zürich 北京"),
            ("a\nb\r\tc", "a\\x0ab\\x0d\\x09c"),
            ("\u{1b}[2J", "\\x1b[2J"),
            ("\u{202e}txt\u{2028}", "\\u{202e}txt\\u{2028}"),
            (String(repeating: "x", count: 1025), String(repeating: "x", count: 1024) + "…"),
        ]
    }

    @Test("A text from a stranger stays on its line, and steers no terminal", arguments: Cases.texts)
    func line(_ text: String, _ line: String) {
        #expect(LogText.line(text) == line)
        #expect(LogText.line(line.filter { $0 != "…" }) == line.filter { $0 != "…" })
    }
}
