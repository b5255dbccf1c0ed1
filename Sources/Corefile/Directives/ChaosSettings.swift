/// `chaos [VERSION] [AUTHORS…]`: what the names of class CH say (`version.bind`, `authors.bind`).
package struct ChaosSettings: DirectiveSettings {
    package static let directive = "chaos"

    /// nil for the program's own name and version.
    package let version: String?
    /// Sorted, each once; empty for the program's own.
    package let authors: [String]

    package init(_ lines: [CorefileLine], in block: ServerBlock) throws(CorefileError) {
        for line in lines { try line.expectNoBlock() }
        // The first counts, as in CoreDNS.
        let arguments = lines.first?.arguments.map(\.text) ?? []
        version = arguments.first
        authors = Set(arguments.dropFirst()).sorted()
    }
}
