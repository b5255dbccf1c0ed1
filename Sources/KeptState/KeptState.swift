import Registry

/// A state as it was found on disk: single objects can be had of it before all of them are read.
///
/// The bytes are checked once as a whole; reading goes no further than they do, whatever they say.
package struct KeptState: Sendable {
    /// Why bytes are no state that can be used; the description is one line, whatever they say.
    package enum Unfit: Error, Hashable, Sendable, CustomStringConvertible {
        case damaged
        case otherForm
        case otherServer(String)
        case otherSelection

        package var description: String {
            switch self {
            case .damaged: "is damaged"
            case .otherForm: "is of another version of swiftlet"
            case .otherServer(let server): "is of another API server, \(LogText.line(server))"
            case .otherSelection: "was made under other settings"
            }
        }
    }

    /// The entries of one kind.
    struct Section: Sendable {
        let kind: DiscoveryKind
        let version: String
        let unnamed: Int
        let count: Int
        /// Where the places of entries stand.
        let places: Int
    }

    package let savedAt: Timestamp
    /// What has changed since, as far as that is known; takes the place of what the bytes say of these objects.
    package private(set) var later: [DiscoveryKey: DiscoveryChange] = [:]
    let selection: DiscoverySelection
    let bytes: [UInt8]
    let sections: [Section]
    /// Where the checksum begins.
    let end: Int

    /// - Parameters:
    ///   - server: Whose state is wanted.
    ///   - selection: What is to have been selected of it.
    package init(_ bytes: [UInt8], server: String, selection: DiscoverySelection) throws(Unfit) {
        let head = StoredState.magic.count
        guard bytes.count > head + 5, bytes.starts(with: StoredState.magic) else { throw .damaged }
        guard bytes[head] == StoredState.form else { throw .otherForm }
        let sum = bytes.suffix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard Checksum.of(bytes.dropLast(4)) == sum else { throw .damaged }
        end = bytes.count - 4
        self.bytes = bytes
        self.selection = selection
        var reader = StateReader(bytes, at: head + 1, end: end)
        let found: (savedAt: Timestamp, server: String, selection: String)
        do {
            found = (
                Timestamp(milliseconds: Int64(bitPattern: try reader.number())), try reader.text(), try reader.text()
            )
        } catch {
            throw .damaged
        }
        guard StoredState.times.contains(found.savedAt) else { throw .damaged }
        guard found.server == server else { throw .otherServer(found.server) }
        guard found.selection == selection.fingerprint else { throw .otherSelection }
        savedAt = found.savedAt
        do {
            sections = try Self.sections(&reader, bytes, end: end)
        } catch {
            throw .damaged
        }
    }

    private static func sections(
        _ reader: inout StateReader, _ bytes: [UInt8], end: Int
    ) throws(StateReader.Damaged) -> [Section] {
        var sections: [Section] = []
        for _ in 0..<(try reader.count()) {
            guard let kind = DiscoveryKind(rawValue: try reader.byte()), !sections.contains(where: { $0.kind == kind })
            else { throw StateReader.Damaged() }
            let version = try reader.text()
            guard let unnamed = UInt32(exactly: try reader.number()) else { throw StateReader.Damaged() }
            let count = try reader.count()
            let places = reader.position
            try reader.skipPlaces(count + 1)
            let next = StateReader.place(count, of: places, in: bytes)
            guard next >= reader.position, next <= end else { throw StateReader.Damaged() }
            sections.append(Section(kind: kind, version: version, unnamed: Int(unnamed), count: count, places: places))
            reader = StateReader(bytes, at: next, end: end)
        }
        guard reader.isAtEnd else { throw StateReader.Damaged() }
        return sections
    }

    /// The kinds that it has objects of, or knows to have none of.
    package var kinds: Set<DiscoveryKind> { Set(sections.map(\.kind)) }

    /// Up to which version all of a kind is known; nil where nothing is known of it.
    package func version(of kind: DiscoveryKind) -> String? { section(kind)?.version }

    /// The same state with changes that came after it, in their order.
    package func followed(by changes: [DiscoveryChange]) -> KeptState {
        var state = self
        for change in changes { state.later[change.key] = change }
        return state
    }

    // MARK: All of it

    /// All objects, as they were without the later changes.
    package func state() throws(Unfit) -> StoredState {
        var state = StoredState(savedAt: savedAt, kinds: [])
        do {
            for section in sections {
                var kind = StoredKind(section.kind, version: section.version, unnamed: section.unnamed)
                kind.entries.reserveCapacity(section.count)
                for index in 0..<section.count { kind.entries.append(try entry(index, of: section)) }
                state.kinds.append(kind)
            }
        } catch {
            throw .damaged
        }
        return state
    }

    // MARK: Parts of it

    func section(_ kind: DiscoveryKind) -> Section? { sections.first { $0.kind == kind } }

    func reader(_ index: Int, of section: Section) -> StateReader {
        StateReader(bytes, at: StateReader.place(index, of: section.places, in: bytes), end: end)
    }

    /// The Namespaces; of these and all other parts, only what has not changed later.
    package func namespaces() -> [DiscoveryObject] {
        section(.namespace).map { objects(of: $0, in: 0..<$0.count) } ?? []
    }

    /// What the names of a Service are made of: itself, its slices and its Endpoints.
    package func objects(of service: NamespacedName) -> [DiscoveryObject] {
        [DiscoveryKind.service, .endpointSlice, .endpoints].flatMap { kind in
            section(kind).map { objects(of: $0, in: range(of: $0, service.namespace, service.name)) } ?? []
        }
    }

    /// The Pods of a Namespace.
    package func pods(in namespace: String) -> [DiscoveryObject] {
        section(.pod).map { objects(of: $0, in: range(of: $0, namespace, nil)) } ?? []
    }

    private func objects(of section: Section, in range: Range<Int>) -> [DiscoveryObject] {
        // What the checksum did not find to be damaged was written wrongly: such an object takes no part.
        range.compactMap { index in
            guard let object = try? entry(index, of: section).object, later[object.key] == nil else { return nil }
            return object
        }
    }

    /// The entries with an owner, or all of a namespace; found by halving.
    private func range(of section: Section, _ namespace: String, _ owner: String?) -> Range<Int> {
        func first(after isPast: (_ order: Order) -> Bool) -> Int {
            var range = 0..<section.count
            while !range.isEmpty {
                let middle = range.lowerBound + range.count / 2
                // Damage ends the search somewhere; what is found is looked at again.
                let order = (try? order(middle, of: section, namespace, owner)) ?? .same
                range = isPast(order) ? range.lowerBound..<middle : (middle + 1)..<range.upperBound
            }
            return range.lowerBound
        }
        let start = first { $0 != .before }
        return start..<max(start, first { $0 == .after })
    }

    private enum Order { case before, same, after }

    /// How an entry stands to an owner.
    private func order(
        _ index: Int, of section: Section, _ namespace: String, _ owner: String?
    ) throws(StateReader.Damaged) -> Order {
        let (entryNamespace, entryOwner) = try ownerRanges(index, of: section)
        let order = compare(entryNamespace, namespace)
        guard order == .same, let owner else { return order }
        return compare(entryOwner, owner)
    }

    private func compare(_ range: Range<Int>, _ text: String) -> Order {
        let bytes = bytes[range]
        if bytes.elementsEqual(text.utf8) { return .same }
        return bytes.lexicographicallyPrecedes(text.utf8) ? .before : .after
    }

    /// Where the namespace and the owner of an entry stand (`StoredState.SortKey`).
    private func ownerRanges(
        _ index: Int, of section: Section
    ) throws(StateReader.Damaged) -> (namespace: Range<Int>, owner: Range<Int>) {
        var reader = reader(index, of: section)
        let (namespace, name) = (try reader.textRange(), try reader.textRange())
        guard section.kind == .endpointSlice else { return (namespace, name) }
        _ = try reader.number()
        guard try reader.flag() else { return (namespace, name) }
        return (namespace, try reader.textRange())
    }

    /// Whether an entry is of one of these Namespaces, belongs to a Service and has not changed later.
    func takesPart(_ index: Int, of section: Section, in namespaces: Set<String>) -> Bool {
        guard let owner = owner(index, of: section), !owner.name.isEmpty, namespaces.contains(owner.namespace) else {
            return false
        }
        guard !later.isEmpty else { return true }
        var reader = reader(index, of: section)
        guard let namespace = try? reader.text(), let name = try? reader.text() else { return false }
        return later[DiscoveryKey(section.kind, NamespacedName(namespace: namespace, name: name))] == nil
    }

    /// The Service that an entry belongs to.
    func owner(_ index: Int, of section: Section) -> NamespacedName? {
        guard let ranges = try? ownerRanges(index, of: section) else { return nil }
        return NamespacedName(
            namespace: String(decoding: bytes[ranges.namespace], as: UTF8.self),
            name: String(decoding: bytes[ranges.owner], as: UTF8.self))
    }
}

// MARK: One entry

extension KeptState {
    func entry(_ index: Int, of section: Section) throws(StateReader.Damaged) -> StoredKind.Entry {
        var reader = reader(index, of: section)
        let id = NamespacedName(namespace: try reader.text(), name: try reader.text())
        let version = try reader.number()
        var object: DiscoveryObject?
        if try reader.flag() {
            switch section.kind {
            case .namespace: object = .namespace(id.name)
            case .service: object = .service(try Self.service(id, &reader))
            case .serviceImport: object = .serviceImport(try Self.service(id, &reader))
            case .endpointSlice: object = .endpointSlice(try Self.slice(id, &reader, selection))
            case .endpoints:
                var slices: [DiscoverySlice] = []
                for _ in 0..<(try reader.count()) {
                    let sliceID = NamespacedName(namespace: id.namespace, name: try reader.text())
                    slices.append(try Self.slice(sliceID, &reader, selection))
                }
                object = .endpoints(id, slices)
            case .pod:
                let address = try reader.address(try reader.flag() ? .ipv6 : .ipv4)
                let label = try reader.text()
                // A Pod's label is the text of its address with dashes for what a label may not hold.
                let text = label.isEmpty ? address.description : String(label.map { $0 == "-" ? ":" : $0 })
                guard let pod = DiscoveryPod(id, phase: "", podIP: text) else { throw StateReader.Damaged() }
                object = .pod(pod)
            }
        }
        return StoredKind.Entry(id: id, version: version, object: object)
    }

    private static func service(
        _ id: NamespacedName, _ reader: inout StateReader
    ) throws(StateReader.Damaged) -> DiscoveryService {
        let target = try target(&reader)
        let ports = try ports(&reader)
        return DiscoveryService(id, target: target, ports: ports, hasSelector: try reader.flag())
    }

    private static func target(_ reader: inout StateReader) throws(StateReader.Damaged) -> DiscoveryService.Target {
        switch try reader.byte() {
        case 0:
            var addresses: [IPAddress] = []
            for _ in 0..<(try reader.count()) {
                addresses.append(try reader.address(try reader.flag() ? .ipv6 : .ipv4))
            }
            return .virtualIPs(addresses)
        case 1: return .endpoints
        case 2: return .alias(try reader.text())
        default: throw StateReader.Damaged()
        }
    }

    private static func ports(_ reader: inout StateReader) throws(StateReader.Damaged) -> [DiscoveryPort] {
        var ports: [DiscoveryPort] = []
        for _ in 0..<(try reader.count()) {
            let name = try reader.text()
            let transport = Int(try reader.byte())
            let number = try reader.number()
            guard transport < TransportProtocol.allCases.count, number <= 65536 else { throw StateReader.Damaged() }
            ports.append(
                DiscoveryPort(
                    name: name, transport: Array(TransportProtocol.allCases)[transport],
                    number: number == 0 ? nil : Int(number) - 1))
        }
        return ports
    }

    private static func slice(
        _ id: NamespacedName, _ reader: inout StateReader, _ selection: DiscoverySelection
    ) throws(StateReader.Damaged) -> DiscoverySlice {
        var builder = DiscoverySlice.Builder(selection)
        builder.id = id
        builder.service = try reader.text()
        builder.importedService = try reader.text()
        builder.sourceCluster = try reader.text()
        builder.ports = try ports(&reader)
        let trigger = try reader.number()
        if trigger != 0 { builder.lastChangeTrigger = Timestamp(milliseconds: Int64(bitPattern: trigger)) }
        let family: IPFamily = try reader.flag() ? .ipv6 : .ipv4
        builder.addressType = family == .ipv6 ? .ipv6 : .ipv4
        var zones = [""]
        for _ in 0..<(try reader.count()) { zones.append(try reader.text()) }
        for _ in 0..<(try reader.count()) {
            let address = try reader.address(family)
            let label = try reader.text()
            var zone = 0
            if zones.count > 1 { zone = Int(clamping: try reader.number()) }
            guard zones.indices.contains(zone) else { throw StateReader.Damaged() }
            builder.append(address: address, label: label, zone: zones[zone])
        }
        return builder.build()
    }

    // MARK: The addresses of an entry

    /// Hands over the addresses that an entry of a Service, a slice or Endpoints has, without making an object of it.
    func forEachAddress(
        _ index: Int, of section: Section, _ body: (IPAddress) -> Void
    ) throws(StateReader.Damaged) {
        var reader = reader(index, of: section)
        for _ in 0..<2 { _ = try reader.textRange() }
        _ = try reader.number()
        guard try reader.flag() else { return }
        switch section.kind {
        case .service:
            if case .virtualIPs(let addresses) = try Self.target(&reader) { addresses.forEach(body) }
        case .endpointSlice: try Self.forEachAddress(ofSlice: &reader, body)
        case .endpoints:
            for _ in 0..<(try reader.count()) {
                _ = try reader.textRange()
                try Self.forEachAddress(ofSlice: &reader, body)
            }
        case .namespace, .pod, .serviceImport: return
        }
    }

    private static func forEachAddress(
        ofSlice reader: inout StateReader, _ body: (IPAddress) -> Void
    ) throws(StateReader.Damaged) {
        for _ in 0..<3 { _ = try reader.textRange() }
        for _ in 0..<(try reader.count()) {
            _ = try reader.textRange()
            _ = try reader.byte()
            _ = try reader.number()
        }
        _ = try reader.number()
        let family: IPFamily = try reader.flag() ? .ipv6 : .ipv4
        let zones = try reader.count()
        for _ in 0..<zones { _ = try reader.textRange() }
        for _ in 0..<(try reader.count()) {
            body(try reader.address(family))
            _ = try reader.textRange()
            if zones > 0 { _ = try reader.number() }
        }
    }
}
