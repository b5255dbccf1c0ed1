/// `bufsize [SIZE]`: the largest datagram that is announced and sent.
package struct BufsizeSettings: DirectiveSettings {
    package static let directive = "bufsize"

    /// What fits into every IPv6 network's packets, in bytes (RFC 9715): more is sent in no case.
    private static let largest: UInt16 = 1232

    /// Bytes, 512 to 4096.
    package var size: UInt16 = largest
    package private(set) var warnings: [CorefileError] = []

    package init(_ lines: [CorefileLine], in block: ServerBlock) throws(CorefileError) {
        for line in lines {
            try line.expectNoBlock()
            try line.expect(0...1)
            guard let size = line.arguments.first else { continue }
            self.size = UInt16(try size.integer(in: 512...4096))
            if self.size > Self.largest {
                warnings.append(size.error("has no effect: datagrams have at most \(Self.largest) bytes in any case"))
            }
        }
    }
}
