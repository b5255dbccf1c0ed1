import DNS

/// Names with the same records as their service's own name, too many to be copied as they are asked for: they get
/// entries of their own, which share what bytes they can with the service's.
extension ServiceEntryWriter {
    /// A body of the service's own name.
    struct OwnBody {
        let type: RecordType
        /// Where it stands in the buffer.
        let start: Int
        /// Where its answers end, and what is additional begins.
        let answersEnd: Int
        /// The length of each answer; nil where they differ.
        let length: Int?
        /// The number of answers there would be in a message without limit; for SRV records at least that.
        let total: Int
    }

    /// A child that gets an entry of its own.
    struct Likeness {
        let labels: [UInt8]
        /// Where its child stands.
        let child: Int
        /// Where its entry stands, before the bodies that it shares.
        let start: Int
    }

    /// Makes room for the entries of names that are alike, before the bodies they refer to.
    mutating func reserveLikenesses(_ service: borrowing ServiceRecords, types: Int) -> [Likeness] {
        guard case .endpoints = service.answers, service.visibility == .all else { return [] }
        var likenesses: [Likeness] = []
        var isLarge: Bool?
        for (index, child) in service.children.enumerated() where child.content == .alike {
            if isLarge == nil { isLarge = Self.copiedBytes(service) > ServiceRecords.maximumCopiedBytes }
            guard isLarge == true else { return [] }
            let length = child.labels.count + service.owner.wire.count
            buffer.align()
            likenesses.append(
                Likeness(
                    labels: child.labels, child: childOffset(index),
                    start: buffer.zeros(
                        Entry.headerLength + types * Entry.typeLength + (length + 7) / 8 * 8)))
        }
        return likenesses
    }

    /// The bytes of what the service's own name answers from its endpoints, or a few more.
    private static func copiedBytes(_ records: borrowing ServiceRecords) -> Int {
        let endpoints = records.endpoints
        let ports = endpoints.portSets.first?.numbers.count ?? 0
        let labels =
            endpoints.labelOffsets.isEmpty ? 16 * endpoints.count : endpoints.labels.count + 16 * endpoints.v4.count
        return (16 * endpoints.v4.count + 28 * endpoints.v6.count) * (ports > 0 ? 2 : 1)
            + ports * (endpoints.count * (18 + records.owner.wire.count) + labels)
    }

    /// Writes the entry of a name with the service's own records.
    mutating func writeLikeness(_ likeness: Likeness, _ service: borrowing ServiceRecords, zone: Int) {
        guard let name = DomainName(wire: likeness.labels + service.owner.wire) else {
            // Too much to be copied.
            buffer.store(ServiceBlock.Kind.empty, at: likeness.child)
            return
        }
        buffer.store(ServiceBlock.Kind.entry, at: likeness.child)
        buffer.store(
            UInt32(truncatingIfNeeded: likeness.start), at: likeness.child + 2 + likeness.labels.count)
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: NameKey.maximumWords) { words in
            guard let key = words.baseAddress else { return }
            key.initialize(repeating: 0, count: NameKey.maximumWords)
            name.wire.withUnsafeBytes { UnsafeMutableRawBufferPointer(words).copyMemory(from: $0) }
            // Found by the block's index, so that its own hash is of no use.
            Entry.writeHeader(
                to: buffer.bytes + likeness.start, words: key, length: name.wire.count, hash: 0, zone: zone,
                types: bodies.count, contents: 0)
        }
        for index in bodies.indices {
            writeLikeness(bodies[index], index, of: likeness, service, room: Self.messageLimit - 16 - name.wire.count)
        }
    }

    /// - Parameter room: the bytes that a message has behind the question.
    private mutating func writeLikeness(
        _ body: OwnBody, _ index: Int, of likeness: Likeness, _ service: borrowing ServiceRecords, room: Int
    ) {
        var (start, length, count) = (body.start, 0, 0)
        if let size = body.length {
            count = min((body.answersEnd - body.start) / size, room / size)
            length = count * size
        } else {
            while body.start + length < body.answersEnd {
                let data = buffer.bytes.loadUnaligned(fromByteOffset: body.start + length + 10, as: UInt16.self)
                let size = 12 + Int(UInt16(bigEndian: data))
                guard length + size <= room else { break }
                length += size
                count += 1
            }
        }
        var flags: Body.Flags = count < body.total ? .cut : []
        var additionals = 0
        if body.type != .srv, body.total > 1 { flags.insert(.rotates) }
        if body.type == .srv, !flags.contains(.cut) {
            // The pointers among what is additional lead elsewhere in a message with a longer question.
            start = buffer.count
            buffer.reserve(length)
            buffer.append(buffer.bytes + body.start, length)
            additionals = writeGlue(
                service, 16 + likeness.labels.count + service.owner.wire.count - start, behind: likeness.labels.count)
            length = buffer.count - start
        }
        Entry.writeType(
            to: buffer.bytes + likeness.start, index, type: body.type, flags: flags,
            answers: UInt16(truncatingIfNeeded: count), additionals: UInt16(truncatingIfNeeded: additionals),
            offset: start - likeness.start, length: length)
    }
}
