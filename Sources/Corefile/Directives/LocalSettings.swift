/// `local [{ localhost_prefix on|off }]`: answers for `localhost` and the reverse names of 0/8, 127/8 and 255/8.
package struct LocalSettings: DirectiveSettings {
    package static let directive = "local"

    /// Whether `localhost` in front of any name is answered for, too.
    package var answersPrefix = true

    package init(_ lines: [CorefileLine], in block: ServerBlock) throws(CorefileError) {
        for line in lines {
            try line.expect(0...0)
            for option in line.options {
                guard option.name == "localhost_prefix" else {
                    throw option.unknown(in: Self.directive, known: ["localhost_prefix"])
                }
                let argument = try option.argument()
                guard ["on", "off"].contains(argument.text) else {
                    throw argument.error("is neither on nor off", wanted: "write localhost_prefix on or off")
                }
                answersPrefix = argument.text == "on"
            }
        }
    }
}
