/// The records of one type at one name, with what goes along in the additional section.
package struct TypedAnswer: Hashable, Sendable {
    package let type: RecordType
    /// Those that a message can hold, and one more where there are more.
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
