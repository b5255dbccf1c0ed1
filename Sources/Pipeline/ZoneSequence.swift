import DNS

extension Sequence<DomainName> {
    /// The longest of the zones that a name lies in.
    package func closest(to name: DomainName) -> DomainName? {
        lazy.filter { name.isWithin($0) }.max { $0.wire.count < $1.wire.count }
    }

    /// Whether one of the zones has names in common with another zone.
    package func overlap(_ zone: DomainName) -> Bool {
        contains { $0.isWithin(zone) || zone.isWithin($0) }
    }
}
