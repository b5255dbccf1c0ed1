import DNS

/// Writes the entry of a service with its block: what follows from its records alone is composed by readers.
///
/// The bytes of bodies are those that `PreparedAnswer` makes of the same records, written in one pass.
struct ServiceEntryWriter: ~Copyable {
    var buffer = EntryBuffer()
    /// The offset of each child that the index leads to; the service's own children come first.
    private var indexed: [UInt32] = []
    /// Where in a message the target of each endpoint's first SRV record stands.
    private var targets: [UInt32] = []
    /// The bodies of the service's own name that its endpoints answer, for names with the same records.
    var bodies: [OwnBody] = []
    /// The label that an address gives, in memory of this writer's own.
    private let dashed = UnsafeMutableRawPointer.allocate(byteCount: 16, alignment: 8)

    deinit { dashed.deallocate() }

    /// The most bytes of a message.
    static let messageLimit = 65535
    /// Pointers reach no further.
    private static let pointerLimit = 0x4000

    /// Makes the memory of an entry; the caller owns it.
    ///
    /// - Parameters:
    ///   - words: the owner name as `NameKey.make` wrote it, with its hash.
    ///   - seed: the table's.
    mutating func make(
        _ service: borrowing ServiceRecords, words: UnsafePointer<UInt64>, hash: UInt64, zone: Int, seed: UInt64
    ) -> UnsafeMutableRawPointer {
        buffer.clear()
        let length = service.owner.wire.count
        let prepared: [PreparedAnswer]
        if case .records(let answers) = service.answers {
            prepared = answers.map { PreparedAnswer(to: service.owner, $0) }
        } else {
            prepared = []
        }
        let types = typeCount(service, prepared)
        let contents: UInt16 =
            switch service.visibility {
            case .all: Entry.Contents.block | Entry.Contents.namesBelow
            case .ownerOnly: Entry.Contents.block
            case .hidden: Entry.Contents.block | Entry.Contents.unnamed
            }
        _ = buffer.zeros(Entry.headerLength + types * Entry.typeLength + (length + 7) / 8 * 8)
        Entry.writeHeader(
            to: buffer.bytes, words: words, length: length, hash: hash, zone: zone, types: types, contents: contents)
        bodies.removeAll(keepingCapacity: true)
        let images = writeBlock(service, seed: seed)
        let likenesses = reserveLikenesses(service, types: types)
        switch service.answers {
        case .records: writePrepared(prepared)
        case .addresses(let addresses, let ports): writeAddresses(service, addresses, ports)
        case .endpoints(let weight): writeEndpoints(service, weight: weight)
        }
        for likeness in likenesses { writeLikeness(likeness, service, zone: zone) }
        for image in images { writeImage(image.answers, of: image.labels, service, zone: zone, at: image.place) }
        return buffer.copy()
    }

    private func typeCount(_ service: borrowing ServiceRecords, _ prepared: [PreparedAnswer]) -> Int {
        switch service.answers {
        case .records: return prepared.count
        case .addresses(let addresses, let ports):
            let families = (addresses.v4.isEmpty ? 0 : 1) + (addresses.v6.isEmpty ? 0 : 1)
            return families + (families > 0 && !ports.numbers.isEmpty ? 1 : 0)
        case .endpoints:
            let families = (service.endpoints.v4.isEmpty ? 0 : 1) + (service.endpoints.v6.isEmpty ? 0 : 1)
            return families + (families > 0 && service.endpoints.portSets.first?.numbers.isEmpty == false ? 1 : 0)
        }
    }

    // MARK: The block

    /// A child that has an entry of its own, and where the offset of that goes.
    private struct Image {
        let labels: [UInt8]
        let answers: [TypedAnswer]
        let place: Int
    }

    private mutating func writeBlock(_ service: borrowing ServiceRecords, seed: UInt64) -> [Image] {
        let endpoints = service.endpoints
        let block = buffer.zeros(ServiceBlock.headerLength)
        buffer.store(service.ttl, at: block)
        buffer.store(UInt32(truncatingIfNeeded: endpoints.v4.count), at: block + 4)
        buffer.store(UInt32(truncatingIfNeeded: endpoints.v6.count), at: block + 8)
        endpoints.v6.withUnsafeBytes { if let base = $0.baseAddress { buffer.append(base, $0.count) } }
        endpoints.v4.withUnsafeBytes { if let base = $0.baseAddress { buffer.append(base, $0.count) } }
        let hasLabels = !endpoints.labelOffsets.isEmpty
        let places = hasLabels ? buffer.zeros(4 * endpoints.count) : 0
        if hasLabels { buffer.store(UInt32(truncatingIfNeeded: places), at: block + 16) }
        let isVisible = service.visibility == .all
        if isVisible {
            buffer.store(UInt32(truncatingIfNeeded: buffer.count), at: block + 24)
            for ports in endpoints.portSets { writePortSet(ports) }
            if !endpoints.portSetIndices.isEmpty {
                buffer.store(UInt32(truncatingIfNeeded: buffer.count), at: block + 20)
                endpoints.portSetIndices.withUnsafeBytes {
                    if let base = $0.baseAddress { buffer.append(base, $0.count) }
                }
            }
        }
        indexed.removeAll(keepingCapacity: true)
        var images: [Image] = []
        if isVisible {
            for child in service.children { writeChild(child, service.answers, &images) }
        }
        var named = isVisible ? service.children.count : 0
        if hasLabels { writeLabels(endpoints, places, isVisible: isVisible) }
        if isVisible {
            let unnamed = endpoints.portSetIndices.count { $0 == EndpointRecords.unnamed }
            named += endpoints.count - unnamed
        }
        buffer.store(UInt32(truncatingIfNeeded: named), at: block + 32)
        writeIndex(block, seed: seed)
        return images
    }

    private mutating func writePortSet(_ ports: ServicePorts) {
        let start = buffer.zeros(ServiceBlock.portSetLength)
        let numbers = ports.numbers.prefix(ServiceRecords.maximumPorts)
        buffer.store(UInt8(truncatingIfNeeded: numbers.count), at: start)
        buffer.store(ports.weight, at: start + 2)
        for (index, number) in numbers.enumerated() { buffer.store(number, at: start + 4 + 2 * index) }
    }

    private mutating func writeChild(
        _ child: ServiceRecords.Child, _ own: ServiceRecords.Answers, _ images: inout [Image]
    ) {
        var (isIPv6First, isOfEndpoints) = (false, false)
        switch own {
        case .addresses(let addresses, _): isIPv6First = addresses.isIPv6First
        case .endpoints: isOfEndpoints = true
        case .records: break
        }
        indexed.append(UInt32(truncatingIfNeeded: buffer.count))
        let kind: UInt8 =
            switch child.content {
            case .empty: ServiceBlock.Kind.empty
            // Answers of another sort may be more than is copied.
            case .alike: isOfEndpoints ? ServiceBlock.Kind.alike : ServiceBlock.Kind.empty
            case .services: ServiceBlock.Kind.services
            case .records: ServiceBlock.Kind.entry
            }
        buffer.append(kind)
        buffer.append(UInt8(truncatingIfNeeded: child.labels.count))
        child.labels.withUnsafeBytes { if let base = $0.baseAddress { buffer.append(base, $0.count) } }
        switch child.content {
        case .empty: break
        // The offset of an entry of its own, where it gets one.
        case .alike: _ = buffer.zeros(4)
        case .services(let ports):
            let start = buffer.count
            writePortSet(ports)
            buffer.store(UInt8(isIPv6First ? 1 : 0), at: start + 1)
        case .records(let answers):
            images.append(Image(labels: child.labels, answers: answers, place: buffer.zeros(4)))
        }
    }

    private mutating func writeLabels(_ endpoints: EndpointRecords, _ places: Int, isVisible: Bool) {
        endpoints.labels.withUnsafeBytes { labels in
            for (index, offset) in endpoints.labelOffsets.enumerated() where offset > 0 {
                let length = 1 + Int(labels[Int(offset) - 1])
                let child = buffer.count
                buffer.store(UInt32(truncatingIfNeeded: child), at: places + 4 * index)
                if isVisible,
                    endpoints.portSetIndices.isEmpty || endpoints.portSetIndices[index] != EndpointRecords.unnamed
                {
                    indexed.append(UInt32(truncatingIfNeeded: child))
                }
                buffer.append(ServiceBlock.Kind.endpoint)
                buffer.append(UInt8(truncatingIfNeeded: length))
                let own = UnsafeRawBufferPointer(rebasing: labels[(Int(offset) - 1)..<(Int(offset) - 1 + length)])
                if let base = own.baseAddress { buffer.append(base, own.count) }
                buffer.append(UInt32(truncatingIfNeeded: index))
            }
        }
    }

    /// Where a child of the service stands, by its place among them.
    func childOffset(_ index: Int) -> Int { Int(indexed[index]) }

    private mutating func writeIndex(_ block: Int, seed: UInt64) {
        guard !indexed.isEmpty else { return }
        var size = 2
        while size < indexed.count * 2 { size *= 2 }
        let start = buffer.zeros(4 * size)
        buffer.store(UInt32(truncatingIfNeeded: size - 1), at: block + 12)
        buffer.store(UInt32(truncatingIfNeeded: start), at: block + 28)
        for child in indexed {
            let offset = Int(child)
            let length = Int(buffer.bytes.load(fromByteOffset: offset + 1, as: UInt8.self))
            var slot =
                Int(truncatingIfNeeded: NameKey.digest(buffer.bytes + (offset + 2), length: length, seed: seed))
                & (size - 1)
            while buffer.bytes.loadUnaligned(fromByteOffset: start + 4 * slot, as: UInt32.self) != 0 {
                slot = (slot + 1) & (size - 1)
            }
            buffer.store(child, at: start + 4 * slot)
        }
    }

    private mutating func writeImage(
        _ answers: [TypedAnswer], of labels: [UInt8], _ service: borrowing ServiceRecords, zone: Int, at place: Int
    ) {
        guard let name = DomainName(wire: labels + service.owner.wire) else { return }
        let prepared = answers.map { PreparedAnswer(to: name, $0) }
        buffer.align()
        let start = buffer.zeros(Entry.size(nameLength: name.wire.count, answers: prepared))
        buffer.store(UInt32(truncatingIfNeeded: start), at: place)
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: NameKey.maximumWords) { words in
            guard let key = words.baseAddress else { return }
            key.initialize(repeating: 0, count: NameKey.maximumWords)
            name.wire.withUnsafeBytes { UnsafeMutableRawBufferPointer(words).copyMemory(from: $0) }
            // Found by the block's index, so that its own hash is of no use.
            Entry.write(
                to: buffer.bytes + start, words: key, length: name.wire.count, hash: 0, zone: zone, answers: prepared)
        }
    }

    // MARK: Bodies

    private mutating func writePrepared(_ answers: [PreparedAnswer]) {
        for (index, answer) in answers.enumerated() {
            let start = buffer.count
            answer.body.withUnsafeBytes { if let base = $0.baseAddress { buffer.append(base, $0.count) } }
            endBody(index, answer.type, answer.flags, answer.answers, answer.additionals, from: start)
        }
    }

    private func endBody(
        _ index: Int, _ type: RecordType, _ flags: Body.Flags, _ answers: UInt16, _ additionals: UInt16,
        from start: Int
    ) {
        Entry.writeType(
            to: buffer.bytes, index, type: type, flags: flags, answers: answers, additionals: additionals,
            offset: start, length: buffer.count - start)
    }

    private mutating func writeAddress(_ address: UInt32, owner: Int, ttl: UInt32) {
        buffer.appendRecord(owner: owner, type: RecordType.a.rawValue, ttl: ttl, length: 4)
        buffer.append(address.bigEndian)
    }

    private mutating func writeAddress(_ address: UInt128, owner: Int, ttl: UInt32) {
        buffer.appendRecord(owner: owner, type: RecordType.aaaa.rawValue, ttl: ttl, length: 16)
        buffer.append(address.bigEndian)
    }

    /// Writes the A and AAAA bodies, each as far as a message goes; returns their number.
    private mutating func writeAddressBodies(
        _ service: borrowing ServiceRecords, _ v4: [UInt32], _ v6: [UInt128]
    ) -> Int {
        let room = Self.messageLimit - 16 - service.owner.wire.count
        var index = 0
        func flags(_ count: Int, _ taken: Int) -> Body.Flags {
            (count > 1 ? Body.Flags.rotates : []).union(taken < count ? .cut : [])
        }
        if !v4.isEmpty {
            let start = buffer.count
            let taken = min(v4.count, room / 16)
            buffer.reserve(16 * taken)
            for address in v4[..<taken] { writeAddress(address, owner: 12, ttl: service.ttl) }
            endBody(index, .a, flags(v4.count, taken), UInt16(taken), 0, from: start)
            bodies.append(OwnBody(type: .a, start: start, answersEnd: buffer.count, length: 16, total: v4.count))
            index += 1
        }
        if !v6.isEmpty {
            let start = buffer.count
            let taken = min(v6.count, room / 28)
            buffer.reserve(28 * taken)
            for address in v6[..<taken] { writeAddress(address, owner: 12, ttl: service.ttl) }
            endBody(index, .aaaa, flags(v6.count, taken), UInt16(taken), 0, from: start)
            bodies.append(OwnBody(type: .aaaa, start: start, answersEnd: buffer.count, length: 28, total: v6.count))
            index += 1
        }
        return index
    }

    private mutating func writeAddresses(
        _ service: borrowing ServiceRecords, _ addresses: ServiceAddresses, _ ports: ServicePorts
    ) {
        let index = writeAddressBodies(service, addresses.v4, addresses.v6)
        guard index > 0, !ports.numbers.isEmpty else { return }
        let start = buffer.count
        for number in ports.numbers {
            writeService(number, weight: ports.weight, owner: service.owner, ttl: service.ttl)
        }
        if addresses.isIPv6First {
            for address in addresses.v6 { writeAddress(address, owner: 12, ttl: service.ttl) }
        }
        for address in addresses.v4 { writeAddress(address, owner: 12, ttl: service.ttl) }
        if !addresses.isIPv6First {
            for address in addresses.v6 { writeAddress(address, owner: 12, ttl: service.ttl) }
        }
        endBody(
            index, .srv, [], UInt16(truncatingIfNeeded: ports.numbers.count),
            UInt16(truncatingIfNeeded: addresses.v4.count + addresses.v6.count), from: start)
    }

    /// Writes a SRV record that leads to the service itself.
    private mutating func writeService(_ number: UInt16, weight: UInt16, owner: DomainName, ttl: UInt32) {
        buffer.appendRecord(owner: 12, type: RecordType.srv.rawValue, ttl: ttl, length: 6 + owner.wire.count)
        buffer.append(UInt16(0))
        buffer.append(weight.bigEndian)
        buffer.append(number.bigEndian)
        owner.wire.withUnsafeBytes { if let base = $0.baseAddress { buffer.append(base, $0.count) } }
    }

    private mutating func writeEndpoints(_ service: borrowing ServiceRecords, weight: UInt16) {
        let endpoints = service.endpoints
        let index = writeAddressBodies(service, endpoints.v4, endpoints.v6)
        guard index > 0, let numbers = endpoints.portSets.first?.numbers, !numbers.isEmpty else { return }
        let start = buffer.count
        let origin = 16 + service.owner.wire.count
        var answers = 0
        var isCut = false
        targets.removeAll(keepingCapacity: true)
        targets.reserveCapacity(min(endpoints.count, 1024))
        let ownerLength = service.owner.wire.count
        service.owner.wire.withUnsafeBytes { owner in
            endpoints.labels.withUnsafeBytes { labels in
                for endpoint in 0..<endpoints.count {
                    let label = label(endpoint, endpoints, labels)
                    targets.append(UInt32(truncatingIfNeeded: origin + buffer.count - start + 18))
                    for number in numbers {
                        guard origin + buffer.count - start + 18 + label.count + ownerLength <= Self.messageLimit
                        else {
                            isCut = true
                            return
                        }
                        buffer.appendRecord(
                            owner: 12, type: RecordType.srv.rawValue, ttl: service.ttl,
                            length: 6 + label.count + ownerLength)
                        buffer.append(UInt16(0))
                        buffer.append(weight.bigEndian)
                        buffer.append(number.bigEndian)
                        if let base = label.baseAddress { buffer.append(base, label.count) }
                        if let base = owner.baseAddress { buffer.append(base, ownerLength) }
                        answers += 1
                    }
                }
            }
        }
        bodies.append(
            OwnBody(
                type: .srv, start: start, answersEnd: buffer.count, length: nil, total: answers + (isCut ? 1 : 0)))
        let additionals = isCut ? 0 : writeGlue(service, origin - start)
        endBody(
            index, .srv, isCut ? .cut : [], UInt16(truncatingIfNeeded: answers),
            UInt16(truncatingIfNeeded: additionals), from: start)
    }

    /// Writes the addresses of the endpoints that SRV records lead to, as far as the message goes.
    ///
    /// - Parameters:
    ///   - shift: what is added to a place in the buffer for its place in the message.
    ///   - labels: the bytes that stand in the question before the service's name.
    mutating func writeGlue(
        _ service: borrowing ServiceRecords, _ shift: Int, behind labels: Int = 0
    ) -> Int {
        let labelLength = labels
        let endpoints = service.endpoints
        var count = 0
        endpoints.labels.withUnsafeBytes { labels in
            for endpoint in 0..<endpoints.count {
                let data = endpoint < endpoints.v4.count ? 4 : 16
                let target = Int(targets[endpoint]) + labelLength
                let isNear = target < Self.pointerLimit
                // Out of the pointers' reach the label is spelled out before what the question ends in.
                let label = isNear ? nil : label(endpoint, endpoints, labels)
                let size = (label?.count ?? 0) + 12 + data
                guard buffer.count + shift + size <= Self.messageLimit else { return }
                if let label, let base = label.baseAddress { buffer.append(base, label.count) }
                let owner = isNear ? target : 12 + labelLength
                if endpoint < endpoints.v4.count {
                    writeAddress(endpoints.v4[endpoint], owner: owner, ttl: service.ttl)
                } else {
                    writeAddress(endpoints.v6[endpoint - endpoints.v4.count], owner: owner, ttl: service.ttl)
                }
                count += 1
            }
        }
        return count
    }

    /// The label of an endpoint behind its length; valid until the next one is asked for.
    private func label(
        _ endpoint: Int, _ endpoints: EndpointRecords, _ labels: UnsafeRawBufferPointer
    ) -> UnsafeRawBufferPointer {
        let offset = endpoints.labelOffsets.isEmpty ? 0 : Int(endpoints.labelOffsets[endpoint])
        if offset > 0 {
            let start = offset - 1
            return UnsafeRawBufferPointer(rebasing: labels[start..<(start + 1 + Int(labels[start]))])
        }
        let address = endpoint < endpoints.v4.count ? endpoints.v4[endpoint] : 0
        return UnsafeRawBufferPointer(start: dashed, count: DashedAddress.write(address, to: dashed))
    }
}
