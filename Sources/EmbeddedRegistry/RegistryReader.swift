import FileReading
import FileWatching
import AddressAllocator
import GRDB
import Glibc
import Registry

/// The registry seen from another process, read-only, whether a server runs on it or not; it leaves no file behind.
///
/// Each read opens the file anew: a reader that stays for days follows servers that come and go, and holds nothing.
package struct RegistryReader: RegistrySource {
    /// The database within a registry's folder.
    package static let fileName = "registry.sqlite"
    /// Beside it, what names were made of last; whoever answers from the registry keeps it.
    package static let namesFileName = "registry.names"

    private let directory: String
    private let file: String

    /// - Throws: `StoreError`: there is none, or it cannot be read.
    package init(directory: String) throws {
        self.directory = directory
        file = "\(directory)/\(Self.fileName)"
        let remains = try StoreRemains(of: directory)
        try read { database in
            try StoreSchema.check(database, file: file, remains: remains)
            // A server is about to make it.
            guard try database.tableExists("settings") else { throw StoreError.missing(file: file) }
            guard try !database.tableExists("allocations") else { throw StoreError.olderSchema(file: file) }
        }
    }

    /// The objects of a kind.
    package func objects(of kind: ObjectKind) throws -> [StoredObject] {
        try read { try StoredRows.objects(of: kind, in: $0, file: file) }
    }

    package func services() throws -> [Service] {
        try objects(of: .service).compactMap { if case .service(let service) = $0.object { service } else { nil } }
    }

    /// The server that was started on the registry last; nil where there was none.
    package func server() throws -> ServerRecord? {
        try read { try StoredRows.setting(StoreSetting.server, in: $0) }
            .flatMap { text in (try? JSONText.value(of: text)).flatMap { ServerRecord($0) } }
    }

    /// The registry's version.
    package func version() throws -> ResourceVersion {
        try read { try StoredRows.version(in: $0) }
    }

    /// What tells the registry from all others, and the changes behind a version.
    package struct Standing: Sendable {
        /// nil for one that no server of this version has opened yet.
        package let identity: String?
        package let version: ResourceVersion
        /// In their order; nil where not all of them are kept, or the version has not been reached.
        package let changes: [ObjectChange]?
    }

    /// How the registry stands to what was known of it at a version.
    ///
    /// - Parameter limit: the most changes that are read; where there are more, none are given.
    package func standing(since known: ResourceVersion, limit: Int) throws -> Standing {
        try read { database in
            let version = try StoredRows.version(in: database)
            var changes: [ObjectChange]?
            if version >= known, try StoredRows.oldestVersion(in: database) <= known {
                let found = try StoredRows.changes(after: known, limit: limit + 1, in: database, file: file)
                if found.count <= limit { changes = found.map(\.change) }
            } else if version == known {
                changes = []
            }
            return Standing(
                identity: try StoredRows.setting(StoreSetting.identity, in: database), version: version,
                changes: changes)
        }
    }

    /// Who has which address and node port, what rests and who waits; all of one moment.
    package func addressing() throws -> Addressing {
        try read { database in
            var addressing = Addressing()
            // Those that are being removed, too: what lies in them is in its place.
            addressing.ranges = try StoredRows.ranges(in: database, file: file).flatMap {
                ServiceCIDRDocument($0.document).ranges
            }
            let bounds = try (StoredRows.setting(StoreSetting.nodePorts, in: database) ?? "").split(separator: "-")
                .compactMap { Int($0) }
            if bounds.count == 2, bounds[0] <= bounds[1] { addressing.nodePortRange = bounds[0]...bounds[1] }
            for stored in try StoredRows.objects(of: .ipAddress, in: database, file: file) {
                guard let address = IPAddress(stored.key.id.name) else { continue }
                if let owner = IPAddressDocument.owner(of: stored) {
                    addressing.allocations.append(AddressAllocation(address: address, owner: owner))
                } else {
                    addressing.claims.append(address)
                }
            }
            for row in try Row.fetchAll(database, sql: "SELECT number, namespace, name FROM node_ports") {
                addressing.nodePorts[try row.value("number")] = NamespacedName(
                    namespace: try row.value("namespace"), name: try row.value("name"))
            }
            var quarantine: [IPAddress: Timestamp] = [:]
            for row in try Row.fetchAll(database, sql: "SELECT address, ends FROM quarantine") {
                guard let address = IPAddress(try row.value("address") as String) else { continue }
                quarantine[address] = Timestamp(milliseconds: try row.value("ends"))
            }
            addressing.quarantine = quarantine
            for row in try Row.fetchAll(database, sql: "SELECT namespace, name, reason FROM pending") {
                addressing.pending[NamespacedName(namespace: try row.value("namespace"), name: try row.value("name"))] =
                    try row.value("reason")
            }
            addressing.services = try StoredRows.objects(of: .service, in: database, file: file).compactMap {
                if case .service(let service) = $0.object { service } else { nil }
            }
            return addressing
        }
    }

    /// Everything about virtual IPs and node ports.
    package struct Addressing: Sendable {
        package var ranges: [AddressRange] = []
        package var nodePortRange = NodePortAllocator.defaultRange
        package var allocations: [AddressAllocation] = []
        /// Addresses kept by IPAddress objects that somebody has made by hand.
        package var claims: [IPAddress] = []
        package var nodePorts: [Int: NamespacedName] = [:]
        /// nil where it is not known: the API does not tell of it.
        package var quarantine: [IPAddress: Timestamp]?
        /// The Services that wait, each with the reason.
        package var pending: [NamespacedName: String] = [:]
        package var services: [Service] = []

        /// What allocations and Services do not agree on; empty where all is sound.
        package var findings: [AuditFinding] {
            AddressAudit.findings(ranges: ranges, allocations: allocations, services: services)
                + AddressAudit.findings(nodePortRange: nodePortRange, allocations: nodePorts, services: services)
        }
    }

    /// A snapshot now and another one behind every change; ends when the caller stops reading.
    ///
    /// Each is all there is: of those that the caller has not come to, the newest is kept.
    package func events() async throws -> AsyncThrowingStream<RegistryEvent, any Error> {
        let watcher = try FileWatcher()
        try watcher.watch(directory, .files([VersionFile.name]))
        let (stream, continuation) = AsyncThrowingStream<RegistryEvent, any Error>.makeStream(
            bufferingPolicy: .bufferingNewest(1))
        let task = Task {
            defer { watcher.stop() }
            do {
                var last: ResourceVersion?
                func tell() throws {
                    let current = try version()
                    guard current != last else { return }
                    last = current
                    let objects = try read { try StoredRows.objects(in: $0, file: file) }
                    continuation.yield(.snapshot(objects.map(\.object), at: current))
                }
                try tell()
                for await _ in watcher.signals {
                    _ = watcher.takeChanges()
                    try tell()
                }
                continuation.finish()
            } catch {
                continuation.finish(throwing: error)
            }
        }
        continuation.onTermination = { _ in task.cancel() }
        return stream
    }

    /// Runs a body on the state of one moment.
    func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        _ = try StoreRemains(of: directory)
        for _ in 0..<8 {
            // Without bytes it is one that a server is about to make.
            guard let stamp = FileStamp(of: file), stamp.size > 0 else { throw StoreError.missing(file: file) }
            // A log beside the file: it takes part in the reading, under SQLite's locks.
            if FileStamp(of: log) != nil { return try read(file, body) }
            // None: nobody has the file open, and opening it the usual way would make a log. What is read is of one
            // moment as long as no server has started meanwhile.
            let result = Result { try read(unchanging, body) }
            // A SQLite that was built without such names cannot open it.
            if case .failure(StoreError.failed) = result { break }
            if FileStamp(of: log) == nil, FileStamp(of: file) == stamp { return try result.get() }
        }
        return try read(file, body)
    }

    private var log: String { StoreFolder.log(of: file) }

    /// The file by the name that tells SQLite to take no locks and make no log (sqlite.org/uri.html).
    private var unchanging: String {
        let escaped = file.utf8.map { byte -> String in
            switch Unicode.Scalar(byte) {
            case "a"..."z", "A"..."Z", "0"..."9", "/", "-", ".", "_": String(Unicode.Scalar(byte))
            default: "%" + String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
            }
        }
        return "file:\(escaped.joined())?immutable=1"
    }

    private func read<Value>(_ path: String, _ body: (Database) throws -> Value) throws -> Value {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        let isolated = configuration
        return try StoreError.mapping(file: file) {
            let database = try DatabaseQueue(path: path, configuration: isolated)
            return try database.read(body)
        }
    }
}
