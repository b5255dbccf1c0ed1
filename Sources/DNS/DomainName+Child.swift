extension DomainName {
    /// The name right below `parent`; nil where the label is empty or longer than 63 bytes, or the whole too long.
    package init?(label: [UInt8], under parent: DomainName) {
        guard (1...63).contains(label.count), label.count + 1 + parent.wire.count <= 255 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(label.count + 1 + parent.wire.count)
        bytes.append(UInt8(label.count))
        bytes.append(contentsOf: label)
        bytes.append(contentsOf: parent.wire)
        self.init(uncheckedWire: bytes)
    }

    /// The same name below `new` instead of `old`; nil where it is not within `old` or becomes too long.
    package func moved(from old: DomainName, to new: DomainName) -> DomainName? {
        guard isWithin(old), wire.count - old.wire.count + new.wire.count <= 255 else { return nil }
        return DomainName(uncheckedWire: wire.dropLast(old.wire.count) + new.wire)
    }
}
