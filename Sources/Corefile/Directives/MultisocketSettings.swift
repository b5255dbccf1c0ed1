/// `multisocket [NUMBER]`: how many sockets of one address share the work (`SO_REUSEPORT`).
package struct MultisocketSettings: DirectiveSettings {
    package static let directive = "multisocket"

    /// 1 to 1024; nil for one for each processor.
    package let sockets: Int?

    package init(_ lines: [CorefileLine], in block: ServerBlock) throws(CorefileError) {
        let line = try lines.single()
        try line.expect(0...1)
        try line.expectNoBlock()
        sockets = try line.arguments.first.map { argument throws(CorefileError) in try argument.integer(in: 1...1024) }
    }
}
