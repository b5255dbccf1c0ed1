import DNS

/// The records of one type at one name, with what goes along in the additional section.
package struct TypedAnswer: Hashable, Sendable {
    package let type: RecordType
    package let records: [Record]
    package let additionals: [Record]
    /// The record is a CNAME, to be followed for this type.
    package let isAlias: Bool

    package init(type: RecordType, records: [Record], additionals: [Record] = [], isAlias: Bool = false) {
        self.type = type
        self.records = records
        self.additionals = additionals
        self.isAlias = isAlias
    }
}

/// What becomes of one name.
package enum ZoneChange: Hashable, Sendable {
    /// The name exists in the zone, with these answers and no others; none at all is an empty non-terminal.
    case set(DomainName, zone: DomainName, answers: [TypedAnswer])
    /// The name does not exist any more.
    case remove(DomainName)
}
