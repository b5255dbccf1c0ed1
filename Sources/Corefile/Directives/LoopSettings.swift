import DNS

/// `loop`: takes no options, and stands once in a block.
package struct LoopSettings: DirectiveSettings {
    package static let directive = "loop"

    /// The zone below which the server asks itself: the first one of the block.
    package var zone: DomainName

    package init(_ lines: [CorefileLine], in block: ServerBlock) throws(CorefileError) {
        for line in lines {
            try line.expect(0...0)
            try line.expectNoBlock()
        }
        if lines.count > 1, let second = lines.last {
            throw second.error("stands twice in a block", wanted: "leave out one of them")
        }
        zone = block.zones.first ?? .root
    }
}
