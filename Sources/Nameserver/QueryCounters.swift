import DNS
import Pipeline
import Synchronization

/// What one responder counts, in memory that only its thread writes to: an increment is a load and a store.
///
/// `@unchecked Sendable`: cells are atomics, written by one thread (or under a lock that its users share) and read by
/// any; they live as long as this object. `state` is behind its lock.
final class QueryCounters: @unchecked Sendable {
    typealias Cell = Atomic<UInt64>

    /// What the cells of one server block count; padded to whole cache lines.
    enum Layout {
        static let families = 2
        static let requests = 0
        static let requestSizes = requests + families * CountedType.count
        static let requestBytes = requestSizes + SizeBucket.count
        static let responseSizes = requestBytes + 1
        static let responseBytes = responseSizes + SizeBucket.count
        static let durations = responseBytes + 1
        static let nanoseconds = durations + TimeBucket.count
        static let dnssecOK = nanoseconds + 1
        /// Answers from the table, by the low four bits of their code.
        static let readyCodes = dnssecOK + 1
        /// Answers that a stage had kept, likewise.
        static let keptCodes = readyCodes + 16
        static let count = (keptCodes + 16 + 15) / 16 * 16
        /// The directive that kept answers count for.
        static let keptSource = "cache"
    }

    /// Why a datagram or message got no reply of the stages' or the table's making.
    enum Drop: String, CaseIterable {
        /// A response, or too short for a header; or a stage that keeps silent.
        case silence
        /// FORMERR or NOTIMP.
        case malformed
        /// Too many queries under way.
        case overload
        /// A stage took too long.
        case timeout
        /// The system did not take the reply.
        case unsendable
        /// Its client has been sent too much of the same (`rrl`): nothing, or a reply cut to its question; or it would
        /// have been so.
        case rateLimit = "rate_limit"
        case rateLimitCut = "rate_limit_cut"
        case rateLimitReported = "rate_limit_reported"
    }

    struct BlockKey: Hashable, Sendable {
        var label: String
        var zone: String
    }

    struct CodeKey: Hashable, Sendable {
        var block: BlockKey
        var code: ResponseCode
        var source: String
    }

    private struct State {
        var blocks: [BlockKey: UnsafeMutablePointer<Cell>] = [:]
        /// The directive that ready-made answers of all blocks count for.
        var readySource = ""
        var codes: [CodeKey: UInt64] = [:]
    }

    /// `udp` or `tcp`, as CoreDNS's metrics have it.
    let proto: String
    private let state = Mutex(State())
    private let drops: UnsafeMutablePointer<Cell>
    private let pipelineAnswers: UnsafeMutablePointer<Cell>

    init(proto: String) {
        self.proto = proto
        drops = Self.makeCells(16)
        pipelineAnswers = drops + Drop.allCases.count
    }

    deinit {
        state.withLock { state in
            for cells in state.blocks.values { cells.deallocate() }
        }
        drops.deallocate()
    }

    private static func makeCells(_ count: Int) -> UnsafeMutablePointer<Cell> {
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: count * MemoryLayout<Cell>.stride, alignment: 128)
        let cells = memory.bindMemory(to: Cell.self, capacity: count)
        for index in 0..<count { (cells + index).initialize(to: Atomic(0)) }
        return cells
    }

    /// The cells of a server block; the same ones for every block of that label and zone, also after a reload.
    func cells(_ block: BlockKey) -> UnsafeMutablePointer<Cell> {
        state.withLock { state in
            if let known = state.blocks[block] { return UInt(bitPattern: known) }
            let made = Self.makeCells(Layout.count)
            state.blocks[block] = made
            return UInt(bitPattern: made)
        }.cells
    }

    /// From now on ready-made answers count for this directive.
    func setReadySource(_ source: String) { state.withLock { $0.readySource = source } }

    // MARK: Counting, by the owner

    @inline(__always)
    static func bump(_ cell: UnsafeMutablePointer<Cell>, by amount: UInt64 = 1) {
        cell.pointee.store(cell.pointee.load(ordering: .relaxed) &+ amount, ordering: .relaxed)
    }

    func count(_ drop: Drop) {
        if let index = Drop.allCases.firstIndex(of: drop) { Self.bump(drops + index) }
    }

    func countPipelineAnswer() { Self.bump(pipelineAnswers) }

    /// A request and its answer, but for code and duration.
    ///
    /// - Parameters:
    ///   - isIPv6: of the client's address.
    ///   - requestSize: bytes, as `responseSize`.
    @inline(__always)
    static func count(
        _ cells: UnsafeMutablePointer<Cell>, _ type: RecordType, isIPv6: Bool, isDNSSECOK: Bool, requestSize: Int,
        responseSize: Int
    ) {
        bump(cells + (Layout.requests &+ (isIPv6 ? CountedType.count : 0) &+ CountedType.index(of: type)))
        bump(cells + (Layout.requestSizes &+ SizeBucket.index(of: requestSize)))
        bump(cells + Layout.requestBytes, by: UInt64(truncatingIfNeeded: requestSize))
        bump(cells + (Layout.responseSizes &+ SizeBucket.index(of: responseSize)))
        bump(cells + Layout.responseBytes, by: UInt64(truncatingIfNeeded: responseSize))
        if isDNSSECOK { bump(cells + Layout.dnssecOK) }
    }

    /// The time that `number` answers took, each.
    static func countDuration(_ cells: UnsafeMutablePointer<Cell>, nanoseconds: UInt64, number: UInt64 = 1) {
        bump(cells + (Layout.durations &+ TimeBucket.index(of: nanoseconds)), by: number)
        bump(cells + Layout.nanoseconds, by: nanoseconds &* number)
    }

    /// The code of an answer of the stages' making, and the directive that made it.
    func count(_ code: ResponseCode, source: String, of block: BlockKey) {
        state.withLock { $0.codes[CodeKey(block: block, code: code, source: source), default: 0] += 1 }
    }

    // MARK: Reading, by anybody

    func add(to totals: inout CounterTotals) {
        let (blocks, codes, source) = state.withLock { state in
            (state.blocks.map { ($0.key, UInt(bitPattern: $0.value)) }, state.codes, state.readySource)
        }
        for (key, address) in blocks {
            let cells = address.cells
            let values = (0..<Layout.count).map { cells[$0].load(ordering: .relaxed) }
            totals.blocks[.init(block: key, proto: proto), default: .init(repeating: 0, count: Layout.count)].add(
                values)
            for code in 0..<16 {
                let (ready, kept) = (values[Layout.readyCodes + code], values[Layout.keptCodes + code])
                totals.readyAnswers &+= ready
                totals.keptAnswers &+= kept
                for (source, count) in [(source, ready), (Layout.keptSource, kept)] where count > 0 {
                    let code = ResponseCode(rawValue: UInt16(code))
                    totals.codes[CodeKey(block: key, code: code, source: source), default: 0] &+= count
                }
            }
        }
        totals.codes.merge(codes, uniquingKeysWith: &+)
        for (index, drop) in Drop.allCases.enumerated() {
            totals.drops[drop.rawValue, default: 0] &+= drops[index].load(ordering: .relaxed)
        }
        totals.pipelineAnswers &+= pipelineAnswers.pointee.load(ordering: .relaxed)
    }
}

/// The sum of what several responders have counted.
struct CounterTotals: Sendable {
    struct Key: Hashable, Sendable {
        var block: QueryCounters.BlockKey
        var proto: String
    }

    /// Values in the order of `QueryCounters.Layout`.
    var blocks: [Key: [UInt64]] = [:]
    var codes: [QueryCounters.CodeKey: UInt64] = [:]
    var drops: [String: UInt64] = [:]
    var readyAnswers: UInt64 = 0
    var keptAnswers: UInt64 = 0
    var pipelineAnswers: UInt64 = 0
}

extension [UInt64] {
    fileprivate mutating func add(_ other: [UInt64]) {
        for (index, value) in other.enumerated() where index < count { self[index] &+= value }
    }
}

extension UInt {
    /// The cells at this address: pointers do not pass through a lock's closure.
    fileprivate var cells: UnsafeMutablePointer<QueryCounters.Cell> {
        // Addresses are those of memory that `makeCells` gave.
        UnsafeMutablePointer(bitPattern: self).unsafelyUnwrapped
    }
}

// MARK: Buckets

/// The types that CoreDNS counts by name; all others are `other`.
enum CountedType {
    static let names = [
        "other", "A", "AAAA", "CNAME", "DNSKEY", "DS", "HTTPS", "MX", "NS", "NSEC", "NSEC3", "PTR", "RRSIG", "SOA",
        "SRV", "TXT", "ANY", "AXFR", "IXFR",
    ]
    static let count = 19

    @inline(__always)
    static func index(of type: RecordType) -> Int {
        switch type.rawValue {
        case 1: 1
        case 28: 2
        case 5: 3
        case 48: 4
        case 43: 5
        case 65: 6
        case 15: 7
        case 2: 8
        case 47: 9
        case 50: 10
        case 12: 11
        case 46: 12
        case 6: 13
        case 33: 14
        case 16: 15
        case 255: 16
        case 252: 17
        case 251: 18
        default: 0
        }
    }
}

/// CoreDNS's buckets of sizes, in bytes.
enum SizeBucket {
    static let bounds: [Double] = [0, 100, 200, 300, 400, 511, 1023, 2047, 4095, 8291, 16000, 32000, 48000, 64000]
    static let count = 15

    @inline(__always)
    static func index(of size: Int) -> Int {
        if size <= 511 { return size <= 400 ? (size &+ 99) / 100 : 5 }
        return large(size)
    }

    private static func large(_ size: Int) -> Int { bounds.firstIndex { Double(size) <= $0 } ?? count - 1 }
}

/// CoreDNS's buckets of time (`Metrics.timeBuckets`): 0.25 ms, each next one twice as long.
enum TimeBucket {
    static let count = 17

    static func index(of nanoseconds: UInt64) -> Int {
        var bound: UInt64 = 250_000
        var index = 0
        while index < count - 1, nanoseconds > bound {
            bound &*= 2
            index += 1
        }
        return index
    }
}
