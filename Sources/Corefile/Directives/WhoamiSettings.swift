/// `whoami`: answers with the address and port of whoever asks; takes no options.
package struct WhoamiSettings: DirectiveSettings {
    package static let directive = "whoami"

    package init(_ lines: [CorefileLine], in block: ServerBlock) throws(CorefileError) {
        for line in lines { try line.expectNothing() }
    }
}
