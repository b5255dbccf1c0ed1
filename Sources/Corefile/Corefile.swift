/// A configuration in CoreDNS's language: its server blocks, in the order of the file.
package struct Corefile: Hashable, Sendable {
    package var blocks: [ServerBlock]

    package init(blocks: [ServerBlock]) {
        self.blocks = blocks
    }
}
