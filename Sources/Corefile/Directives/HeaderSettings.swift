/// `header { [query|response] set|clear FLAGS… }`: bits of messages that are set or cleared.
package struct HeaderSettings: DirectiveSettings {
    package static let directive = "header"

    package enum Flag: String, Hashable, Sendable, CaseIterable {
        /// AA.
        case authoritative = "aa"
        /// RA.
        case recursionAvailable = "ra"
        /// RD.
        case recursionDesired = "rd"
    }

    package struct Rule: Hashable, Sendable {
        package var flag: Flag
        /// What the bit becomes.
        package var isSet: Bool

        package init(_ flag: Flag, isSet: Bool) {
            self.flag = flag
            self.isSet = isSet
        }
    }

    /// What happens to replies, in the order of the file; the last rule for a bit wins.
    package var responseRules: [Rule] = []
    /// RD of queries on their way to the directives behind; nil leaves it.
    package var queryRecursion: Bool?

    package init(_ lines: [CorefileLine], in block: ServerBlock) throws(CorefileError) {
        for line in lines {
            try line.expect(0...0)
            guard !line.options.isEmpty else {
                throw line.error("needs a block with rules", wanted: "write for example { response set ra }")
            }
            for option in line.options { try read(option) }
        }
    }

    private mutating func read(_ option: CorefileLine) throws(CorefileError) {
        try option.expectNoBlock()
        var words = option.tokens[...]
        var isQuery = false
        // `set` and `clear` without a word before them are for responses.
        if let first = words.first, ["query", "response"].contains(first.text.lowercased()) {
            isQuery = first.text.lowercased() == "query"
            words = words.dropFirst()
        }
        guard let action = words.popFirst() else { throw option.error("needs set or clear, and flags") }
        let isSet: Bool
        switch action.text.lowercased() {
        case "set": isSet = true
        case "clear": isSet = false
        default: throw action.error("is no rule of header", wanted: "write set or clear, after query or response")
        }
        guard !words.isEmpty else { throw action.error("needs at least one flag", wanted: "write aa, ra or rd") }
        for word in words {
            guard let flag = Flag(rawValue: word.text.lowercased()) else {
                throw word.error("is no flag that can be changed", wanted: "write aa, ra or rd")
            }
            if isQuery {
                guard flag == .recursionDesired else {
                    throw word.error("has no meaning in queries (RFC 1035 §4.1.1)", wanted: "write rd")
                }
                queryRecursion = isSet
            } else {
                responseRules.append(Rule(flag, isSet: isSet))
            }
        }
    }
}
