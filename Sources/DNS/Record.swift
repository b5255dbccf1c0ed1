/// The data of a record, by its type, in uncompressed wire form (RFC 1035 §3.3, RFC 3597).
package struct RecordData: Hashable, Sendable {
    package let type: RecordType
    /// At most 65,535 bytes; names inside are uncompressed.
    package let bytes: [UInt8]

    package init(type: RecordType, bytes: [UInt8]) {
        self.type = type
        self.bytes = bytes
    }

    /// An address of 4 bytes (A) or 16 (AAAA), in network order.
    package static func address(_ bytes: [UInt8]) -> RecordData {
        RecordData(type: bytes.count == 4 ? .a : .aaaa, bytes: bytes)
    }

    package static func cname(_ target: DomainName) -> RecordData {
        RecordData(type: .cname, bytes: target.wire)
    }

    package static func ns(_ server: DomainName) -> RecordData {
        RecordData(type: .ns, bytes: server.wire)
    }

    package static func ptr(_ target: DomainName) -> RecordData {
        RecordData(type: .ptr, bytes: target.wire)
    }

    /// A service location (RFC 2782).
    package static func srv(priority: UInt16, weight: UInt16, port: UInt16, target: DomainName) -> RecordData {
        RecordData(
            type: .srv,
            bytes: [priority, weight, port].flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] } + target.wire)
    }

    /// The minimal answer to a query for all types (RFC 8482 §4.2).
    package static let minimalAny = RecordData(type: .hinfo, bytes: [7] + Array("RFC8482".utf8) + [0])

    /// The name that a CNAME, NS, PTR or DNAME record points to; nil for other types.
    package var target: DomainName? {
        switch type {
        case .cname, .ns, .ptr, .dname: DomainName(wire: bytes)
        case .srv: DomainName(wire: bytes.dropFirst(6))
        case .mx: DomainName(wire: bytes.dropFirst(2))
        default: nil
        }
    }
}

/// A resource record of class IN (RFC 1035 §3.2.1).
package struct Record: Hashable, Sendable {
    package var owner: DomainName
    /// Seconds, at most 2³¹−1 (RFC 2181 §8).
    package var ttl: UInt32
    package var data: RecordData

    package init(owner: DomainName, ttl: UInt32, data: RecordData) {
        self.owner = owner
        self.ttl = ttl
        self.data = data
    }

    package var type: RecordType { data.type }

    /// The type of the records that an RRSIG is over (RFC 4034 §3.1.1); nil for other types and broken data.
    package var signedType: RecordType? {
        guard type == .rrsig, data.bytes.count >= 2 else { return nil }
        return RecordType(rawValue: UInt16(data.bytes[0]) << 8 | UInt16(data.bytes[1]))
    }
}

/// The data of a zone's SOA record (RFC 1035 §3.3.13).
package struct StartOfAuthority: Hashable, Sendable {
    package var primary: DomainName
    package var mailbox: DomainName
    package var serial: UInt32
    /// Seconds, as the four that follow.
    package var refresh: UInt32
    package var retry: UInt32
    package var expire: UInt32
    /// Bounds the time that denials are kept (RFC 2308 §4).
    package var minimum: UInt32

    package init(
        primary: DomainName, mailbox: DomainName, serial: UInt32, refresh: UInt32, retry: UInt32, expire: UInt32,
        minimum: UInt32
    ) {
        self.primary = primary
        self.mailbox = mailbox
        self.serial = serial
        self.refresh = refresh
        self.retry = retry
        self.expire = expire
        self.minimum = minimum
    }

    /// Reads the data of an SOA record; nil for other types or broken data.
    package init?(_ data: RecordData) {
        guard data.type == .soa, let primary = NameReader.name(in: data.bytes, at: 0) else { return nil }
        guard let mailbox = NameReader.name(in: data.bytes, at: primary.wire.count) else { return nil }
        let start = primary.wire.count + mailbox.wire.count
        guard data.bytes.count == start + 20 else { return nil }
        func number(_ index: Int) -> UInt32 {
            data.bytes[(start + 4 * index)..<(start + 4 * index + 4)].reduce(0) { $0 << 8 | UInt32($1) }
        }
        self.init(
            primary: primary, mailbox: mailbox, serial: number(0), refresh: number(1), retry: number(2),
            expire: number(3), minimum: number(4))
    }

    package var data: RecordData {
        RecordData(
            type: .soa,
            bytes: primary.wire + mailbox.wire
                + [serial, refresh, retry, expire, minimum].flatMap { number in
                    stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> UInt32($0)) }
                })
    }
}

/// Reads uncompressed names out of record data.
enum NameReader {
    /// The name that starts at `start`; nil where it runs out of the bytes or is compressed.
    static func name(in bytes: [UInt8], at start: Int) -> DomainName? {
        var index = start
        while index < bytes.count, bytes[index] != 0 {
            guard bytes[index] <= 63 else { return nil }
            index += 1 + Int(bytes[index])
        }
        guard index < bytes.count else { return nil }
        return DomainName(wire: bytes[start...index])
    }
}
