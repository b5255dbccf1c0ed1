import DNS

/// A directive or one of its options: its words, and the lines in the braces behind them.
package struct CorefileLine: Hashable, Sendable {
    /// The name first, then the arguments; never empty.
    package var tokens: [Token]
    /// nil without braces.
    package var block: [CorefileLine]?

    package init(tokens: [Token], block: [CorefileLine]? = nil) {
        self.tokens = tokens
        self.block = block
    }

    package var head: Token { tokens.first ?? Token("", file: "", line: 0) }
    package var name: String { head.text }
    package var arguments: ArraySlice<Token> { tokens.dropFirst() }
    /// The options in the braces; none where there are no braces.
    package var options: [CorefileLine] { block ?? [] }

    /// An error at the line's name.
    package func error(_ reason: String, wanted: String = "") -> CorefileError {
        head.error(reason, wanted: wanted)
    }

    /// Checks how many arguments there are.
    package func expect(_ counts: ClosedRange<Int>) throws(CorefileError) {
        if arguments.count < counts.lowerBound {
            throw error(
                "needs \(counts.lowerBound == counts.upperBound ? "" : "at least ")\(counts.lowerBound) "
                    + "argument\(counts.lowerBound == 1 ? "" : "s")")
        }
        if arguments.count > counts.upperBound, let first = arguments.dropFirst(counts.upperBound).first {
            throw first.error("is one argument too many for \(name)")
        }
    }

    /// The only argument.
    package func argument() throws(CorefileError) -> Token {
        try expect(1...1)
        guard let argument = arguments.first else { throw error("needs an argument") }
        return argument
    }

    /// Checks that there are neither arguments nor braces.
    package func expectNothing() throws(CorefileError) {
        try expect(0...0)
        try expectNoBlock()
    }

    /// The zones that the arguments stand for; those of the server block where there are none.
    package func zones(in block: ServerBlock) throws(CorefileError) -> [DomainName] {
        arguments.isEmpty ? block.zones : try argumentZones()
    }

    /// The zones that the arguments stand for, each once; none where there are none.
    package func argumentZones() throws(CorefileError) -> [DomainName] {
        var zones: [DomainName] = []
        for argument in arguments {
            zones += try argument.zones()
            // A network may stand for 128 zones.
            guard zones.count <= ServerBlock.zoneLimit else {
                throw argument.error("is one zone too many: \(ServerBlock.zoneLimit) may be")
            }
        }
        return zones.unrepeated
    }

    /// Checks that no braces follow.
    package func expectNoBlock() throws(CorefileError) {
        if block != nil { throw error("takes no block") }
    }

    /// An error for an option that is not known.
    package func unknown(in directive: String, known: [String]) -> CorefileError {
        error(
            "is unknown in \(directive)", wanted: known.isEmpty ? "" : "write one of \(known.joined(separator: ", "))")
    }
}

extension Sequence where Element: Hashable {
    /// The elements in their order, each once.
    var unrepeated: [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}

extension [CorefileLine] {
    /// The only line of a directive that a server block may have once.
    func single() throws(CorefileError) -> CorefileLine {
        if let second = dropFirst().first {
            throw second.error("may stand once in a server block", wanted: "delete it")
        }
        guard let line = first else { throw CorefileError(file: "", line: 0, reason: "a directive without a line") }
        return line
    }
}
