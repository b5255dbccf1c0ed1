import Registry

/// Says everything that is wrong with a Corefile, so that it can be mended in one go.
package enum CorefileCheck {
    /// The most problems that are collected for one directive of a block, and for a file.
    private static let directiveLimit = 100
    private static let limit = 1000

    /// The problems of a text; one alone where it cannot be read into blocks.
    ///
    /// - Parameter interfaces: the addresses of a network interface, nil where there is none of that name; where the
    ///   closure itself is nil, names of interfaces are compared as they are written.
    package static func problems(
        in text: [UInt8], file: String, defaultPort: UInt16 = ServerKey.Scheme.dns.port,
        surroundings: CorefileParser.Surroundings = CorefileParser.Surroundings(),
        table: DirectiveTable = .supported, interfaces: ((String) -> [IPAddress]?)? = nil
    ) -> [CorefileError] {
        do throws(CorefileError) {
            let corefile = try CorefileParser.corefile(
                text, file: file, defaultPort: defaultPort, surroundings: surroundings)
            guard !corefile.blocks.isEmpty else {
                return [CorefileError(file: file, line: 0, reason: "the file has no server block")]
            }
            return problems(of: corefile, table: table, interfaces: interfaces)
        } catch {
            return [error]
        }
    }

    /// The problems of a configuration that was read, block by block; empty for a good one.
    package static func problems(
        of corefile: Corefile, table: DirectiveTable = .supported, interfaces: ((String) -> [IPAddress]?)? = nil
    ) -> [CorefileError] {
        var problems: [CorefileError] = []
        var overlap = ListenerOverlap(interfaces: interfaces)
        for block in corefile.blocks where problems.count < limit {
            let directives = Dictionary(grouping: block.lines, by: \.name)
            for name in block.lines.map(\.name).unrepeated where problems.count < limit {
                let lines = directives[name] ?? []
                if let entry = table[name] {
                    problems += self.problems(of: lines, in: block, entry)
                } else {
                    problems += lines.prefix(limit).map { table.refusal(of: $0) }
                }
            }
            if !block.lines.contains(where: { $0.name == TLSSettings.directive }),
                let key = block.keys.first(where: { $0.scheme == .tls })
            {
                problems.append(block.start.error("serves \(key) without a certificate", wanted: "add tls CERT KEY"))
            }
            problems += overlap.add(block)
        }
        return Array(problems.unrepeated.prefix(limit))
    }

    /// What deserves a word though it is no error; of good directives only.
    package static func warnings(of corefile: Corefile, table: DirectiveTable = .supported) -> [CorefileError] {
        let unmatched = corefile.unmatchedImports.map { $0.error("matches no file") }
        return unmatched
            + corefile.blocks.flatMap { block in
                let directives = Dictionary(grouping: block.lines, by: \.name)
                return block.lines.map(\.name).unrepeated.flatMap { name in
                    (try? table[name]?.settings(directives[name] ?? [], block))?.warnings ?? []
                }
            }
    }

    /// Reads a directive again and again, each time without the line that was found wrong.
    private static func problems(
        of lines: [CorefileLine], in block: ServerBlock, _ entry: DirectiveTable.Entry
    ) -> [CorefileError] {
        var lines = lines
        var mended: Set<Token> = []
        var problems: [CorefileError] = []
        while !lines.isEmpty, problems.count < directiveLimit {
            do throws(CorefileError) {
                _ = try entry.settings(lines, block)
                return problems
            } catch {
                guard let place = place(of: error, in: lines) else {
                    return problems.isEmpty ? [error] : problems
                }
                // A directive may miss the option that was taken out of it.
                let isConsequence = place.option == nil && mended.contains(lines[place.line].head)
                if !isConsequence { problems.append(error) }
                if let option = place.option {
                    mended.insert(lines[place.line].head)
                    lines[place.line].block?.remove(at: option)
                } else {
                    lines.remove(at: place.line)
                }
            }
        }
        return problems
    }

    private static func place(
        of error: CorefileError, in lines: [CorefileLine]
    ) -> (line: Int, option: Int?)? {
        for (index, line) in lines.enumerated() {
            if let option = line.options.firstIndex(where: { contains(error, $0) }) { return (index, option) }
            if line.tokens.contains(where: { isPlace($0, of: error) }) { return (index, nil) }
        }
        return nil
    }

    private static func contains(_ error: CorefileError, _ line: CorefileLine) -> Bool {
        line.tokens.contains { isPlace($0, of: error) } || line.options.contains { contains(error, $0) }
    }

    private static func isPlace(_ token: Token, of error: CorefileError) -> Bool {
        token.line == error.line && token.file == error.file && token.error("").token == error.token
    }
}
