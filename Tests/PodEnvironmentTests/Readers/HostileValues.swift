import PodEnvironment
import TestSupport

/// Values that quoting goes wrong on.
enum HostileValues {
    static let chosen: [String] = [
        "", " ", "plain", "a b", " leading", "trailing ", "\ttab\t", "it's", "'", "''", "'quoted'", "\"", "\"quoted\"",
        "both ' and \"", "`backtick`", "$HOME", "$(HOME)", "$$", "$", "a$", "#comment", "a #comment", "a#b",
        ";semicolon",
        "=", "a=b", "!bang", "%s %%", "~", "*", "line\nbreak", "\n", "\n\n", "trailing\n", "\nleading", "crlf\r\nend",
        "cr\rin", "trailing cr\r", "\r", "\\", "\\\\", "\\\\\\", "a\\b", "a\\\\b", "a\\", "a\\'", "\\'", "\\'\\'x",
        "\\\"", "\\n", "\\t literal", "\\$x", "a\\\nb", "'\\", "x' #y", "export A=b", "é", "e\u{301}", "日本語", "😀",
        "\u{a0}nbsp\u{a0}", "\u{2028}", "\u{85}", "\u{feff}bom", "\u{1}\u{1f}\u{7f}", "\u{81}\u{88}", "</script>",
        "{\"json\": [1, 2]}", "\u{10fffd}", "tcp://[fd00::1]:80",
    ]

    /// U+FFFE, U+FDD0 and U+1FFFF, which a literal may not hold.
    static let noncharacters = [[0xfffe], [0xfdd0], [0xd83f, 0xdfff]].map { (units: [UInt16]) in
        String(decoding: units, as: UTF16.self)
    }

    /// Texts made of the pieces that dialects give a meaning to.
    static func random(count: Int, using generator: inout SeededGenerator) -> [String] {
        let pieces = [
            "'", "\"", "\\", "\\\\", "$", "`", "#", " #", "=", " ", "\t", "\n", "\r", "\r\n", ";", "!", "%", "{", "}",
            "(", ")", "$(", "~", "*", "&", "|", "<", "a", "b", "n", "r", "t", "X", "1", "é", "\u{301}", "😀", "\u{a0}",
            "\u{2028}", "\u{85}", "\u{feff}", "\u{1}", "\u{b}", "\u{c}", "\u{1c}", "\u{7f}", "export ",
        ]
        return (0..<count).map { _ in
            (0..<Int.random(in: 0...12, using: &generator)).map { _ in
                pieces[Int.random(in: 0..<pieces.count, using: &generator)]
            }.joined()
        }
    }

    /// The chosen values and random ones, each under a name of its own.
    static func variables(seed: UInt64) -> [EnvironmentVariable] {
        var generator = SeededGenerator(seed: seed)
        return (chosen + random(count: 400, using: &generator)).enumerated().map { index, value in
            EnvironmentVariable("V\(index)", value)
        }
    }
}
