import DNS

/// `fallthrough [ZONES…]`: for which names a directive hands on what it has no answer for.
package struct Fallthrough: Hashable, Sendable {
    /// None: it never does.
    package let zones: [DomainName]

    package static let never = Fallthrough(zones: [])
    package static let always = Fallthrough(zones: [.root])

    package init(zones: [DomainName]) {
        self.zones = zones
    }

    /// Reads the option; without zones it holds for all names.
    package init(_ line: CorefileLine) throws(CorefileError) {
        try line.expectNoBlock()
        let zones = try line.argumentZones()
        self.init(zones: zones.isEmpty ? [.root] : zones)
    }

    package func covers(_ name: DomainName) -> Bool {
        zones.contains { name.isWithin($0) }
    }
}
