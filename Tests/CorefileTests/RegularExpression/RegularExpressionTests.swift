import Corefile
import TestSupport
import Testing

@Suite("Regular expressions")
struct RegularExpressionTests {
    /// A pattern, a text, and the groups that Go's regexp finds (the whole match first); nil for no match.
    struct Match: CustomTestStringConvertible, Sendable {
        let pattern: String
        let text: String
        let groups: [String?]?
        var testDescription: String { "\(pattern) on \(text)" }

        init(_ pattern: String, _ text: String, _ groups: String?...) {
            (self.pattern, self.text, self.groups) = (pattern, text, groups)
        }

        init(_ pattern: String, noMatchIn text: String) {
            (self.pattern, self.text, groups) = (pattern, text, nil)
        }
    }

    @Test("Matches are those of Go", arguments: Cases.matches)
    func matches(_ expected: Match) throws {
        let pattern = try RegularExpression(expected.pattern)
        #expect(pattern.captures(in: expected.text)?.map { $0.map(String.init) } == expected.groups)
        #expect(pattern.matches(expected.text) == (expected.groups != nil))
    }

    @Test("Groups have names")
    func names() throws {
        let pattern = try RegularExpression("(?P<a>x)(y)(?<b_1>z)")
        #expect(pattern.groupNames == [nil, "a", nil, "b_1"])
        #expect(pattern.groupCount == 3)
    }

    @Test("What is not supported is refused by name", arguments: Cases.refusals)
    func refusals(_ pattern: String, _ reason: String) {
        #expect {
            try RegularExpression(pattern)
        } throws: {
            ($0 as? RegularExpressionError)?.reason == reason
        }
    }

    @Test(
        "Patterns that explode elsewhere take steps in proportion to the text",
        arguments: [
            "(a+)+$", "(a|aa)+$", "^(a*)*$", "^(a|a?)+$", "(.*)*x", "((a+)+)+$", "(a?){60}a{60}$", "(.*a){20}$",
            "(?:a+|a+b)+c", "^(([a-z])+.)+[A-Z]([a-z])+$",
        ])
    func explosions(_ text: String) throws {
        // A backtracker would be busy for longer than the sun lasts; the test ends.
        let pattern = try RegularExpression(text)
        #expect(!pattern.matches(String(repeating: "a", count: 400) + "!"))
    }

    @Test("Names of all lengths and bytes are matched to their end")
    func longest() throws {
        let label = String(repeating: "\\000", count: 63)
        let name = "\(label).\(label).\(label).\(String(repeating: "\\255", count: 61))."
        #expect(name.utf8.count == 1004)
        #expect(try RegularExpression("^(.*)\\.$").captures(in: name)?[1]?.utf8.count == 1003)
        #expect(try RegularExpression("255\\.$").matches(name))
    }

    @Test("Random patterns match as a plain matcher says")
    func random() throws {
        var generator = SeededGenerator.announced()
        for _ in 0..<3000 {
            let model = PatternModel.random(depth: 3, &generator)
            let pattern = try RegularExpression("^(?:\(model.pattern))$")
            let text = (0..<Int.random(in: 0...6, using: &generator)).map { _ in "abc".randomElement(using: &generator)
            }
            let string = String(text.compactMap(\.self))
            let ends = model.ends(in: Array(string.utf8), from: 0)
            #expect(
                pattern.matches(string) == ends.contains(string.utf8.count), "\(model.pattern) on '\(string)'")
        }
    }

    enum Cases {
        static let matches: [Match] = [
            Match("", "abc", ""), Match("abc", "xabcx", "abc"), Match("abc", noMatchIn: "ab"),
            Match(
                "(.*)-(us-west-1)\\.example\\.org", "ftp-us-west-1.example.org.", "ftp-us-west-1.example.org", "ftp",
                "us-west-1"),
            Match("^api\\.(.+)\\.$", "api.a.b.", "api.a.b.", "a.b"), Match("a|ab", "ab", "a"),
            Match("ab|a", "ab", "ab"),
            Match("(a|ab)(c|bcd)(d*)", "abcd", "abcd", "a", "bcd", ""), Match("a*", "baaa", ""),
            Match("a+", "baaa", "aaa"),
            Match("a+?", "baaa", "a"), Match("(a+?)(a*)$", "aaa", "aaa", "a", "aa"), Match("(?U)a+", "aaa", "a"),
            Match("(?U)a+?", "aaa", "aaa"), Match("a{2,3}", "aaaa", "aaa"), Match("a{2,3}?", "aaaa", "aa"),
            Match("a{2}", "aaaa", "aa"), Match("a{2,}", "aaaa", "aaaa"), Match("a{0}b", "ab", "b"),
            Match("a{,2}", "a{,2}", "a{,2}"),
            Match("x{a}", "x{a}", "x{a}"), Match("[a-c]+", "xxabcd", "abc"), Match("[^a-c]+", "abxyc", "xy"),
            Match("[]a]+", "]a", "]a"), Match("[a-]+", "-a", "-a"), Match("[\\d\\-_]+", "a1-_", "1-_"),
            Match("[[:alpha:]]+", "12ab", "ab"),
            Match("[[:^digit:]]+", "12ab", "ab"), Match("\\d+\\D\\w\\W\\s\\S", "12x_! y", "12x_! y"),
            Match("(?i)ExAmple", "EXAMPLE", "EXAMPLE"),
            Match("(?i:A)b", "ab", "ab"), Match("(?i:A)b", noMatchIn: "aB"), Match("a(?i)b|c", "aB", "aB"),
            Match("a(?i)b|c", "C", "C"),
            Match("(?i)[a-c]+", "AbC", "AbC"), Match("(?s)a.b", "a\nb", "a\nb"), Match("a.b", noMatchIn: "a\nb"),
            Match("(?m)^b$", "a\nb\nc", "b"),
            Match("^b$", noMatchIn: "a\nb\nc"), Match("\\Ab", noMatchIn: "ab"), Match("b\\z", "ab", "b"),
            Match("\\bweb\\b", "a web b", "web"),
            Match("\\bweb\\b", noMatchIn: "a webs b"), Match("\\Beb", "web", "eb"),
            Match("(a)|(b)", "b", "b", nil, "b"),
            Match("(a*)*", "aab", "aa", "aa"), Match("(a|b)*c", "abac", "abac", "a"),
            Match("((a)|b)+", "ab", "ab", "b", "a"), Match("(?:a|b)+", "abx", "ab"),
            Match("\\x41\\x{42}\\103", "ABC", "ABC"), Match("\\Q.*\\E+", "a.**", ".**"),
            Match("\\.\\*\\+\\?\\(\\)\\[\\]\\{\\}\\|\\^\\$\\\\", ".*+?()[]{}|^$\\", ".*+?()[]{}|^$\\"),
            Match("é+", "café", "é"), Match("^(?P<d>[0-9]*)[.](?P<c>[0-9]*)[.]x$", "1.2.x", "1.2.x", "1", "2"),
            Match(
                "(^|[.])ip-(?P<a>[0-9]*)-(?P<b>[0-9]*)[.]example[.]$", "w.ip-10-7.example.", ".ip-10-7.example.", ".",
                "10", "7"),
            Match(
                "^read udp .* i/o timeout$", "read udp 10.0.0.1:53->8.8.8.8:53: i/o timeout",
                "read udp 10.0.0.1:53->8.8.8.8:53: i/o timeout"),
            Match("x*", "", ""), Match("$", "ab", ""), Match("^", "ab", ""), Match("()", "", "", ""),
            Match("|a", "a", ""), Match("(|a)+", "aaa", "", ""),
        ]

        static let refusals: [(String, String)] = [
            ("(", "has a parenthesis that is not closed"), (")", "closes a parenthesis that is not open"),
            ("a**", "repeats a repetition; put it in parentheses"), ("*a", "repeats nothing with *"),
            ("a|+", "repeats nothing with +"),
            ("{2}", "repeats nothing with braces"), ("[a", "has a bracket that is not closed"),
            ("[]", "has a bracket that is not closed"),
            ("[b-a]", "has a range in brackets that runs backwards"), ("\\", "ends in a backslash"),
            ("\\y", "has the escape \\y, which is not known"),
            ("(a)\\1", "refers back to a group, which is not supported"),
            ("(?=a)", "looks ahead or behind, which is not supported"),
            ("(?!a)", "looks ahead or behind, which is not supported"),
            ("(?<=a)b", "looks ahead or behind, which is not supported"),
            ("(?>a)", "has (?>, which is not supported"),
            ("\\p{L}", "has a Unicode class (\\p), which is not supported"),
            ("[ä-ü]", "has characters beyond ASCII in brackets, which is not supported"),
            ("a{1001}", "has a repetition out of range; up to 1000 is allowed"),
            ("a{3,2}", "has a repetition out of range; up to 1000 is allowed"),
            ("(?P<a>x)(?P<a>y)", "has two groups named a"),
            ("(?P<a-b>x)", "has a group whose name is not made of letters, digits and _"),
            ("[[:nope:]]", "has the class [:nope:], which is not known"),
            ("(?:(?:(?:(){1000}){1000}){1000}){1000}", "becomes too long when its repetitions are written out"),
            ("((a{100}){100}){100}", "becomes too long when its repetitions are written out"),
            ("\\xg0", "has \\x without hexadecimal digits of a character"),
            (String(repeating: "(", count: 200) + String(repeating: ")", count: 200), "nests more than 100 groups"),
            (String(repeating: "a", count: 10_001), "is longer than 10000 bytes"),
        ]
    }
}

/// A pattern that is matched by trying everything: slow, and plain.
indirect enum PatternModel {
    case byte(UInt8)
    case any
    case sequence(PatternModel, PatternModel)
    case alternatives(PatternModel, PatternModel)
    case star(PatternModel)
    case optional(PatternModel)

    static func random(depth: Int, _ generator: inout SeededGenerator) -> PatternModel {
        guard depth > 0 else {
            return Int.random(in: 0...3, using: &generator) == 0
                ? .any : .byte(UInt8(97 + Int.random(in: 0...2, using: &generator)))
        }
        let first = random(depth: depth - 1, &generator)
        switch Int.random(in: 0...4, using: &generator) {
        case 0: return .sequence(first, random(depth: depth - 1, &generator))
        case 1: return .alternatives(first, random(depth: depth - 1, &generator))
        case 2: return .star(first)
        case 3: return .optional(first)
        default: return .sequence(first, random(depth: 0, &generator))
        }
    }

    var pattern: String {
        switch self {
        case .byte(let byte): String(UnicodeScalar(byte))
        case .any: "."
        case .sequence(let first, let second): first.pattern + second.pattern
        case .alternatives(let first, let second): "(\(first.pattern)|\(second.pattern))"
        case .star(let item): "(?:\(item.pattern))*"
        case .optional(let item): "(\(item.pattern))?"
        }
    }

    /// Where matches that begin at an offset may end.
    func ends(in text: [UInt8], from start: Int) -> Set<Int> {
        switch self {
        case .byte(let byte): return start < text.count && text[start] == byte ? [start + 1] : []
        case .any: return start < text.count ? [start + 1] : []
        case .sequence(let first, let second):
            return Set(first.ends(in: text, from: start).flatMap { second.ends(in: text, from: $0) })
        case .alternatives(let first, let second):
            return first.ends(in: text, from: start).union(second.ends(in: text, from: start))
        case .optional(let item): return item.ends(in: text, from: start).union([start])
        case .star(let item):
            var all: Set<Int> = [start]
            var news = all
            while !news.isEmpty {
                news = Set(news.flatMap { item.ends(in: text, from: $0) }).subtracting(all)
                all.formUnion(news)
            }
            return all
        }
    }
}
