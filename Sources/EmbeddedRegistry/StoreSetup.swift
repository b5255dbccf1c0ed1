import AddressAllocator
import GRDB
import Registry

/// What an opened registry is brought to before it is used: former forms made present ones, the settings noted.
enum StoreSetup {
    /// Where virtual IPs come from.
    struct Ranges {
        let present: [CIDR]
        /// Those of the last start; nil where this is the first.
        let former: [CIDR]?
    }

    static func complete(
        _ state: inout StoreState, in database: Database, settings: StoreSettings, file: String, now: Timestamp
    ) throws -> Ranges {
        let former = try StoredRows.serviceCIDRs(in: database)
        let ranges = settings.serviceCIDRs ?? former ?? StoreSettings.defaultServiceCIDRs
        try StoredRows.set(
            StoreSetting.serviceCIDRs, ranges.map(\.description).joined(separator: " "), in: database)
        try StoredRows.set(
            StoreSetting.nodePorts, "\(settings.nodePorts.lowerBound)-\(settings.nodePorts.upperBound)", in: database)
        if try StoredRows.setting(StoreSetting.identity, in: database) == nil {
            let identity = String(UInt128.random(in: .min ... .max), radix: 16)
            try StoredRows.set(StoreSetting.identity, identity, in: database)
        }
        state.pools.addresses.defaultFamily = ranges.first?.family
        var batch = try StoreBatch(database: database, file: file, settings: settings, now: now, state: state)
        try batch.adoptAllocations()
        try batch.declareRanges(ranges, areNew: former != ranges)
        try batch.finish()
        state = batch.state
        return Ranges(present: ranges, former: former)
    }
}

extension StoreBatch {
    /// Makes objects of the allocations that an earlier version kept in a table of their own.
    fileprivate mutating func adoptAllocations() throws {
        guard try database.tableExists("former_allocations") else { return }
        for row in try Row.fetchAll(database, sql: "SELECT address, namespace, name FROM former_allocations") {
            guard let address = IPAddress(try row.value("address") as String) else { continue }
            try adopt(address, of: NamespacedName(namespace: try row.value("namespace"), name: try row.value("name")))
        }
        try database.execute(sql: "DROP TABLE former_allocations")
    }

    /// Writes the object for the ranges that the server was started with.
    ///
    /// - Parameter areNew: Whether the last start had others; where it had the same, the object may say more by now.
    fileprivate mutating func declareRanges(_ ranges: [CIDR], areNew: Bool) throws {
        guard !ranges.isEmpty else { return }
        let key = ObjectKey(.serviceCIDR, NamespacedName(namespace: "", name: ServiceCIDRDocument.defaultName))
        let stored = try object(key)
        var range = ServiceCIDRDocument(ranges: ranges)
        if let stored {
            let known = ServiceCIDRDocument(stored.document)
            guard areNew || !known.isBeingDeleted else { return }
            if !known.isBeingDeleted { range = known }
            if areNew { range.setNetworks(ranges) }
        }
        range.addFinalizer()
        range.setReady(true, at: now)
        let completed = completed(range.document, key: key, over: stored)
        guard completed != stored?.document else { return }
        _ = try write(completed, key: key, over: stored, feeder: RegistryStore.ownFeeder, origin: "")
        try settleRanges()
    }
}
