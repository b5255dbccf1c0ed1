/// `bufsize [SIZE]`: the largest datagram that is announced and sent.
package struct BufsizeSettings: DirectiveSettings {
    package static let directive = "bufsize"

    /// Bytes, 512 to 4096; 1232 fits into every IPv6 network's packets.
    package var size: UInt16 = 1232

    package init(_ lines: [CorefileLine], in block: ServerBlock) throws(CorefileError) {
        for line in lines {
            try line.expectNoBlock()
            try line.expect(0...1)
            if let size = line.arguments.first { self.size = UInt16(try size.integer(in: 512...4096)) }
        }
    }
}
