/// `cancel [TIMEOUT]`: the longest that the directives behind it may take.
package struct CancelSettings: DirectiveSettings {
    package static let directive = "cancel"

    /// More than none; 5.001 s where nothing is written, which is a little more than resolvers wait.
    package let timeout: Duration

    package init(_ lines: [CorefileLine], in block: ServerBlock) throws(CorefileError) {
        var timeout = Duration.milliseconds(5001)
        for line in lines {
            try line.expect(0...1)
            try line.expectNoBlock()
            guard let argument = line.arguments.first else { continue }
            timeout = try argument.duration()
            guard timeout > .zero else { throw argument.error("leaves no time", wanted: "write one as 1s or 5001ms") }
        }
        self.timeout = timeout
    }
}
