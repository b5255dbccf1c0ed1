import DNS
import Registry

/// The fixed names of a zone: what its file says, and the name servers as they are now.
struct ApexNames {
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

    /// A name below the cluster zone, at the same place below another zone.
    private func moved(_ name: DomainName, to apex: DomainName) -> DomainName {
        guard apex != settings.apex, name.isWithin(settings.apex) else { return name }
        return DomainName(wire: name.wire.dropLast(settings.apex.wire.count) + apex.wire) ?? name
    }

    /// All fixed names of the cluster zone and the apexes of the reverse zones.
    ///
    /// - Parameter servers: Services that answer for this server, and their virtual IPs; none: the file's NS name.
    func changes(serial: UInt32, servers: [(name: DomainName, addresses: [IPAddress])]) -> [ZoneChange] {
        let (nameservers, glue) = nameservers(servers)
        func apexAnswers(_ apex: DomainName) -> [TypedAnswer] {
            [
                TypedAnswer(type: .soa, records: [soa(of: apex, serial: serial)]),
                TypedAnswer(
                    type: .ns,
                    records: nameservers.map { Record(owner: apex, ttl: settings.ttl, data: .ns($0)) },
                    additionals: glue),
            ]
        }
        var names = fixedNames()
        for record in hostAddresses() {
            names[record.owner, default: []].append(record)
        }
        var changes: [ZoneChange] = []
        for (name, records) in names where name != settings.apex {
            changes.append(.set(name, zone: settings.apex, answers: Self.grouped(records)))
        }
        let others = Self.grouped((names[settings.apex] ?? []).filter { $0.type != .soa && $0.type != .ns })
        changes.append(.set(settings.apex, zone: settings.apex, answers: apexAnswers(settings.apex) + others))
        return changes + settings.reverseApexes.map { .set($0, zone: $0, answers: apexAnswers($0)) }
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

    private func nameservers(
        _ servers: [(name: DomainName, addresses: [IPAddress])]
    ) -> (names: [DomainName], glue: [Record]) {
        guard servers.isEmpty else {
            return (
                servers.map(\.name),
                servers.flatMap { server in
                    server.addresses.map {
                        Record(owner: server.name, ttl: settings.ttl, data: .address($0.bytes))
                    }
                }
            )
        }
        return (fileNameservers(), hostAddresses())
    }

    private static func grouped(_ records: [Record]) -> [TypedAnswer] {
        Dictionary(grouping: records, by: \.type).sorted { $0.key.rawValue < $1.key.rawValue }.map {
            TypedAnswer(type: $0.key, records: $0.value)
        }
    }
}
