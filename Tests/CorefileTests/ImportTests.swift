import TestSupport
import Testing

@testable import Corefile

@Suite("Snippets, imports and environment variables")
struct ImportTests {
    enum Cases {
        static let messages: [(String, [String: String], String)] = [
            (". {\n import\n}", [:], "Corefile:2: 'import' needs a file, a pattern or the name of a snippet"),
            (
                ". {\n import a b\n}", [:],
                "Corefile:2: 'b' is one argument too many for import; name one file, pattern or snippet"
            ),
            (
                ". {\n import a\n}", [:],
                "Corefile:2: 'a' is neither a file nor a snippet; "
                    + "name a file, seen from the folder of Corefile, or define the snippet before"
            ),
            (". {\n import \"\"\n}", [:], "Corefile:2: '\"\"' names nothing to import"),
            (". {\n import */*\n}", [:], "Corefile:2: '*/*' has more than one wildcard; write one * or one ?"),
            (". {\n import a\n}", ["a": "import a"], "a:1: 'a' imports itself"),
            (". {\n import a\n}", ["a": "import b", "b": "errors\nimport a"], "b:2: 'a' imports itself"),
            ("(a) {\n import a\n}\n. {\n import a\n}", [:], "Corefile:2: 'a' imports itself"),
            ("(a) {\n}\n(a) {\n}", [:], "Corefile:3: '(a)' defines a snippet of that name again"),
            ("(a)\nlog", [:], "Corefile:1: '(a)' defines no snippet; write { behind it"),
            ("() {\n}", [:], "Corefile:1: '()' is a snippet without a name"),
            ("(a) b.org {\n}", [:], "Corefile:1: '(a)' is a snippet among zones; write it alone"),
            ("(a) {\n log {\n}", [:], "Corefile:1: '{' is not closed; end the snippet '(a)' by }"),
            (". {\n import a\n", ["a": "log {"], "a:1: '{' is not closed; end the block of 'log' by }"),
            (". {\n import a\n}", ["a": "\"x"], "a:1: a quote is not closed; end the word by \""),
        ]
    }

    @Test("What is wrong with an import is said where it stands", arguments: Cases.messages)
    func messages(_ text: String, _ files: [String: String], _ message: String) {
        #expect(CorefileText.problems(text, files: files) == [message])
    }

    @Test("A snippet stands for its lines, at any depth")
    func snippets() throws {
        let block = try CorefileText.block(
            """
            (common) { errors
              log
            }
            (options) {
              lameduck 5s
              import more
            }
            (more) {
              x
            }
            . {
              import common
              health {
                import options
              }
              ready
            }
            """)
        #expect(CorefileText.text(block.lines) == "errors; log; health {lameduck 5s; x}; ready")
    }

    @Test("Files are imported among blocks, lines and options; an empty pattern is none")
    func files() throws {
        let corefile = try CorefileText.corefile(
            "import servers/*\n. {\n import a.conf\n import none/*.override\n log {\n import o\n }\n}\n",
            files: [
                "servers/1": "a.org {\n whoami\n}", "servers/2": "b.org {\n any\n}\n", "a.conf": "errors\ncache 30",
                "o": "class all",
            ])
        #expect(
            corefile.blocks.map { CorefileText.text($0.lines) } == [
                "whoami", "any", "errors; cache 30; log {class all}",
            ])
        #expect(corefile.blocks[2].lines[1].head.file == "a.conf")
    }

    @Test("Siblings that a pattern names may import each other's files")
    func siblings() throws {
        let block = try CorefileText.block(
            ". {\n import c/*\n}", files: ["c/a": "import c/b", "c/b": "errors"])
        #expect(CorefileText.text(block.lines) == "errors; errors")
    }

    @Test("An imported file or snippet ends with its line")
    func lineEnds() throws {
        let block = try CorefileText.block(
            "(s) {\n log }\n. {\n import s\n import f\n ready }", files: ["f": "errors"])
        #expect(CorefileText.text(block.lines) == "log; errors; ready")
    }

    @Test("Snippets that multiply each other end in an error")
    func snippetBomb() {
        var text = "(s0) {\n a b c d e f g h\n}\n"
        for level in 1...20 {
            text += "(s\(level)) {\n" + String(repeating: "import s\(level - 1)\n", count: 10) + "}\n"
        }
        let problems = CorefileText.problems(text + ". {\nimport s20\n}\n")
        #expect(problems.count == 1)
        #expect(problems.first?.contains("one import too many: 10000 may be") == true)
    }

    @Test("A long snippet imported again and again ends in an error")
    func longSnippet() {
        let text = "(s) {\n" + String(repeating: "a b c d e f g\n", count: 10_000) + "}\n. {\n"
        let problems = CorefileText.problems(text + String(repeating: "import s\n", count: 100) + "}\n")
        #expect(problems.first?.contains("is one word too many: 200000 may be") == true)
    }

    @Test("Files that import others without an end are cut off")
    func importDepth() {
        let files = Dictionary(uniqueKeysWithValues: (0..<100).map { ("f\($0)", "import f\($0 + 1)\n") })
        #expect(CorefileText.problems(". {\nimport f0\n}", files: files) == ["f31:1: 'f32' nests imports too deep"])
    }

    @Test("A long file imported again and again ends in an error")
    func longFile() {
        let files = ["f": String(repeating: " ", count: 1 << 20)]
        let problems = CorefileText.problems(
            ". {\n" + String(repeating: "import f\n", count: 5) + "}\n", files: files)
        #expect(problems == ["Corefile:6: 'f' makes the imports longer than 4 MiB"])
    }

    @Test("Variables are put in where they are used; unset ones are empty")
    func environment() throws {
        let block = try CorefileText.block(
            "{$ZONE} {%EMPTY%} {\n bind {$IP} x{%IP%}y {$} {$NOT\n nsid \"{$TWO}\"\n}",
            environment: ["ZONE": "a.org", "IP": "10.0.0.1", "TWO": "a {$IP} }"])
        #expect(block.keys.map(\.description) == ["dns://a.org.:53"])
        #expect(CorefileText.text(block.lines) == "bind 10.0.0.1 x10.0.0.1y {$} {$NOT; nsid a 10.0.0.1 }")
    }

    @Test("A variable that leads back to itself is refused, as is one that grows")
    func endlessVariables() {
        #expect(
            CorefileText.problems(". {\n log {$A}\n}", environment: ["A": "{$B}", "B": "{$A}"])
                == ["Corefile:2: '{$A}' names a variable that leads back to itself"])
        let growing = CorefileText.problems(
            ". {\n log {$A}\n}", environment: ["A": String(repeating: "{$A}", count: 100)])
        #expect(growing == ["Corefile:2: '{$A}' is longer than 64 KiB once its variables are put in"])
    }

    @Test("Messages show a variable as it is written, and that it is not set")
    func messagesOfVariables() {
        #expect(
            CorefileText.problems(". {\n bind {$POD_IP}\n}") == [
                "Corefile:2: '{$POD_IP}' is neither an address nor the name of an interface "
                    + "(the environment variable is not set)"
            ])
        #expect(
            CorefileText.problems("a.org:{$PORT} {\n}", environment: ["PORT": "99999"])
                == ["Corefile:1: 'a.org:{$PORT}' has a port that is out of range; write 0 to 65535"])
    }
}

@Suite("Imported files on disk")
struct ImportedFilesTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func lines(_ text: String) throws -> String {
        let corefile = try CorefileParser.corefile(
            Array(text.utf8), file: folder.path("Corefile"), surroundings: .process(environment: [:]))
        return corefile.blocks.map { CorefileText.text($0.lines) }.joined(separator: " | ")
    }

    @Test("Names begin at the folder of the importing file, patterns are sorted, hidden folders passed over")
    func names() throws {
        try folder.makeFolder("custom")
        try folder.makeFolder("custom/..data")
        try folder.write("custom/b.override", "log\nimport deeper")
        try folder.write("custom/a.override", "errors")
        try folder.write("custom/deeper", "ready")
        #expect(try lines(". {\n import custom/*.override\n}") == "errors; log; ready")
        #expect(try lines(". {\n import \(folder.path("custom/a.override"))\n}") == "errors")
        try folder.remove("custom/deeper")
        try folder.write("custom/b.override", "log")
        #expect(try lines(". {\n import custom/*\n}") == "errors; log")
        #expect(try lines(". {\n import missing/*.server\n}") == "")
    }

    @Test("A folder, a missing file and a file that imports itself are refused")
    func refusals() throws {
        try folder.makeFolder("folder")
        try folder.write("self", "import self")
        #expect(throws: CorefileError.self) { try lines(". {\n import folder\n}") }
        #expect(throws: CorefileError.self) { try lines(". {\n import missing\n}") }
        #expect(throws: CorefileError.self) { try lines(". {\n import self\n}") }
    }
}
