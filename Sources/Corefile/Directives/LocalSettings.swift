/// `local`: answers for `localhost` and the reverse names of 0/8, 127/8 and 255/8; takes no options.
package struct LocalSettings: DirectiveSettings {
    package static let directive = "local"

    package init(_ lines: [CorefileLine], in block: ServerBlock) throws(CorefileError) {
        for line in lines { try line.expectNothing() }
    }
}
