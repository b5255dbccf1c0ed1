/// `minimal`: takes no options.
package struct MinimalSettings: DirectiveSettings {
    package static let directive = "minimal"

    package init(_ lines: [CorefileLine], in block: ServerBlock) throws(CorefileError) {
        for line in lines { try line.expectNothing() }
    }
}
