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

    @Test("Of what BoringSSL says the name of the first fault is left")
    func handshakeFault() {
        let text =
            "handshakeFailed(sslError([Error: 268435581 error:1000007d:SSL routines:OPENSSL_internal:"
            + "CERTIFICATE_VERIFY_FAILED at /somewhere/handshake.cc:295, Error: OPENSSL_internal:OTHER]))"
        #expect(LogText.handshakeFault(in: text) == "CERTIFICATE_VERIFY_FAILED")
        #expect(LogText.handshakeFault(in: "OPENSSL_internal:") == nil)
        #expect(LogText.handshakeFault(in: "unexpected end") == nil)
    }

    @Test("A text from a stranger stays on its line, and steers no terminal", arguments: Cases.texts)
    func line(_ text: String, _ line: String) {
        #expect(LogText.line(text) == line)
        #expect(LogText.line(line.filter { $0 != "…" }) == line.filter { $0 != "…" })
    }
}
