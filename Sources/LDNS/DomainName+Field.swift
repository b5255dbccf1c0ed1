import DNS

extension DomainName {
    /// A name as a field of a zone file has it: relative to the origin unless it ends in a dot; `@` is the origin.
    init?(field: ArraySlice<UInt8>, origin: DomainName) {
        if field.elementsEqual([UInt8(ascii: "@")]) {
            self = origin
            return
        }
        // An even number of backslashes before the last dot leaves it a separator.
        let isAbsolute =
            field.last == UInt8(ascii: ".")
            && field.dropLast().reversed().prefix { $0 == UInt8(ascii: "\\") }.count.isMultiple(of: 2)
        guard let stated = DomainName(ZoneFileLexer.text(field)),
            let name = isAbsolute ? stated : DomainName(wire: stated.wire.dropLast() + origin.wire)
        else { return nil }
        self = name
    }
}
