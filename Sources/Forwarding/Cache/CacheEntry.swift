import Corefile
import DNS
import Pipeline

/// What an entry is found by, beside the hash of it.
struct CacheKey: Hashable, Sendable {
    struct Bits: OptionSet, Hashable, Sendable {
        let rawValue: UInt8

        static let isDNSSECOK = Bits(rawValue: 1)
        static let isCheckingDisabled = Bits(rawValue: 2)
    }

    /// In lower case.
    var name: DomainName
    var type: RecordType
    var recordClass: RecordClass
    var bits: Bits
}

/// One answer as it is kept.
///
/// Sendable because whoever reads or changes one holds the lock of the shard it is in; nobody else has a reference.
final class CacheEntry: @unchecked Sendable {
    let hash: UInt64
    let key: CacheKey
    let kind: CacheVerdict.Kind
    /// Seconds from `stored` on.
    let ttl: UInt32
    /// Nanoseconds of the cache's clock.
    let stored: Int64
    /// Estimated memory, in bytes.
    let bytes: Int
    /// The reply. Owners that are the name asked for are in lower case; all records have the time to live of the last
    /// hit, so that further hits in the same second copy nothing.
    private var reply: Response
    private var writtenTTL: UInt32
    private let isAuthenticData: Bool
    /// The reply as listeners' threads give it; nil where only the stage gives it.
    let wire: WireAnswer?
    /// Was hit since the eviction's hand last passed.
    var isRecent: Bool {
        get { wire?.isRecent ?? isMarked }
        set {
            isMarked = newValue
            wire?.isRecent = newValue
        }
    }
    private var isMarked = false
    /// How often it was hit without a gap, and when last, for `prefetch`.
    var hits = 0
    var lastHit: Int64
    /// No refresh begins before, in nanoseconds of the cache's clock.
    var refreshAfter = Int64.min

    init(hash: UInt64, key: CacheKey, verdict: CacheVerdict, response: Response, stored: Int64) {
        self.hash = hash
        self.key = key
        kind = verdict.kind
        ttl = verdict.ttl
        self.stored = stored
        lastHit = stored
        writtenTTL = verdict.ttl
        isAuthenticData = response.isAuthenticData
        reply = Response(response.code, isAuthoritative: response.isAuthoritative)
        reply.source = CacheSettings.directive
        reply.isRecursionAvailable = response.isRecursionAvailable
        reply.extendedError = response.extendedError
        if reply.extendedError == nil, response.code == .serverFailure {
            reply.extendedError = ExtendedError(.cachedError)
        }
        reply.answers = Self.compacted(response.answers, key: key, ttl: verdict.ttl)
        reply.authorities = Self.compacted(response.authorities, key: key, ttl: verdict.ttl)
        reply.additionals = Self.compacted(response.additionals, key: key, ttl: verdict.ttl)
        wire = WireAnswer(
            reply, key: key, hash: hash, verdict: verdict, stored: stored, isAuthenticData: response.isAuthenticData)
        bytes =
            Self.ownBytes + (wire.map { $0.bytes + Self.wireBytes } ?? 0) + Self.bytes(of: key.name.wire)
            + [reply.answers, reply.authorities, reply.additionals].reduce(0) {
                $0 + Self.bytes(of: $1, beside: key.name.wire)
            }
            + (reply.extendedError?.text.utf8.count ?? 0)
    }

    deinit { wire?.deallocate() }

    var code: ResponseCode { reply.code }

    /// The seconds left at an instant of the cache's clock; negative where the time is over.
    func remaining(at now: Int64) -> Int64 {
        Int64(ttl) - max(0, now &- stored) / 1_000_000_000
    }

    /// The answer with a time to live in every record, in the spelling of one asker.
    func response(ttl: UInt32, to query: PipelineQuery) -> Response {
        if writtenTTL != ttl {
            // In place, unless an earlier reply still holds the records.
            for index in reply.answers.indices { reply.answers[index].ttl = ttl }
            for index in reply.authorities.indices { reply.authorities[index].ttl = ttl }
            for index in reply.additionals.indices { reply.additionals[index].ttl = ttl }
            writtenTTL = ttl
        }
        var response = reply
        // Only who asks for it understands AD (RFC 6840 §5.8).
        response.isAuthenticData = isAuthenticData && (query.isDNSSECOK || query.isAuthenticDataWanted)
        if query.name.wire != key.name.wire {
            Self.respell(&response.answers, key.name, query.name)
            Self.respell(&response.authorities, key.name, query.name)
            Self.respell(&response.additionals, key.name, query.name)
        }
        return response
    }

    private static func respell(_ records: inout [Record], _ name: DomainName, _ spelling: DomainName) {
        for index in records.indices where records[index].owner.wire == name.wire { records[index].owner = spelling }
    }

    /// The records in arrays of their exact length, equal owners in the same memory.
    private static func compacted(_ records: [Record], key: CacheKey, ttl: UInt32) -> [Record] {
        var last = key.name
        return records.map { record in
            var record = record
            record.ttl = ttl
            if record.owner == key.name {
                record.owner = key.name
            } else if record.owner.wire == last.wire {
                record.owner = last
            }
            last = record.owner
            return record
        }
    }

    /// The object itself, its place in a table, and in the table's index, which is at most three quarters full.
    private static let ownBytes = 264 + 8 + 32
    /// The allocator's rounding of a wire form, and its place in an index that is at most half full.
    private static let wireBytes = 16 + 48

    /// - Parameter name: an owner that takes no memory of its own.
    private static func bytes(of records: [Record], beside name: [UInt8]) -> Int {
        guard !records.isEmpty else { return 0 }
        var bytes = 48 + records.count * MemoryLayout<Record>.stride
        var last = name
        for record in records {
            if record.owner.wire != last, record.owner.wire != name { bytes += Self.bytes(of: record.owner.wire) }
            last = record.owner.wire
            bytes += Self.bytes(of: record.data.bytes)
        }
        return bytes
    }

    /// An array of bytes: its header and the allocator's rounding.
    private static func bytes(of array: [UInt8]) -> Int { 48 + max(array.capacity, array.count) }
}
