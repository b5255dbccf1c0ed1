import DNS

/// The typed settings of one directive, read from its lines in a server block.
package protocol DirectiveSettings: Sendable, Hashable {
    /// The directive's name in the Corefile.
    static var directive: String { get }

    /// Reads all lines of the directive in a block, in their order; at least one.
    ///
    /// Options that are known to CoreDNS and not supported here are refused by name, never ignored.
    init(_ lines: [CorefileLine], in block: ServerBlock) throws(CorefileError)

    /// What somebody should know though it is no error, as an argument that has no effect.
    var warnings: [CorefileError] { get }
}

extension DirectiveSettings {
    package var warnings: [CorefileError] { [] }
}

/// A server block: where it listens, which zones it answers for, and its directives.
package struct ServerBlock: Hashable, Sendable {
    /// The most zones of a block or a directive.
    package static let zoneLimit = 10_000

    package var keys: [ServerKey]
    /// In the order of the file.
    package var lines: [CorefileLine]
    /// The word the block begins with.
    package var start: Token

    package init(keys: [ServerKey], lines: [CorefileLine], start: Token) {
        self.keys = keys
        self.lines = lines
        self.start = start
    }

    /// The zones of the block, without repetition, in the order written: what directives without zones stand for.
    package var zones: [DomainName] { keys.map(\.zone).unrepeated }

    /// The settings of a directive; nil where the block has none.
    package func settings<Settings: DirectiveSettings>(
        _ type: Settings.Type
    ) throws(CorefileError) -> Settings? {
        let lines = lines.filter { $0.name == type.directive }
        return lines.isEmpty ? nil : try Settings(lines, in: self)
    }
}
