import Foundation
import PodEnvironment
import Registry
import Testing

@Suite("Environment files")
struct EnvironmentDialectTests {
    static let seed = UInt64.random(in: 0...UInt64.max)

    /// Hostile variables that a dialect can express, and its file of them.
    private func file(_ dialect: EnvironmentDialect) throws -> (variables: [EnvironmentVariable], text: String) {
        let variables = HostileValues.variables(seed: Self.seed).filter { variable in
            (try? dialect.write([variable])) != nil
        }
        return (variables, try dialect.write(variables).text)
    }

    private func expect(
        _ read: ReadVariables, toEqual variables: [EnvironmentVariable], _ location: SourceLocation = #_sourceLocation
    ) {
        for variable in variables {
            let bytes = read[variable.name]
            #expect(
                bytes == Array(variable.value.utf8),
                """
                seed \(Self.seed): \(variable.value.debugDescription) read as \
                \(bytes.map { String(decoding: $0, as: UTF8.self).debugDescription } ?? "nothing")
                """, sourceLocation: location)
        }
    }

    @Test("export: shells read it back by '.'", arguments: ["/bin/sh", "bash"])
    func export(_ shell: String) throws {
        guard RealReaders.succeeds([shell, "-c", ":"]) else {
            try #require(shell != "/bin/sh")
            return
        }
        let (variables, text) = try file(.export)
        #expect(variables.count == HostileValues.chosen.count + 400)
        expect(try RealReaders.shell(shell, text), toEqual: variables)
    }

    @Test("systemd: a reader after systemd.exec(5) reads it back")
    func systemd() throws {
        let (variables, text) = try file(.systemd)
        #expect(variables.count == HostileValues.chosen.count + 400)
        expect(try WrittenReaders.systemd(text), toEqual: variables)
    }

    @Test("systemd: systemd's own reader reads it back", .enabled(if: RealReaders.hasSystemd))
    func realSystemd() throws {
        let (variables, text) = try file(.systemd)
        expect(try RealReaders.systemd(text), toEqual: variables)
    }

    @Test("systemd: a shell reads the same out of it")
    func systemdInShell() throws {
        let (variables, text) = try file(.systemd)
        expect(try RealReaders.shell("/bin/sh", "set -a\n" + text), toEqual: variables)
    }

    @Test("docker: a reader after docker's rules reads it back")
    func docker() throws {
        let (variables, text) = try file(.docker)
        #expect(variables.count > 150)
        expect(try WrittenReaders.docker(text), toEqual: variables)
    }

    @Test("docker: docker's own client reads it back", .enabled(if: RealReaders.hasDocker))
    func realDocker() throws {
        let (variables, text) = try file(.docker)
        expect(try RealReaders.docker(text), toEqual: variables)
        let longest = EnvironmentVariable("L", String(repeating: "x", count: 65_535 - 2))
        expect(try RealReaders.docker(try EnvironmentDialect.docker.write([longest]).text), toEqual: [longest])
    }

    @Test("dotenv: a reader after python-dotenv's grammar reads it back")
    func dotenv() throws {
        let (variables, text) = try file(.dotenv)
        #expect(variables.count > 400)
        expect(try WrittenReaders.dotenv(text), toEqual: variables)
    }

    @Test("dotenv: python-dotenv reads it back", .enabled(if: RealReaders.hasPythonDotenv))
    func realDotenv() throws {
        let (variables, text) = try file(.dotenv)
        expect(try RealReaders.pythonDotenv(text, interpolates: false), toEqual: variables)
        let plain = variables.filter { !$0.value.contains("${") }
        let plainText = try EnvironmentDialect.dotenv.write(plain).text
        expect(try RealReaders.pythonDotenv(plainText, interpolates: true), toEqual: plain)
    }

    @Test("dotenv: node reads back what all readers agree on", .enabled(if: RealReaders.hasNodeParseEnv))
    func node() throws {
        let agreed = try file(.dotenv).variables.filter { variable in
            !variable.value.utf8.contains { [0x27, 0x5c, 0x0d, 0x0a].contains($0) }
        }
        #expect(agreed.count > 50)
        expect(try RealReaders.node(try EnvironmentDialect.dotenv.write(agreed).text), toEqual: agreed)
    }

    @Test("json: a JSON parser reads it back")
    func json() throws {
        let (variables, text) = try file(.json)
        #expect(variables.count == HostileValues.chosen.count + 400)
        expect(try RealReaders.objectOfStrings(Data(text.utf8)), toEqual: variables)
    }

    @Test(
        "How each dialect looks",
        arguments: [
            (EnvironmentDialect.dotenv, "B='x y'\nA=\"it's\"\n"), (.docker, "B=x y\nA=it's\n"),
            (.export, "export B='x y'\nexport A='it'\\''s'\n"), (.systemd, "B=\"x y\"\nA=\"it's\"\n"),
            (.json, "{\n  \"A\": \"it's\",\n  \"B\": \"x y\"\n}\n"),
        ])
    func looks(_ dialect: EnvironmentDialect, _ want: String) throws {
        let variables = [EnvironmentVariable("B", "x y"), EnvironmentVariable("A", "it's")]
        #expect(try dialect.write(variables).text == want)
    }

    @Test(
        "dotenv quotes singly, but where readers would not take that back",
        arguments: [
            ("", "''"), ("plain", "'plain'"), ("a\\b", "'a\\b'"), ("$X", "'$X'"), ("\"x\"", "'\"x\"'"),
            ("it's", "\"it's\""), ("it's $5", "'it\\'s $5'"), ("a\\\\b", "'a\\\\\\\\b'"), ("a\\", "a\\"),
            ("a\rb", "\"a\\rb\""), ("l1\nl2", "'l1\nl2'"),
        ])
    func dotenvQuoting(_ value: String, _ want: String) throws {
        #expect(try EnvironmentDialect.dotenv.write([EnvironmentVariable("A", value)]).text == "A=\(want)\n")
    }

    @Test(
        "No variables",
        arguments: [
            (EnvironmentDialect.dotenv, ""), (.docker, ""), (.export, ""), (.systemd, ""), (.json, "{}\n"),
        ])
    func empty(_ dialect: EnvironmentDialect, _ want: String) throws {
        #expect(try dialect.write([]).text == want)
    }

    @Test(
        "Names a dialect's reader takes no part of are left out and told",
        arguments: [
            (EnvironmentDialect.dotenv, ["a-b", "a b", "#c"]), (.export, ["1WEB", "a-b", "a.b", "a b", "#c"]),
            (.systemd, ["1WEB", "a-b", "a.b", "a b", "#c"]), (.json, []),
        ] as [(EnvironmentDialect, [String])])
    func omittedNames(_ dialect: EnvironmentDialect, _ want: [String]) throws {
        let names = ["OK", "_ok", "1WEB", "a-b", "a.b", "a b", "#c"]
        let file = try dialect.write(names.map { EnvironmentVariable($0, "x") })
        #expect(file.omittedNames.sorted() == want.sorted())
        for name in want { #expect(!file.text.contains(name)) }
        #expect(file.text.contains("OK"))
    }

    @Test(
        "What cannot be written is an error that names the variable",
        arguments: [
            (EnvironmentDialect.docker, "A", "x\ny"), (.docker, "A", "x\r"), (.docker, "A", "\r\n"),
            (.docker, "a b", "x"),
            (.docker, "#a", "x"), (.docker, "", "x"), (.docker, "é", "x"),
            (.systemd, "A", HostileValues.noncharacters[0]), (.systemd, "A", HostileValues.noncharacters[1]),
            (.systemd, "A", HostileValues.noncharacters[2]),
            (.dotenv, "A", "x\n\\"), (.dotenv, "A", "'\\"), (.dotenv, "A", " \\"), (.dotenv, "A", "# \\"),
        ])
    func unwritable(_ dialect: EnvironmentDialect, _ name: String, _ value: String) {
        let error = #expect(throws: PodEnvironmentError.self) {
            try dialect.write([EnvironmentVariable("FIRST", "x"), EnvironmentVariable(name, value)])
        }
        guard case .unwritable(name, dialect, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test(
        "systemd's own reader does refuse those", .enabled(if: RealReaders.hasSystemd),
        arguments: HostileValues.noncharacters)
    func systemdRefuses(_ value: String) {
        #expect(throws: UnreadableFile.self) { try RealReaders.systemd("A=\"\(value)\"\n") }
    }

    @Test("docker's own client does stumble over those", .enabled(if: RealReaders.hasDocker))
    func dockerStumbles() throws {
        #expect(throws: UnreadableFile.self) {
            try RealReaders.docker("L=" + String(repeating: "x", count: 65_534) + "\n")
        }
        #expect(throws: UnreadableFile.self) { try RealReaders.docker("a b=c\n") }
        #expect(try RealReaders.docker("A=x\r\n")["A"] == Array("x".utf8))
    }

    @Test("docker: a line beyond its reader's buffer is an error")
    func longLine() throws {
        _ = try EnvironmentDialect.docker.write([EnvironmentVariable("A", String(repeating: "x", count: 65_533))])
        #expect(throws: PodEnvironmentError.self) {
            try EnvironmentDialect.docker.write([EnvironmentVariable("A", String(repeating: "x", count: 65_534))])
        }
    }

    @Test("A NUL is refused by every dialect", arguments: EnvironmentDialect.allCases)
    func nul(_ dialect: EnvironmentDialect) {
        #expect(throws: PodEnvironmentError.valueHoldsNUL(name: "A")) {
            try dialect.write([EnvironmentVariable("A", "x\0y")])
        }
    }

    @Test("dotenv tells of values that python-dotenv would expand")
    func expandable() throws {
        let file = try EnvironmentDialect.dotenv.write([
            EnvironmentVariable("A", "${X}"), EnvironmentVariable("B", "$X $"), EnvironmentVariable("a-b", "${X}"),
        ])
        #expect(file.expandableNames == ["A"])
        #expect(try EnvironmentDialect.export.write([EnvironmentVariable("A", "${X}")]).expandableNames.isEmpty)
    }

    @Test("All that Services give is an identifier's worth in every dialect but for leading digits")
    func serviceVariables() throws {
        let made = ServiceVariables(of: [service("web", at: "fd00::1"), service("1web", at: "10.0.0.1")])
        for dialect in EnvironmentDialect.allCases {
            let omitted = try dialect.write(made.variables).omittedNames
            #expect(omitted.allSatisfy { $0.hasPrefix("1WEB_") })
            #expect(omitted.isEmpty == [.dotenv, .docker, .json].contains(dialect))
        }
    }
}
