import DNS

/// What one zone says to one question (RFC 1034 §4.3.2, one step: aliases are not followed).
package enum ZoneAnswer: Hashable, Sendable {
    /// The RRset asked for, its owners spelled as the zone has them, and addresses that go with it.
    case records([Record], additional: [Record])
    /// The name is an alias: its CNAME (behind the DNAME that made it, if any), and where to go on.
    case alias([Record], target: DomainName)
    /// The name exists, without records of the type asked for.
    case noData
    case nxDomain
    /// The DNAME record above the name would make a name of more than 255 bytes of it: YXDOMAIN (RFC 6672 §2.2).
    case nameTooLong([Record])
    /// The name lies below a zone cut: the NS RRset there, and glue.
    case referral([Record], glue: [Record])
}

/// A zone that this server is an authority for.
package protocol Zone: Sendable {
    /// The topmost name.
    var apex: DomainName { get }
    /// The SOA record of denials, its TTL bounded by the minimum (RFC 2308 §3).
    var denialSOA: Record { get }
    /// What the zone says; `name` is the apex or lies below it.
    func answer(to name: DomainName, type: RecordType) -> ZoneAnswer
}

extension ResponseCode {
    /// A name exists that should not: for a DNAME record that makes no legal name (RFC 6672 §2.2).
    package static var yxDomain: Self { Self(rawValue: 6) }
}
