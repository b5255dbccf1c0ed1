/// `debug`: writes more into the log; takes no options.
package struct DebugSettings: DirectiveSettings {
    package static let directive = "debug"

    package init(_ lines: [CorefileLine], in block: ServerBlock) throws(CorefileError) {
        for line in lines { try line.expectNothing() }
    }
}
