/// `nsid [DATA…]`: the name of the server that askers get on request (RFC 5001).
package struct NSIDSettings: DirectiveSettings {
    package static let directive = "nsid"

    /// The longest name, in bytes: it goes into every answer to those who ask.
    package static let sizeLimit = 512

    /// The bytes of the option; nil for the machine's name.
    package let data: [UInt8]?

    package init(_ lines: [CorefileLine], in block: ServerBlock) throws(CorefileError) {
        for line in lines { try line.expectNoBlock() }
        // The first counts, as in CoreDNS.
        guard let line = lines.first, let first = line.arguments.first else {
            data = nil
            return
        }
        let data = Array(line.arguments.map(\.text).joined(separator: " ").utf8)
        guard (1...Self.sizeLimit).contains(data.count) else {
            throw first.error("begins a name of \(data.count) bytes", wanted: "write 1 to \(Self.sizeLimit) bytes")
        }
        self.data = data
    }
}
