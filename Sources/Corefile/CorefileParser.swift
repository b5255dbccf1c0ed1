import DNS

/// Reads a Corefile into server blocks: environment variables and snippets put in, every word with its place.
package struct CorefileParser {
    /// What the outside gives: environment variables, and files named by `import`.
    package struct Surroundings: Sendable {
        package var environment: [String: String]
        /// The files that a pattern names, seen from the file that imports it, with their contents, in order of names.
        package var files: @Sendable (_ pattern: String, _ importer: String) -> [(path: String, text: [UInt8])]

        package init(
            environment: [String: String] = [:],
            files: @escaping @Sendable (_ pattern: String, _ importer: String) -> [(path: String, text: [UInt8])] = {
                _, _ in []
            }
        ) {
            self.environment = environment
            self.files = files
        }
    }

    /// How deep braces may nest, and imports.
    private static let depthLimit = 32

    private let surroundings: Surroundings
    private var snippets: [String: [Token]] = [:]
    private var tokens: ArraySlice<Token> = []

    private init(_ surroundings: Surroundings) {
        self.surroundings = surroundings
    }

    /// Reads a whole file.
    ///
    /// - Parameter file: the name for messages.
    package static func corefile(
        _ text: [UInt8], file: String, surroundings: Surroundings = Surroundings()
    ) throws(CorefileError) -> Corefile {
        var parser = CorefileParser(surroundings)
        let tokens = try CorefileLexer.tokens(of: text, file: file)
        parser.tokens = try tokens.map { token throws(CorefileError) in try parser.expanded(token) }[...]
        var blocks: [ServerBlock] = []
        while !parser.tokens.isEmpty {
            if let block = try parser.block() { blocks.append(block) }
        }
        return Corefile(blocks: blocks)
    }

    private func expanded(_ token: Token) throws(CorefileError) -> Token { token }

    private mutating func block() throws(CorefileError) -> ServerBlock? {
        guard let start = tokens.first else { return nil }
        var keys: [ServerKey] = []
        while let token = tokens.first, token.text != "{" || token.isQuoted {
            tokens = tokens.dropFirst()
            keys += try ServerKey.keys(token)
        }
        guard tokens.popFirst() != nil else { throw start.error("begins a server block without braces") }
        return ServerBlock(keys: keys, lines: try lines(opened: start, depth: 1), start: start)
    }

    /// The lines up to the closing brace.
    private mutating func lines(opened: Token, depth: Int) throws(CorefileError) -> [CorefileLine] {
        guard depth <= Self.depthLimit else { throw opened.error("nests braces too deep") }
        var lines: [CorefileLine] = []
        while let token = tokens.popFirst() {
            if token.text == "}", !token.isQuoted { return lines }
            var line = CorefileLine(tokens: [token])
            while let next = tokens.first, next.line == token.line, next.file == token.file {
                if next.text == "}", !next.isQuoted { break }
                tokens = tokens.dropFirst()
                if next.text == "{", !next.isQuoted {
                    line.block = try self.lines(opened: token, depth: depth + 1)
                    break
                }
                line.tokens.append(next)
            }
            lines.append(line)
        }
        throw opened.error("opens braces that are not closed", wanted: "end the block by }")
    }
}

extension ServerKey {
    /// The keys that one word stands for.
    static func keys(_ token: Token) throws(CorefileError) -> [ServerKey] {
        [ServerKey(scheme: .dns, zone: try token.name(), port: 53)]
    }
}
