import Corefile

/// Corefiles of tests, read from text.
enum CorefileText {
    /// Reads a text as the file `Corefile`.
    static func corefile(
        _ text: String, defaultPort: UInt16 = 53, environment: [String: String] = [:], files: [String: String] = [:]
    ) throws(CorefileError) -> Corefile {
        try CorefileParser.corefile(
            Array(text.utf8), file: "Corefile", defaultPort: defaultPort,
            surroundings: surroundings(environment: environment, files: files))
    }

    /// The only block of a text.
    static func block(
        _ text: String, environment: [String: String] = [:], files: [String: String] = [:]
    ) throws -> ServerBlock {
        let blocks = try corefile(text, environment: environment, files: files).blocks
        guard let block = blocks.first, blocks.count == 1 else { throw Unexpected(blocks.count) }
        return block
    }

    /// The settings of a directive in the block of the zone `example.org`.
    static func settings<Settings: DirectiveSettings>(_ type: Settings.Type, _ lines: String) throws -> Settings {
        let block = try block("example.org {\n\(lines)\n}\n")
        guard let settings = try block.settings(type) else { throw Unexpected(0) }
        return settings
    }

    /// What is wrong with the lines of a directive, without file and line.
    static func refusal<Settings: DirectiveSettings>(_ type: Settings.Type, _ lines: String) -> String {
        do {
            return "accepted: \(try settings(type, lines))"
        } catch let error as CorefileError {
            return CorefileError(
                file: "", line: 0, token: error.token, reason: error.reason, wanted: error.wanted
            ).description.dropFirst(2).description
        } catch {
            return "\(error)"
        }
    }

    /// All problems of a text, each as one line.
    static func problems(
        _ text: String, environment: [String: String] = [:], files: [String: String] = [:]
    ) -> [String] {
        CorefileCheck.problems(
            in: Array(text.utf8), file: "Corefile", surroundings: surroundings(environment: environment, files: files)
        ).map(\.description)
    }

    /// Lines as text: words parted by blanks, blocks in braces.
    static func text(_ lines: [CorefileLine]) -> String {
        lines.map { line in
            line.tokens.map(\.text).joined(separator: " ") + (line.block.map { " {\(text($0))}" } ?? "")
        }.joined(separator: "; ")
    }

    private static func surroundings(
        environment: [String: String], files: [String: String]
    ) -> CorefileParser.Surroundings {
        CorefileParser.Surroundings(environment: environment) { pattern, _ in
            if let text = files[pattern] { return [(pattern, Array(text.utf8))] }
            guard let star = pattern.firstIndex(of: "*") else { return [] }
            let (head, tail) = (pattern[..<star], pattern[pattern.index(after: star)...])
            return files.filter { $0.key.hasPrefix(head) && $0.key.hasSuffix(tail) }.sorted { $0.key < $1.key }
                .map { ($0.key, Array($0.value.utf8)) }
        }
    }

    struct Unexpected: Error {
        let count: Int
        init(_ count: Int) { self.count = count }
    }
}
