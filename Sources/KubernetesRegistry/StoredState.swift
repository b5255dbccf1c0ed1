import Registry

/// The objects of one kind as they are written to the state file.
struct StoredKind: Hashable, Sendable {
    struct Entry: Hashable, Sendable {
        let id: NamespacedName
        let version: UInt64
        /// nil for an object that is there and takes no part.
        let object: DiscoveryObject?
    }

    let kind: DiscoveryKind
    /// Up to which version all is known; `none` where a list is needed first.
    let version: ObjectVersion
    let unnamed: Int
    var entries: [Entry] = []

    init(_ kind: DiscoveryKind, version: ObjectVersion, unnamed: Int = 0, entries: [Entry] = []) {
        self.kind = kind
        self.version = version
        self.unnamed = unnamed
        self.entries = entries
    }
}

/// What is known of a cluster, as bytes that outlive the process. Holds no secrets: only what DNS shows to everybody.
///
/// Form: `SWLTSTAT`, the number of the form (1), then numbers and texts as `StateWriter` writes them, and the CRC-32 of
/// all before in four bytes, the lowest first. Another form is not read: the next list makes the file anew.
struct StoredState: Hashable, Sendable {
    private static let magic = Array("SWLTSTAT".utf8)
    private static let form: UInt8 = 1
    /// The years 1970 to 9999.
    private static let times = Timestamp(milliseconds: 0)..<Timestamp(milliseconds: 253_402_300_800_000)

    /// Why bytes are no state that can be used.
    enum Unfit: Error, Hashable, Sendable, CustomStringConvertible {
        case damaged
        case otherForm
        case otherServer(String)
        case otherSelection

        var description: String {
            switch self {
            case .damaged: "is damaged"
            case .otherForm: "is of another version of swiftlet"
            case .otherServer(let server): "is of another API server, \(server)"
            case .otherSelection: "was made under other settings"
            }
        }
    }

    var savedAt: Timestamp
    var kinds: [StoredKind]

    // MARK: Writing

    /// - Parameters:
    ///   - server: Whose state it is.
    ///   - selection: What was selected of it.
    func bytes(server: String, selection: DiscoverySelection) -> [UInt8] {
        var writer = StateWriter()
        writer.write(raw: Self.magic)
        writer.write(Self.form)
        writer.write(UInt64(bitPattern: savedAt.milliseconds))
        writer.write(server)
        writer.write(selection.fingerprint)
        writer.write(count: kinds.count)
        for kind in kinds {
            writer.write(kind.kind.rawValue)
            writer.write(kind.version.text)
            writer.write(count: kind.unnamed)
            writer.write(count: kind.entries.count)
            for entry in kind.entries { Self.write(entry, &writer) }
        }
        let sum = Checksum.of(writer.bytes[...])
        withUnsafeBytes(of: sum.littleEndian) { writer.write(raw: $0) }
        return writer.bytes
    }

    private static func write(_ entry: StoredKind.Entry, _ writer: inout StateWriter) {
        writer.write(entry.id.namespace)
        writer.write(entry.id.name)
        writer.write(entry.version)
        writer.write(entry.object != nil)
        switch entry.object {
        case .namespace, nil: break
        case .service(let service), .serviceImport(let service): write(service, &writer)
        case .endpointSlice(let slice): write(slice, &writer)
        case .endpoints(_, let slices):
            writer.write(count: slices.count)
            for slice in slices {
                writer.write(slice.id.name)
                write(slice, &writer)
            }
        case .pod(let pod):
            writer.write(pod.address.family == .ipv6)
            writer.write(pod.address)
            writer.write(pod.label)
        }
    }

    private static func write(_ service: DiscoveryService, _ writer: inout StateWriter) {
        switch service.target {
        case .virtualIPs(let addresses):
            writer.write(UInt8(0))
            writer.write(count: addresses.count)
            for address in addresses {
                writer.write(address.family == .ipv6)
                writer.write(address)
            }
        case .endpoints: writer.write(UInt8(1))
        case .alias(let name):
            writer.write(UInt8(2))
            writer.write(name)
        }
        write(service.ports, &writer)
        writer.write(service.hasSelector)
    }

    private static func write(_ ports: [DiscoveryPort], _ writer: inout StateWriter) {
        writer.write(count: ports.count)
        for port in ports {
            writer.write(port.name)
            writer.write(UInt8(TransportProtocol.allCases.firstIndex(of: port.transport) ?? 0))
            writer.write(port.number.map { UInt64($0) + 1 } ?? 0)
        }
    }

    private static func write(_ slice: DiscoverySlice, _ writer: inout StateWriter) {
        writer.write(slice.service)
        writer.write(slice.importedService)
        writer.write(slice.sourceCluster)
        write(slice.ports, &writer)
        writer.write(slice.lastChangeTrigger.map { UInt64(bitPattern: $0.milliseconds) } ?? 0)
        let endpoints = slice.endpoints
        writer.write(endpoints.family == .ipv6)
        writer.write(count: endpoints.zones.count)
        for zone in endpoints.zones { writer.write(zone) }
        writer.write(count: endpoints.count)
        for index in 0..<endpoints.count {
            writer.write(endpoints.address(index))
            endpoints.withLabel(index) { label in
                writer.write(count: label?.count ?? 0)
                if let label { writer.write(raw: label) }
            }
            if !endpoints.zones.isEmpty { writer.write(count: endpoints.zone(index)) }
        }
    }

    // MARK: Reading

    init(savedAt: Timestamp, kinds: [StoredKind]) {
        self.savedAt = savedAt
        self.kinds = kinds
    }

    init(_ bytes: [UInt8], server: String, selection: DiscoverySelection) throws(Unfit) {
        guard bytes.count > Self.magic.count + 5, bytes.starts(with: Self.magic) else { throw .damaged }
        guard bytes[Self.magic.count] == Self.form else { throw .otherForm }
        let sum = bytes.suffix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard Checksum.of(bytes.dropLast(4)) == sum else { throw .damaged }
        var reader = StateReader(bytes[(Self.magic.count + 1)..<(bytes.count - 4)])
        let parts = Result { () throws(StateReader.Damaged) in
            (
                savedAt: Timestamp(milliseconds: Int64(bitPattern: try reader.number())), server: try reader.text(),
                selection: try reader.text()
            )
        }
        // Of another time nothing can be said, not even how long ago it was.
        guard case .success(let head) = parts, Self.times.contains(head.savedAt) else { throw .damaged }
        guard head.server == server else { throw .otherServer(head.server) }
        guard head.selection == selection.fingerprint else { throw .otherSelection }
        do {
            savedAt = head.savedAt
            kinds = []
            for _ in 0..<(try reader.count()) { kinds.append(try Self.kind(&reader, selection)) }
            guard reader.isAtEnd else { throw StateReader.Damaged() }
        } catch {
            throw .damaged
        }
    }

    private static func kind(
        _ reader: inout StateReader, _ selection: DiscoverySelection
    ) throws(StateReader.Damaged) -> StoredKind {
        guard let kind = DiscoveryKind(rawValue: try reader.byte()) else { throw StateReader.Damaged() }
        let version = ObjectVersion(try reader.text())
        guard let unnamed = Int(exactly: try reader.number()) else { throw StateReader.Damaged() }
        var stored = StoredKind(kind, version: version, unnamed: unnamed)
        let count = try reader.count()
        stored.entries.reserveCapacity(count)
        for _ in 0..<count { stored.entries.append(try entry(kind, &reader, selection)) }
        return stored
    }

    private static func entry(
        _ kind: DiscoveryKind, _ reader: inout StateReader, _ selection: DiscoverySelection
    ) throws(StateReader.Damaged) -> StoredKind.Entry {
        let id = NamespacedName(namespace: try reader.text(), name: try reader.text())
        let version = try reader.number()
        var object: DiscoveryObject?
        if try reader.flag() {
            switch kind {
            case .namespace: object = .namespace(id.name)
            case .service: object = .service(try service(id, &reader))
            case .serviceImport: object = .serviceImport(try service(id, &reader))
            case .endpointSlice: object = .endpointSlice(try slice(id, &reader, selection))
            case .endpoints:
                var slices: [DiscoverySlice] = []
                for _ in 0..<(try reader.count()) {
                    let sliceID = NamespacedName(namespace: id.namespace, name: try reader.text())
                    slices.append(try slice(sliceID, &reader, selection))
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
        let target: DiscoveryService.Target
        switch try reader.byte() {
        case 0:
            var addresses: [IPAddress] = []
            for _ in 0..<(try reader.count()) {
                addresses.append(try reader.address(try reader.flag() ? .ipv6 : .ipv4))
            }
            target = .virtualIPs(addresses)
        case 1: target = .endpoints
        case 2: target = .alias(try reader.text())
        default: throw StateReader.Damaged()
        }
        let ports = try ports(&reader)
        return DiscoveryService(id, target: target, ports: ports, hasSelector: try reader.flag())
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
}

extension DiscoverySelection {
    /// A text that is the same for selections that are, to tell whose state a file holds.
    var fingerprint: String {
        let flags = [includesEndpoints, includesPods, includesImports, namesEndpointsByPod, keepsZones]
        return [
            namespaces.map { $0.sorted().joined(separator: ",") } ?? "*", namespaceLabels.text, labels.text,
            flags.map { $0 ? "1" : "0" }.joined(),
        ].joined(separator: "\n")
    }
}
