/// `errors`: failures are written to the log, those that repeat gathered.
package struct ErrorsSettings: DirectiveSettings {
    package static let directive = "errors"

    /// `consolidate DURATION REGEXP [LEVEL] [show_first]`: failures that a pattern matches are counted, and written as
    /// one line when the time since the first of them is over.
    package struct Consolidation: Hashable, Sendable {
        package var period: Duration
        package var pattern: RegularExpression
        package var level: LogLevel
        /// Whether the first failure is written at once and in full.
        package var showsFirst: Bool
    }

    /// In the order of the file; the first whose pattern matches counts.
    package var consolidations: [Consolidation] = []
    /// Accepted as CoreDNS has it: it concerns panics caught at work, which do not exist here. Swift's own backtrace
    /// is written when the process ends by a fault.
    package var hasStacktrace = false

    package init(_ lines: [CorefileLine], in block: ServerBlock) throws(CorefileError) {
        if let second = lines.dropFirst().first { throw second.error("may stand once in a server block") }
        for line in lines {
            try line.expect(0...1)
            if let argument = line.arguments.first, argument.text != "stdout" {
                throw argument.error("is no place to log to", wanted: "write stdout or nothing")
            }
            for option in line.options {
                switch option.name {
                case "stacktrace":
                    try option.expect(0...0)
                    try option.expectNoBlock()
                    hasStacktrace = true
                case "consolidate": consolidations.append(try Self.consolidation(option))
                default: throw option.unknown(in: Self.directive, known: ["stacktrace", "consolidate"])
                }
            }
        }
    }

    private static func consolidation(_ option: CorefileLine) throws(CorefileError) -> Consolidation {
        try option.expect(2...4)
        try option.expectNoBlock()
        let words = Array(option.arguments)
        let period = try words[0].duration()
        guard period > .zero else { throw words[0].error("is no length of time above 0") }
        var consolidation = Consolidation(
            period: period, pattern: try words[1].regularExpression(), level: .error, showsFirst: false)
        var hasLevel = false
        for word in words[2...] {
            if word.text == "show_first", !consolidation.showsFirst {
                consolidation.showsFirst = true
            } else if !hasLevel, !consolidation.showsFirst, let level = LogLevel(rawValue: word.text.uppercased()) {
                consolidation.level = level
                hasLevel = true
            } else {
                throw word.error(
                    "is no level of logging", wanted: "write warning, error, info or debug, then show_first if wanted")
            }
        }
        return consolidation
    }
}

/// How much a line in the log matters, as CoreDNS writes it in front.
package enum LogLevel: String, Hashable, Sendable, CaseIterable {
    case debug = "DEBUG"
    case info = "INFO"
    case warning = "WARNING"
    case error = "ERROR"
}
