import DNS

extension CorefileLine {
    /// The arguments as zones; those of the block where there are none.
    package func zones(in block: ServerBlock) throws(CorefileError) -> [DomainName] {
        arguments.isEmpty ? block.zones : try argumentZones()
    }

    /// The arguments as zones; none where there are none.
    package func argumentZones() throws(CorefileError) -> [DomainName] {
        var zones: [DomainName] = []
        for argument in arguments { zones += try argument.zones() }
        return zones
    }
}
