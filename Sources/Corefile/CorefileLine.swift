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
