import AddressAllocator
import GRDB
import Registry

/// A virtual IP that a Service has.
package struct AllocatedAddress: Hashable, Sendable {
    package let address: IPAddress
    package let owner: NamespacedName
    /// The range it was taken from; nil where that is unknown or no longer configured.
    package let range: CIDR?
}

/// A released address that automatic requests do not get yet.
package struct QuarantinedAddress: Hashable, Sendable {
    package let address: IPAddress
    package let end: Timestamp
    package let formerOwner: NamespacedName
}

/// A Service that has not got the addresses or node ports it asks for.
///
/// A new one is stored without them. One that holds addresses already stays in force as it was before the update.
package struct PendingService: Hashable, Sendable {
    package let service: NamespacedName
    package let reason: String
    package let since: Timestamp
    package let origin: String
}

/// What the registry says of itself.
package struct RegistryMeta: Hashable, Sendable {
    package let version: ResourceVersion
    package let serviceCIDRs: [CIDR]
    package let nodePorts: ClosedRange<Int>
    /// Empty until a server has said it.
    package let clusterZone: String
    /// Where the server listens for queries, as `HOST:PORT`; empty until a server has said it.
    package let dnsAddresses: [String]
}

/// The reading of rows, for the server and for readers of other processes alike.
enum RegistryStoreRows {
    static func meta(_ db: Database) throws -> RegistryMeta {
        let ports = try MetaKey.nodePorts.value(in: db)?.split(separator: "-").compactMap { Int($0) } ?? []
        return RegistryMeta(
            version: try MetaKey.resourceVersion.version(in: db),
            serviceCIDRs: try list(.serviceCIDRs, db).compactMap { CIDR($0) },
            nodePorts: ports.count == 2 && ports[0] <= ports[1] ? ports[0]...ports[1] : NodePortAllocator.defaultRange,
            clusterZone: try MetaKey.clusterZone.value(in: db) ?? "",
            dnsAddresses: try list(.dnsAddresses, db))
    }

    private static func list(_ key: MetaKey, _ db: Database) throws -> [String] {
        try key.value(in: db)?.split(separator: " ").map(String.init) ?? []
    }

    private static let columns = "kind, namespace, name, uid, version, feeder, origin, document"

    static func object(_ key: ObjectKey, _ db: Database, file: String) throws -> StoredObject? {
        try Row.fetchOne(
            db.cachedStatement(
                sql: "SELECT \(columns) FROM object WHERE kind = ? AND namespace = ? AND name = ?"),
            arguments: [key.kind.rawValue, key.id.namespace, key.id.name]
        ).map { try stored($0, file: file) }
    }

    /// Objects in the order of their namespaces and names.
    static func objects(
        of kind: ObjectKind? = nil, in namespace: String? = nil, _ db: Database, file: String
    ) throws -> [StoredObject] {
        var sql = "SELECT \(columns) FROM object WHERE 1"
        var arguments: [String] = []
        if let kind {
            sql += " AND kind = ?"
            arguments.append(kind.rawValue)
        }
        if let namespace {
            sql += " AND namespace = ?"
            arguments.append(namespace)
        }
        sql += " ORDER BY kind, namespace, name"
        var objects: [StoredObject] = []
        let rows = try Row.fetchCursor(db, sql: sql, arguments: StatementArguments(arguments))
        while let row = try rows.next() { objects.append(try stored(row, file: file)) }
        return objects
    }

    private static func stored(_ row: Row, file: String) throws -> StoredObject {
        let (object, document) = try read(row[7], kind: row[0], id: "\(row[1] as String)/\(row[2] as String)", file)
        return StoredObject(
            object: object, document: document, uid: row[3], version: ResourceVersion(rawValue: row[4]), feeder: row[5],
            origin: row[6])
    }

    /// Reads a document back; one that we cannot have written means that the file is damaged.
    private static func read(
        _ text: String, kind: String, id: String, _ file: String
    ) throws -> (RegistryObject, JSONValue) {
        guard let known = ObjectKind(rawValue: kind) else {
            throw StoreError.damaged(file: file, reason: "object of unknown kind \(kind)")
        }
        do {
            let document = try JSONText.value(of: text)
            return (try RegistryObject(document, kind: known), document)
        } catch {
            throw StoreError.damaged(file: file, reason: "document of \(kind) \(id): \(error)")
        }
    }

    static func supplied(_ row: Row, file: String) throws -> (supplied: SuppliedObject, feeder: String) {
        let (object, document) = try read(
            row["document"], kind: ObjectKind.service.rawValue,
            id: "\(row["namespace"] as String)/\(row["name"] as String)", file)
        return (SuppliedObject(object: object, document: document, origin: row["origin"]), row["feeder"])
    }

    /// The changes of the first transaction behind a version; empty where there is none.
    static func nextBatch(after version: ResourceVersion, _ db: Database, file: String) throws -> [StoredChange] {
        let trimmed = try MetaKey.trimmedVersion.version(in: db)
        guard version >= trimmed else { throw StoreError.versionTooOld(version, oldest: trimmed) }
        let rows = try Row.fetchCursor(
            db.cachedStatement(
                sql: """
                    SELECT batch, version, change, kind, namespace, name, document FROM event
                    WHERE version > ? ORDER BY version
                    """),
            arguments: [version.rawValue])
        var changes: [StoredChange] = []
        var batch: Int64?
        while let row = try rows.next() {
            guard batch == nil || batch == row[0] else { break }
            batch = row[0]
            let id = NamespacedName(namespace: row[4], name: row[5])
            let (object, document) = try read(row[6], kind: row[3], id: id.description, file)
            changes.append(
                StoredChange(
                    kind: StoredChange.Kind(rawValue: row[2]) ?? .modified, version: ResourceVersion(rawValue: row[1]),
                    key: ObjectKey(object.kind, id), object: object, document: document))
        }
        return changes
    }

    static func allocations(_ db: Database) throws -> [AllocatedAddress] {
        try Row.fetchAll(db, sql: "SELECT address, namespace, name, range FROM allocation").compactMap { row in
            IPAddress(row[0]).map {
                AllocatedAddress(
                    address: $0, owner: NamespacedName(namespace: row[1], name: row[2]), range: CIDR(row[3]))
            }
        }.sorted { $0.address < $1.address }
    }

    static func nodePorts(_ db: Database) throws -> [Int: NamespacedName] {
        try Row.fetchAll(db, sql: "SELECT number, namespace, name FROM node_port").reduce(into: [:]) { ports, row in
            ports[row[0]] = NamespacedName(namespace: row[1], name: row[2])
        }
    }

    /// The addresses whose quarantine is not over at an instant.
    static func quarantine(at now: Timestamp, _ db: Database) throws -> [QuarantinedAddress] {
        try Row.fetchAll(
            db, sql: "SELECT address, ends, namespace, name FROM quarantine WHERE ends > ?",
            arguments: [now.milliseconds]
        ).compactMap { row in
            IPAddress(row[0]).map {
                QuarantinedAddress(
                    address: $0, end: Timestamp(milliseconds: row[1]),
                    formerOwner: NamespacedName(namespace: row[2], name: row[3]))
            }
        }.sorted { $0.address < $1.address }
    }

    static func pending(_ db: Database) throws -> [PendingService] {
        try Row.fetchAll(db, sql: "SELECT namespace, name, reason, since, origin FROM pending ORDER BY id").map { row in
            PendingService(
                service: NamespacedName(namespace: row[0], name: row[1]), reason: row[2],
                since: Timestamp(milliseconds: row[3]), origin: row[4])
        }
    }

    /// What is taken and what rests, as one value.
    static func pools(
        _ db: Database, ranges: [AddressRange], nodePorts: ClosedRange<Int>, quarantinePeriod: Int64 = 0, now: Timestamp
    ) throws -> AddressPools {
        var pools = AddressPools(
            addresses: AddressAllocator(ranges: ranges, quarantinePeriod: quarantinePeriod),
            nodePorts: try NodePortAllocator(range: nodePorts))
        for row in try allocations(db) { pools.addresses.take(row.address, for: row.owner) }
        for row in try quarantine(at: now, db) { pools.addresses.setQuarantine(of: row.address, until: row.end) }
        for (number, owner) in try self.nodePorts(db) { pools.nodePorts.take(number, for: owner) }
        return pools
    }

    /// What allocations and Services do not agree on.
    static func audit(_ db: Database, file: String) throws -> [AuditFinding] {
        let meta = try meta(db)
        let services = try objects(of: .service, db, file: file).compactMap { stored -> Service? in
            guard case .service(let service) = stored.object else { return nil }
            return service
        }
        return AddressAudit.findings(
            ranges: meta.serviceCIDRs.compactMap { try? AddressRange($0) },
            allocations: try allocations(db).map { AddressAllocation(address: $0.address, owner: $0.owner) },
            services: services)
            + AddressAudit.findings(
                nodePortRange: meta.nodePorts, allocations: try nodePorts(db), services: services)
    }
}
