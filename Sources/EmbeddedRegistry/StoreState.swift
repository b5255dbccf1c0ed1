import AddressAllocator
import GRDB
import Registry

/// What a store knows in memory of what is on disk: enough to answer DNS and to allocate.
struct StoreState {
    /// An object as kept in memory: the document stays on disk, and its annotations with it.
    final class KnownObject: Sendable {
        let object: RegistryObject
        let feeder: String

        init(object: RegistryObject, feeder: String) {
            self.object = object.lean
            self.feeder = feeder
        }
    }

    /// A Service that could not have what it asks for.
    struct PendingService {
        let reason: String
        /// As it was supplied.
        let document: JSONValue
        /// What the document says.
        let service: Service
    }

    var pools: AddressPools
    /// The objects of the kinds that names are made of.
    private(set) var objects: [ObjectKey: KnownObject] = [:]
    /// The Services among them.
    private(set) var services: [NamespacedName: Service] = [:]
    var pending: [NamespacedName: PendingService] = [:]
    /// When a range that is being removed may go, the earliest one; nil where none waits for its time.
    var nextRangeEnd: Timestamp?
    var version = ResourceVersion(rawValue: 0)
    var oldestChange = ResourceVersion(rawValue: 0)
    /// The texts of the changes that are kept, in bytes.
    var historySize = 0
    var generator = SystemRandomNumberGenerator()

    /// Reads everything from the disk.
    init(of database: Database, settings: StoreSettings, file: String) throws {
        let ranges = try StoredRows.ranges(in: database, file: file).map { ServiceCIDRDocument($0.document) }
        nextRangeEnd = ranges.compactMap(\.removalEnd).min()
        pools = AddressPools(
            addresses: AddressAllocator(
                ranges: ranges.flatMap(\.usableRanges), quarantinePeriod: settings.quarantineSeconds * 1000),
            nodePorts: try NodePortAllocator(range: settings.nodePorts))
        // Ranges come and go while it runs; which family is the default one was said at the start.
        pools.addresses.defaultFamily = try StoredRows.serviceCIDRs(in: database)?.first?.family
        for kind in ObjectKind.allCases where kind.isReadByDNS {
            try StoredRows.forEachObject(of: kind, in: database, file: file) { stored in
                set(stored.key, KnownObject(object: stored.object, feeder: stored.feeder))
            }
        }
        try StoredRows.forEachObject(of: .ipAddress, in: database, file: file) { stored in
            guard let address = IPAddress(stored.key.id.name) else { return }
            pools.addresses.take(
                address, for: IPAddressDocument.owner(of: stored) ?? IPAddressDocument.stranger(address))
        }
        for row in try Row.fetchAll(database, sql: "SELECT number, namespace, name FROM node_ports") {
            pools.nodePorts.take(
                try row.value("number"),
                for: NamespacedName(namespace: try row.value("namespace"), name: try row.value("name")))
        }
        for row in try Row.fetchAll(database, sql: "SELECT address, ends FROM quarantine") {
            guard let address = IPAddress(try row.value("address") as String) else { continue }
            pools.addresses.setQuarantine(of: address, until: Timestamp(milliseconds: try row.value("ends")))
        }
        for row in try Row.fetchAll(database, sql: "SELECT namespace, name, reason, document FROM pending") {
            let id = NamespacedName(namespace: try row.value("namespace"), name: try row.value("name"))
            let document = try JSONText.value(of: try row.value("document"))
            guard case .service(let service)? = try? RegistryObject(document, kind: .service) else {
                throw StoreError.damaged(file: file, reason: "what Service \(id) waits for cannot be read")
            }
            pending[id] = PendingService(reason: try row.value("reason"), document: document, service: service)
        }
        version = try StoredRows.version(in: database)
        oldestChange = try StoredRows.oldestVersion(in: database)
        historySize = try StoredRows.historySize(at: version, in: database)
    }

    /// Notes an object; nil for one that is gone.
    mutating func set(_ key: ObjectKey, _ known: KnownObject?) {
        objects[key] = known
        guard key.kind == .service else { return }
        if case .service(let service)? = known?.object {
            services[key.id] = service
        } else {
            services[key.id] = nil
        }
    }
}

extension ObjectKind {
    /// Whether names are made of objects of this kind, so that they are kept in memory.
    var isReadByDNS: Bool {
        switch self {
        case .namespace, .service, .endpointSlice, .endpoints, .pod: true
        case .node, .event, .ipAddress, .serviceCIDR, .lease: false
        }
    }
}
