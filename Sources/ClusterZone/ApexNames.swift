import DNS
import Registry

/// The fixed names of the zones: what its file says, and the name servers as they are now.
struct ApexNames: Sendable {
    private let settings: ClusterZoneSettings

    init(settings: ClusterZoneSettings) {
        self.settings = settings
    }

    /// The SOA record of one of the zones, with the serial of the last change; its TTL bounds denials too.
    func soa(of apex: DomainName, serial: UInt32) -> Record {
        let found = settings.apexRecords.first { $0.type == .soa && $0.owner == settings.apex }
        let ttl = min(settings.ttl, 300)
        guard let found, var soa = StartOfAuthority(found.data) else {
            return Record(owner: apex, ttl: ttl, data: RecordData(type: .soa, bytes: []))
        }
        soa.serial = serial
        soa.minimum = settings.ttl
        soa.primary = moved(soa.primary, to: apex)
        soa.mailbox = moved(soa.mailbox, to: apex)
        return Record(owner: apex, ttl: ttl, data: soa.data)
    }

    /// A name below the first zone, at the same place below another one.
    private func moved(_ name: DomainName, to apex: DomainName) -> DomainName {
        guard apex != settings.apex else { return name }
        return name.moved(from: settings.apex, to: apex) ?? name
    }

    /// The name servers of a zone and their addresses.
    struct Servers: Hashable, Sendable {
        let names: [DomainName]
        let glue: [Record]
    }

    /// - Parameter services: those that answer for this server, and their virtual IPs; none: the file's NS name.
    func servers(of apex: DomainName, services: [(name: DomainName, addresses: [IPAddress])]) -> Servers {
        guard services.isEmpty else {
            return Servers(
                names: services.map(\.name),
                glue: services.flatMap { server in
                    server.addresses.map { Record(owner: server.name, ttl: settings.ttl, data: .address($0.bytes)) }
                })
        }
        let isForward = settings.forwardApexes.contains(apex)
        return Servers(
            names: fileNameservers().map { isForward ? moved($0, to: apex) : $0 },
            glue: hostAddresses().map { record in
                var record = record
                if isForward { record.owner = moved(record.owner, to: apex) }
                return record
            })
    }

    /// The apex of a zone as it is with this serial and these servers.
    func apexChange(of apex: DomainName, serial: UInt32, servers: Servers) -> ZoneChange {
        var answers = [
            TypedAnswer(type: .soa, records: [soa(of: apex, serial: serial)]),
            TypedAnswer(
                type: .ns, records: servers.names.map { Record(owner: apex, ttl: settings.ttl, data: .ns($0)) },
                additionals: servers.glue),
        ]
        if settings.forwardApexes.contains(apex) {
            let others = settings.apexRecords.filter {
                $0.owner == settings.apex && $0.type != .soa && $0.type != .ns
            }
            answers += Self.grouped(others.map { moved($0, to: apex) })
        }
        return .set(apex, zone: apex, answers: answers)
    }

    /// All fixed names of the zones below their apexes.
    func fixedChanges() -> [ZoneChange] {
        var names = fixedNames()
        for record in hostAddresses() {
            names[record.owner, default: []].append(record)
        }
        return settings.forwardApexes.flatMap { apex in
            names.filter { $0.key != settings.apex }.map { name, records in
                .set(moved(name, to: apex), zone: apex, answers: Self.grouped(records.map { moved($0, to: apex) }))
            }
        }
    }

    private func moved(_ record: Record, to apex: DomainName) -> Record {
        var record = record
        record.owner = moved(record.owner, to: apex)
        return record
    }

    /// The file's names with their records, and the empty non-terminals between them and the apex.
    private func fixedNames() -> [DomainName: [Record]] {
        var names: [DomainName: [Record]] = [:]
        for label in ["svc", "pod"] {
            if let name = DomainName(labels: [label], under: settings.apex) { names[name] = [] }
        }
        // Name servers exist even on a host that has no address to give for them.
        for owner in settings.apexRecords.map(\.owner) + fileNameservers().map(\.lowercased)
        where owner.isWithin(settings.apex) {
            for name in owner.selfAndAncestors.prefix(while: { $0.isWithin(settings.apex) }) where names[name] == nil {
                names[name] = []
            }
        }
        for record in settings.apexRecords where record.owner.isWithin(settings.apex) {
            names[record.owner.lowercased, default: []].append(record)
        }
        return names
    }

    /// The addresses of the file's name servers inside the zone: this host's, but for loopback.
    private func hostAddresses() -> [Record] {
        fileNameservers().filter { $0.isWithin(settings.apex) }.flatMap { name in
            settings.localAddresses.map { Record(owner: name.lowercased, ttl: settings.ttl, data: .address($0.bytes)) }
        }
    }

    private func fileNameservers() -> [DomainName] {
        settings.apexRecords.filter { $0.type == .ns && $0.owner == settings.apex }.compactMap(\.data.target)
    }

    private static func grouped(_ records: [Record]) -> [TypedAnswer] {
        Dictionary(grouping: records, by: \.type).sorted { $0.key.rawValue < $1.key.rawValue }.map {
            TypedAnswer(type: $0.key, records: $0.value)
        }
    }
}
