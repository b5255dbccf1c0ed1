/// A configuration in CoreDNS's language: its server blocks, in the order of the file.
package struct Corefile: Hashable, Sendable {
    package var blocks: [ServerBlock]
    /// The patterns of `import` that no file matched, which is no error.
    package var unmatchedImports: [Token]

    package init(blocks: [ServerBlock], unmatchedImports: [Token] = []) {
        self.blocks = blocks
        self.unmatchedImports = unmatchedImports
    }
}
