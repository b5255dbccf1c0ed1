import DNS

/// Why records make no zone: the fault and the name it lies at.
package struct StaticZoneError: Error, Hashable, Sendable {
    /// The kinds of fault.
    package enum Reason: Hashable, Sendable {
        /// No SOA record at the apex.
        case noStartOfAuthority
        case severalStartsOfAuthority
        /// An SOA record below the apex.
        case startOfAuthorityBelowApex
        /// The name does not lie in the zone.
        case outOfZone(apex: DomainName)
        /// Records of another type beside a CNAME (RFC 2181 §10.1).
        case aliasWithOtherData(RecordType)
        case severalAliases
        /// Two DNAME records (RFC 6672 §2.4).
        case severalRedirections
        /// A DNAME record beside NS records below the apex (RFC 6672 §2.3).
        case redirectionWithDelegation
        /// Data that is not in the form of its type.
        case badData(RecordType)
    }

    package let owner: DomainName
    package let reason: Reason
}

extension StaticZoneError: CustomStringConvertible {
    package var description: String {
        switch reason {
        case .noStartOfAuthority: "\(owner): the zone has no SOA record"
        case .severalStartsOfAuthority: "\(owner): more than one SOA record"
        case .startOfAuthorityBelowApex: "\(owner): an SOA record below the top of the zone"
        case .outOfZone(let apex): "\(owner): not in the zone \(apex)"
        case .aliasWithOtherData(let type): "\(owner): \(type) beside a CNAME, which must be alone"
        case .severalAliases: "\(owner): more than one CNAME record"
        case .severalRedirections: "\(owner): more than one DNAME record"
        case .redirectionWithDelegation: "\(owner): DNAME beside NS"
        case .badData(let type): "\(owner): the data is no \(type)"
        }
    }
}

/// What a zone can live with, though it is hardly meant.
package enum StaticZoneWarning: Hashable, Sendable {
    /// The apex has no NS records (RFC 1034 §4.2.1).
    case noNameServers(apex: DomainName)
    /// A delegation names a server within itself and gives no address for it.
    case missingGlue(cut: DomainName, server: DomainName)
    /// Records that no query reaches, since a delegation or a DNAME record stands above them.
    case hidden(owner: DomainName, by: DomainName)
    /// Signatures, which no answer carries: a validating resolver takes the zone for a forgery.
    case signed(owner: DomainName)
}

extension StaticZoneWarning: CustomStringConvertible {
    package var description: String {
        switch self {
        case .noNameServers(let apex): "\(apex): the zone has no NS records"
        case .missingGlue(let cut, let server): "\(cut): no address for its server \(server)"
        case .hidden(let owner, let barrier): "\(owner): hidden by the NS or DNAME records of \(barrier)"
        case .signed(let owner): "\(owner): has signatures (DNSSEC), which are not given with answers"
        }
    }
}
