import Registry

/// The objects of one kind as they are written to the state file.
package struct StoredKind: Hashable, Sendable {
    package struct Entry: Hashable, Sendable {
        package let id: NamespacedName
        package let version: UInt64
        /// nil for an object that is there and takes no part.
        package let object: DiscoveryObject?

        package init(id: NamespacedName, version: UInt64, object: DiscoveryObject?) {
            self.id = id
            self.version = version
            self.object = object
        }
    }

    package let kind: DiscoveryKind
    /// Up to which version all is known; empty where a list is needed first.
    package let version: String
    /// How many objects there are besides that have no name.
    package let unnamed: Int
    package var entries: [Entry] = []

    package init(_ kind: DiscoveryKind, version: String, unnamed: Int = 0, entries: [Entry] = []) {
        self.kind = kind
        self.version = version
        self.unnamed = unnamed
        self.entries = entries
    }
}

/// What is known of a cluster, as bytes that outlive the process. Holds no secrets: only what DNS shows to everybody.
///
/// Form: `SWLTSTAT`, the number of the form (2), then numbers and texts as `StateWriter` writes them, and the CRC-32 of
/// all before in four bytes, the lowest first. Each kind has the places of its entries in front of them, four bytes
/// each, so that one can be found without reading the others: entries stand in the order of `SortKey`. Another form is
/// not read: the next list makes the file anew.
package struct StoredState: Hashable, Sendable {
    static let magic = Array("SWLTSTAT".utf8)
    static let form: UInt8 = 2
    /// The years 1970 to 9999: of another time nothing can be said, not even how long ago it was.
    static let times = Timestamp(milliseconds: 0)..<Timestamp(milliseconds: 253_402_300_800_000)

    package var savedAt: Timestamp
    package var kinds: [StoredKind]

    package init(savedAt: Timestamp, kinds: [StoredKind]) {
        self.savedAt = savedAt
        self.kinds = kinds
    }

    /// What entries are found by: those that make the names of one Service stand together.
    struct SortKey {
        let namespace: String
        /// The Service's name for what belongs to one, else the object's own.
        let owner: String
        let name: String

        init(_ entry: StoredKind.Entry) {
            namespace = entry.id.namespace
            name = entry.id.name
            switch entry.object {
            case .endpointSlice(let slice): owner = slice.service
            case .namespace, .service, .serviceImport, .endpoints, .pod, nil: owner = entry.id.name
            }
        }

        /// By bytes: texts compare otherwise.
        static func precedes(_ lhs: SortKey, _ rhs: SortKey) -> Bool {
            if !lhs.namespace.utf8.elementsEqual(rhs.namespace.utf8) {
                return lhs.namespace.utf8.lexicographicallyPrecedes(rhs.namespace.utf8)
            }
            if !lhs.owner.utf8.elementsEqual(rhs.owner.utf8) {
                return lhs.owner.utf8.lexicographicallyPrecedes(rhs.owner.utf8)
            }
            return lhs.name.utf8.lexicographicallyPrecedes(rhs.name.utf8)
        }
    }

    /// - Parameters:
    ///   - server: Whose state it is.
    ///   - selection: What was selected of it.
    package func bytes(server: String, selection: DiscoverySelection) -> [UInt8] {
        var writer = StateWriter()
        writer.write(raw: Self.magic)
        writer.write(Self.form)
        writer.write(UInt64(bitPattern: savedAt.milliseconds))
        writer.write(server)
        writer.write(selection.fingerprint)
        writer.write(count: kinds.count)
        for kind in kinds {
            writer.write(kind.kind.rawValue)
            writer.write(kind.version)
            writer.write(count: kind.unnamed)
            writer.write(count: kind.entries.count)
            let places = writer.reservePlaces(kind.entries.count + 1)
            // Entries are large, and stay where they are.
            let keys = kind.entries.map(SortKey.init)
            let ordered = kind.entries.indices.sorted { SortKey.precedes(keys[$0], keys[$1]) }
            for (index, entry) in ordered.enumerated() {
                writer.setPlace(index, of: places)
                Self.write(kind.entries[entry], &writer)
            }
            writer.setPlace(kind.entries.count, of: places)
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
