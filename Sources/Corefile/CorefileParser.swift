import DNS

/// Reads a Corefile into server blocks: environment variables, snippets and imported files put in, every word with
/// its place.
///
/// The language is the Caddyfile's as CoreDNS 1.14 reads it. Files come from strangers: the words, the depth of braces
/// and imports, the imports and their size are bounded.
package struct CorefileParser {
    /// What the outside gives: environment variables, and files named by `import`.
    package struct Surroundings: Sendable {
        package var environment: [String: String]
        /// The files that a name or pattern stands for, seen from the file that imports it, with their contents, in
        /// order of names; none where there are none. Throws where a file cannot be read.
        package var files: @Sendable (_ pattern: String, _ importer: String) throws -> [(path: String, text: [UInt8])]

        package init(
            environment: [String: String] = [:],
            files:
                @escaping @Sendable (_ pattern: String, _ importer: String) throws -> [(path: String, text: [UInt8])] =
                {
                    _, _ in []
                }
        ) {
            self.environment = environment
            self.files = files
        }
    }

    /// How deep braces may nest.
    private static let nestingLimit = 32
    /// How many imports may lie in each other.
    private static let importDepthLimit = 32
    /// CoreDNS's own limit.
    private static let importLimit = 10_000

    /// Words that are still to be read: a file's or a snippet's.
    private struct Source {
        /// What is being imported, outermost first, this one last: nothing may import itself.
        let chain: [String]
        let tokens: [Token]
        var index = 0
    }

    private let files: @Sendable (_ pattern: String, _ importer: String) throws -> [(path: String, text: [UInt8])]
    private let environment: Environment
    private let defaultPort: UInt16
    /// The innermost import last.
    private var sources: [Source] = []
    private var snippets: [String: [Token]] = [:]
    private var unmatchedImports: [Token] = []
    private var tokenCount = 0
    private var lexedCount = 0
    private var zoneCount = 0
    private var importCount = 0
    private var importedBytes = 0

    private init(_ surroundings: Surroundings, defaultPort: UInt16) {
        files = surroundings.files
        environment = Environment(variables: surroundings.environment)
        self.defaultPort = defaultPort
    }

    /// Reads a whole file.
    ///
    /// - Parameters:
    ///   - file: its path, for messages and as the place that imports start from.
    ///   - defaultPort: the port of `dns` keys that name none.
    package static func corefile(
        _ text: [UInt8], file: String, defaultPort: UInt16 = ServerKey.Scheme.dns.port,
        surroundings: Surroundings = Surroundings()
    ) throws(CorefileError) -> Corefile {
        var parser = CorefileParser(surroundings, defaultPort: defaultPort)
        let tokens = try CorefileLexer.tokens(of: text, file: file)
        parser.lexedCount = tokens.count
        parser.sources = [Source(chain: [file], tokens: tokens)]
        var blocks: [ServerBlock] = []
        while parser.peek() != nil {
            if let block = try parser.block() { blocks.append(block) }
        }
        return Corefile(blocks: blocks, unmatchedImports: parser.unmatchedImports)
    }
}

// The words, whatever file they come from.
extension CorefileParser {
    /// The next word as it is written.
    private mutating func peek() -> Token? {
        while let source = sources.last {
            if source.index < source.tokens.count { return source.tokens[source.index] }
            sources.removeLast()
        }
        return nil
    }

    /// The next word where it stands on the line of the one before; an imported file's end is a line's end.
    private var nextOnLine: Token? {
        guard let source = sources.last, source.index < source.tokens.count else { return nil }
        let token = source.tokens[source.index]
        return token.beginsLine ? nil : token
    }

    private mutating func takeAsWritten() throws(CorefileError) -> Token? {
        guard let token = peek() else { return nil }
        sources[sources.count - 1].index += 1
        tokenCount += 1
        guard tokenCount <= CorefileLexer.tokenLimit else {
            throw token.error("is one word too many: \(CorefileLexer.tokenLimit) may be, imported ones included")
        }
        return token
    }

    /// The next word with its variables put in.
    private mutating func take() throws(CorefileError) -> Token? {
        guard let token = try takeAsWritten() else { return nil }
        return try environment.expanded(token)
    }

    private static func opens(_ token: Token) -> Bool { token.text == "{" && !token.isQuoted }
    private static func closes(_ token: Token) -> Bool { token.text == "}" && !token.isQuoted }
    private static func imports(_ token: Token) -> Bool { token.text == "import" && !token.isQuoted }
}

// Server blocks.
extension CorefileParser {
    /// The next server block; nil where a snippet or nothing came.
    private mutating func block() throws(CorefileError) -> ServerBlock? {
        guard let (words, start) = try keyWords() else { return nil }
        let brace = peek().flatMap { Self.opens($0) ? $0 : nil }
        if let name = try Self.snippetName(words) {
            guard let brace else { throw start.error("defines no snippet", wanted: "write { behind it") }
            _ = try takeAsWritten()
            try defineSnippet(name, at: start, opened: brace)
            return nil
        }
        var keys: [ServerKey] = []
        for word in words {
            keys += try ServerKey.keys(word, defaultPort: defaultPort)
            guard zoneCount + keys.count <= ServerBlock.zoneLimit else {
                throw word.error("is one zone too many: \(ServerBlock.zoneLimit) may be")
            }
        }
        zoneCount += keys.count
        if brace != nil { _ = try takeAsWritten() }
        let lines = try lines(of: start, opened: brace, depth: 1)
        // Keys that came out empty stand for no server, as in CoreDNS.
        return keys.isEmpty ? nil : ServerBlock(keys: keys, lines: lines, start: start)
    }

    /// The words in front of a block, commas and empty words taken away, and the first word.
    private mutating func keyWords() throws(CorefileError) -> (words: [Token], start: Token)? {
        var words: [Token] = []
        var start: Token?
        var comma: Token?
        while let token = peek() {
            if Self.opens(token) {
                if let comma { throw comma.error("ends in a comma, but no other zone follows", wanted: "delete it") }
                guard start != nil else {
                    throw token.error("opens a block without a zone", wanted: "write a zone before it, as in .:53 {")
                }
                break
            }
            if Self.closes(token) {
                throw token.error("closes nothing", wanted: "delete it, or look for a { that is missing before")
            }
            if start != nil, comma == nil, token.beginsLine { break }
            guard var word = try take() else { break }
            if Self.imports(token), token.beginsLine || start == nil {
                try expandImport(word)
                continue
            }
            if start == nil { start = word }
            comma = nil
            if word.text.hasSuffix(","), !word.isQuoted {
                comma = word
                word.text.removeLast()
            }
            if !word.text.isEmpty { words.append(word) }
        }
        if let comma, peek() == nil {
            throw comma.error("ends in a comma, but the file ends here", wanted: "delete it")
        }
        return start.map { (words, $0) }
    }

    /// The lines up to the closing brace; up to the end of the file where none was opened.
    private mutating func lines(
        of owner: Token, opened: Token?, depth: Int
    ) throws(CorefileError) -> [CorefileLine] {
        guard depth <= Self.nestingLimit else { throw owner.error("nests braces too deep") }
        var lines: [CorefileLine] = []
        while let token = peek() {
            if Self.closes(token) {
                guard opened != nil else {
                    throw token.error("closes nothing", wanted: "put { behind '\(owner.shown)' in line \(owner.line)")
                }
                _ = try takeAsWritten()
                return lines
            }
            if Self.opens(token) {
                throw token.error("stands alone", wanted: "put { at the end of the line before")
            }
            guard let head = try take() else { break }
            if Self.imports(token) {
                try expandImport(head)
            } else {
                lines.append(try line(head, depth: depth))
            }
        }
        if let opened {
            throw opened.error("is not closed", wanted: "end the block of '\(owner.shown)' by }")
        }
        return lines
    }

    private mutating func line(_ head: Token, depth: Int) throws(CorefileError) -> CorefileLine {
        var line = CorefileLine(tokens: [head])
        while let next = nextOnLine, !Self.closes(next) {
            if Self.opens(next) {
                _ = try takeAsWritten()
                line.block = try lines(of: head, opened: next, depth: depth + 1)
                if let after = nextOnLine, !Self.closes(after) {
                    throw after.error("stands behind }", wanted: "begin a new line")
                }
                return line
            }
            if let argument = try take() { line.tokens.append(argument) }
        }
        return line
    }
}

// Snippets and imports.
extension CorefileParser {
    /// `name` where the words are `(name)`.
    private static func snippetName(_ words: [Token]) throws(CorefileError) -> String? {
        guard let word = words.first(where: { $0.text.hasPrefix("(") && $0.text.hasSuffix(")") }) else { return nil }
        guard words.count == 1 else { throw word.error("is a snippet among zones", wanted: "write it alone") }
        let name = word.text.dropFirst().dropLast()
        guard !name.isEmpty else { throw word.error("is a snippet without a name") }
        return String(name)
    }

    private mutating func defineSnippet(_ name: String, at start: Token, opened: Token) throws(CorefileError) {
        guard snippets[name] == nil else { throw start.error("defines a snippet of that name again") }
        var tokens: [Token] = []
        var depth = 1
        while let token = try takeAsWritten() {
            if Self.opens(token) { depth += 1 }
            if Self.closes(token) { depth -= 1 }
            if depth == 0 {
                snippets[name] = tokens
                return
            }
            tokens.append(token)
        }
        throw opened.error("is not closed", wanted: "end the snippet '\(start.shown)' by }")
    }

    /// Puts what is imported before the words that are still to come.
    private mutating func expandImport(_ head: Token) throws(CorefileError) {
        guard let next = nextOnLine, !Self.opens(next), !Self.closes(next), let word = try take() else {
            throw head.error("needs a file, a pattern or the name of a snippet")
        }
        if let extra = nextOnLine, !Self.closes(extra) {
            throw extra.error("is one argument too many for import", wanted: "name one file, pattern or snippet")
        }
        guard !word.text.isEmpty else { throw word.error("names nothing to import") }
        importCount += 1
        guard importCount <= Self.importLimit else {
            throw word.error("is one import too many: \(Self.importLimit) may be")
        }
        let chain = sources.last?.chain ?? []
        guard chain.count <= Self.importDepthLimit else { throw word.error("nests imports too deep") }
        if let tokens = snippets[word.text] {
            let name = "(\(word.text))"
            guard !chain.contains(name) else { throw word.error("imports itself") }
            sources.append(Source(chain: chain + [name], tokens: tokens))
        } else {
            try importFiles(word, chain: chain)
        }
    }

    private mutating func importFiles(_ word: Token, chain: [String]) throws(CorefileError) {
        let pattern = word.text
        let isPattern = pattern.contains { "*?[".contains($0) }
        guard pattern.count(where: { $0 == "*" }) <= 1, pattern.count(where: { $0 == "?" }) <= 1,
            !(pattern.contains("[") && pattern.contains("]"))
        else { throw word.error("has more than one wildcard", wanted: "write one * or one ?") }
        let found: [(path: String, text: [UInt8])]
        do {
            found = try files(pattern, word.file)
        } catch {
            throw word.error("cannot be imported: \(error)")
        }
        guard !found.isEmpty || isPattern else {
            throw word.error(
                "is neither a file nor a snippet",
                wanted: "name a file, seen from the folder of \(word.file), or define the snippet before")
        }
        if found.isEmpty { unmatchedImports.append(word) }
        var imported: [Source] = []
        for (path, text) in found {
            guard !chain.contains(path) else { throw word.error("imports itself") }
            importedBytes += text.count
            guard importedBytes <= CorefileLexer.sizeLimit else {
                throw word.error("makes the imports longer than \(CorefileLexer.sizeLimit >> 20) MiB")
            }
            let tokens = try CorefileLexer.tokens(of: text, file: path)
            lexedCount += tokens.count
            guard lexedCount <= CorefileLexer.tokenLimit else {
                throw word.error("makes the configuration longer than \(CorefileLexer.tokenLimit) words")
            }
            imported.append(Source(chain: chain + [path], tokens: tokens))
        }
        sources += imported.reversed()
    }
}
