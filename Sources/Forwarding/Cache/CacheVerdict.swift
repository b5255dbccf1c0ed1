import Corefile
import DNS
import Pipeline

/// What an answer is to the cache: its kind, and how long it may be kept.
struct CacheVerdict: Hashable, Sendable {
    enum Kind: Hashable, Sendable {
        /// Records, an empty NOERROR or a referral.
        case success
        /// The name or the type does not exist (RFC 2308 §5).
        case denial
        /// SERVFAIL or NOTIMP (RFC 2308 §7.1).
        case failure
    }

    var kind: Kind
    /// Seconds, at least 1; every record of the answer goes out with it.
    var ttl: UInt32

    /// Judges an answer; nil for what must not be kept.
    ///
    /// Not kept are answers that were cut, transfers and other meta types (RFC 6895 §3.1), NXDOMAIN and CNAMEs into
    /// nothing without an SOA record (RFC 2308 §5), codes other than NOERROR, NXDOMAIN, SERVFAIL and NOTIMP, and,
    /// where DNSSEC records were wanted, signatures that are not valid now.
    ///
    /// - Parameter seconds: seconds since 1970, for the times in signatures.
    init?(_ response: Response, to query: PipelineQuery, settings: CacheSettings, seconds: Int64) {
        guard !response.isTruncated, !response.isSilent, response.failure == nil, query.opcode == .query,
            !Self.isMeta(query.type)
        else { return nil }
        var lifetime = UInt32.max
        if query.isDNSSECOK {
            for record in [response.answers, response.authorities, response.additionals].joined()
            where record.type == .rrsig {
                guard let left = Self.validity(of: record, at: seconds) else { return nil }
                lifetime = min(lifetime, left)
            }
        }
        // Whether it says that something is not there: the SOA's minimum holds then (RFC 2308 §5).
        var isDenial = response.code == .nxDomain
        let hasSOA = response.authorities.contains { $0.type == .soa }
        switch response.code {
        case .noError:
            let isReferral = response.answers.isEmpty && response.authorities.contains { $0.type == .ns }
            if response.answers.isEmpty && hasSOA {
                kind = .denial
                isDenial = true
            } else if response.answers.isEmpty, !isReferral {
                // Neither an answer nor a denial: how long that holds nobody said.
                return nil
            } else {
                let isAnswered = query.type == .any || response.answers.contains { $0.type == query.type }
                guard isReferral || isAnswered || hasSOA else { return nil }
                kind = .success
                // An alias that leads to a name without the type.
                isDenial = !isReferral && !isAnswered
            }
            // Where the delegation ends nobody told either.
            if isReferral, !hasSOA { lifetime = min(lifetime, Self.shortTTL) }
        case .nxDomain:
            guard hasSOA else { return nil }
            kind = .denial
        case .serverFailure, .notImplemented:
            kind = .failure
            ttl = settings.servfail
            guard ttl > 0 else { return nil }
            return
        default:
            return nil
        }
        lifetime = min(lifetime, Self.shortestTTL(in: response, isDenial: isDenial))
        let limits = kind == .denial ? settings.denial : settings.success
        ttl = min(max(lifetime, limits.minimumTTL), limits.maximumTTL)
        guard ttl > 0 else { return nil }
    }

    /// What is kept of answers that do not say how long.
    private static let shortTTL: UInt32 = 5

    private static func isMeta(_ type: RecordType) -> Bool {
        type == .opt || type.rawValue == 0 || (128...254).contains(type.rawValue)
    }

    private static func shortestTTL(in response: Response, isDenial: Bool) -> UInt32 {
        var shortest = UInt32.max
        for section in [response.answers, response.authorities, response.additionals] {
            for record in section {
                // Times with the top bit set are taken as zero (RFC 2181 §8).
                shortest = min(shortest, record.ttl > UInt32(Int32.max) ? 0 : record.ttl)
                if isDenial, record.type == .soa, let soa = StartOfAuthority(record.data) {
                    shortest = min(shortest, soa.minimum)
                }
            }
        }
        return shortest
    }

    /// The seconds a signature is still valid for (RFC 4034 §3.1.5); nil for one that is not.
    private static func validity(of record: Record, at seconds: Int64) -> UInt32? {
        let bytes = record.data.bytes
        guard bytes.count >= 18 else { return nil }
        func number(_ start: Int) -> UInt32 { bytes[start..<start + 4].reduce(0) { $0 << 8 | UInt32($1) } }
        // Serial numbers of 32 bits (RFC 1982).
        let now = UInt32(truncatingIfNeeded: seconds)
        let left = Int32(bitPattern: number(8) &- now)
        guard left > 0, Int32(bitPattern: now &- number(12)) >= 0 else { return nil }
        return UInt32(left)
    }
}
