import AnswerTable
import DNS
import Glibc
import Pipeline
import Synchronization

/// Answers queries in place, one at a time, for one thread.
///
/// A name that has an entry costs no allocation, no lock and no reference count; everything else goes through the
/// stages (`Responder+Stages.swift`): at once where none of them waits, otherwise by the query's return path. The
/// buffer that holds the query receives the reply: the question stays where it is.
package final class Responder {
    /// What came of a query.
    package enum Outcome: Equatable, Sendable {
        /// A reply of so many bytes stands in the buffer.
        case reply(Int)
        /// Nothing is to be sent.
        case silence
        /// The return path will be called.
        case later
    }

    /// The largest payload over UDP that is sent and taken, in bytes (RFC 9715: avoids fragments).
    package static let udpPayload = 1232
    /// Room that a buffer must have behind its query: names are hashed eight bytes at a time.
    package static let slack = 16

    /// What the hot path reads: plain memory, in which no reference is counted and no access is checked.
    private struct Fast {
        /// nil where all questions go through the stages.
        var table: TableView?
        /// nil where addresses keep their order.
        var rotation: UnsafeMutablePointer<UInt64>?
        /// Whether any server block is counted.
        var isCounting = false
        /// The serial of the directory that `cells` was made for.
        var serial = 0
        /// The counters of each zone in the directory; nil for those not counted.
        var cells: UnsafeMutableBufferPointer<UnsafeMutablePointer<QueryCounters.Cell>?>
        /// When the batch under way began, in nanoseconds.
        var began: UInt64 = 0
        /// The counters of the last answers of the batch, and their number.
        var batchCells: UnsafeMutablePointer<QueryCounters.Cell>?
        var batchCount: UInt64 = 0
    }

    let state: ListenerState
    let transport: Transport
    let counters: QueryCounters
    private let isUDP: Bool
    /// What is answered with: as of the last batch.
    private(set) var content: ListenerContent
    private(set) var blocks: CountedBlocks
    private var version: Int
    /// What limits the replies of this batch, where something does; they are its user's to hold back.
    var rateLimits: RateLimits? { content.rateLimits }
    /// Keeps the table that `fast` leads to.
    private var reader: AnswerReader?
    private let fast: UnsafeMutablePointer<Fast>
    /// The lower-cased name being looked up.
    private let words: UnsafeMutablePointer<UInt64>
    /// The state of the generator that picks where a rotated answer begins.
    private let rotation: UnsafeMutablePointer<UInt64>

    package init(_ state: ListenerState, transport: Transport) {
        self.state = state
        self.transport = transport
        isUDP = transport == .udp
        counters = state.counters.make(proto: transport == .udp ? "udp" : "tcp")
        words = .allocate(capacity: NameKey.maximumWords)
        words.initialize(repeating: 0, count: NameKey.maximumWords)
        rotation = .allocate(capacity: 1)
        rotation.initialize(to: .random(in: 1 ... .max))
        fast = .allocate(capacity: 1)
        fast.initialize(to: Fast(cells: .allocate(capacity: 0)))
        (content, version) = state.content.versioned
        blocks = CountedBlocks(content.router, counters)
        takeContent()
    }

    deinit {
        state.counters.retire(counters)
        fast.pointee.cells.deallocate()
        fast.deallocate()
        words.deallocate()
        rotation.deallocate()
    }

    // MARK: Batches

    /// To be called before a batch of queries, and `leave` after it (see `AnswerReader`).
    @inline(__always)
    package func enter() {
        if !state.content.isCurrent(version) { renew() }
        fast.pointee.table?.enter()
        if fast.pointee.isCounting { fast.pointee.began = Self.now() }
    }

    @inline(__always)
    package func leave() {
        fast.pointee.table?.leave()
        if fast.pointee.batchCount > 0 { countBatch() }
    }

    private func renew() {
        (content, version) = state.content.versioned
        blocks = CountedBlocks(content.router, counters)
        takeContent()
    }

    private func takeContent() {
        let ready = content.readyAnswers
        reader = ready?.table.makeReader()
        fast.pointee.table = reader?.view
        fast.pointee.rotation = ready?.rotates == true ? rotation : nil
        fast.pointee.isCounting = blocks.isCounting
        // No directory has this serial.
        fast.pointee.serial = 0
        if let ready { counters.setReadySource(ready.source) }
    }

    /// Nanoseconds of a clock that only moves on.
    private static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(truncatingIfNeeded: time.tv_sec) &* 1_000_000_000 &+ UInt64(truncatingIfNeeded: time.tv_nsec)
    }

    /// Counts the time of the ready-made answers of the batch: each one took as long as all, since all came at once.
    private func countBatch() {
        if let cells = fast.pointee.batchCells {
            QueryCounters.countDuration(
                cells, nanoseconds: Self.now() &- fast.pointee.began, number: fast.pointee.batchCount)
        }
        fast.pointee.batchCells = nil
        fast.pointee.batchCount = 0
    }

    // MARK: Single queries

    /// Replaces a query by its reply.
    ///
    /// - Parameters:
    ///   - buffer: the query; the memory behind it is written to as well.
    ///   - length: the query's length in bytes.
    ///   - capacity: the length of the memory, at least `length + slack` and, for a full-size reply, the largest one.
    ///   - isIPv6: the family of the client's address.
    package func respond(
        _ buffer: UnsafeMutableRawPointer, length: Int, capacity: Int, isIPv6: Bool, from origin: some QueryOrigin
    ) -> Outcome {
        var query = Query()
        switch QueryReader.read(UnsafeRawBufferPointer(start: buffer, count: length), into: &query) {
        case .silence:
            counters.count(.silence)
            return .silence
        case .formatError:
            let cookie = CookieRequest.reply(in: buffer, length: length, secrets: state.cookies) {
                origin.client.address
            }
            return cookie.map { .reply($0) } ?? bareHeader(buffer, .formatError, keepsOpcode: false)
        case .notImplemented: return bareHeader(buffer, .notImplemented, keepsOpcode: true)
        case .answer: break
        }
        var reply = Reply(buffer: buffer, query: query, limit: capacity)
        if isUDP {
            let wanted = query.hasEDNS ? max(512, Int(query.udpPayload)) : 512
            reply.limit = min(capacity, wanted, max(512, Self.udpPayload))
        }
        // Of a version that is not known the options are not either.
        if query.recordClass == .internet, query.hasEDNS, query.ednsVersion != 0 {
            return .reply(reply.finish(.badVersion))
        }
        if query.optionsLength > 0 {
            return respondWithOptions(reply, length: length, isIPv6: isIPv6, from: origin)
        }
        if query.recordClass == .internet, let table = fast.pointee.table,
            let answered = answer(&reply, table, length: length, isIPv6: isIPv6)
        {
            return .reply(answered)
        }
        return ask(reply, options: [], length: length, isIPv6: isIPv6, from: origin)
    }

    private func respondWithOptions(
        _ reply: Reply, length: Int, isIPv6: Bool, from origin: some QueryOrigin
    ) -> Outcome {
        let packet = UnsafeRawBufferPointer(start: reply.buffer, count: length)
        let made = ReplyOptions(cookies: state.cookies).make(
            for: reply.query, in: packet, transport: transport, idle: content.timeouts.idle,
            client: { origin.client.address })
        guard let made else { return bareHeader(reply.buffer, .formatError, keepsOpcode: false) }
        if reply.query.recordClass == .internet, let table = fast.pointee.table {
            var ready = reply
            ready.take(options: made)
            if let answered = answer(&ready, table, length: length, isIPv6: isIPv6) { return .reply(answered) }
        }
        return ask(reply, options: made, length: length, isIPv6: isIPv6, from: origin)
    }

    /// A header alone, for what could not be read (RFC 1035 §4.1.1): ID and RD are kept.
    private func bareHeader(_ buffer: UnsafeMutableRawPointer, _ code: ResponseCode, keepsOpcode: Bool) -> Outcome {
        counters.count(.malformed)
        let flags = buffer.load(fromByteOffset: 2, as: UInt8.self)
        buffer.storeBytes(of: 0x80 | flags & (keepsOpcode ? 0x79 : 0x01), toByteOffset: 2, as: UInt8.self)
        buffer.storeBytes(of: UInt8(truncatingIfNeeded: code.rawValue), toByteOffset: 3, as: UInt8.self)
        buffer.storeBytes(of: 0, toByteOffset: 4, as: UInt64.self)
        return .reply(12)
    }

    /// The reply's length; nil where the table has none.
    @inline(__always)
    private func answer(_ reply: inout Reply, _ table: TableView, length: Int, isIPv6: Bool) -> Int? {
        let nameLength = reply.query.nameLength
        let type = reply.query.type
        let hash = NameKey.make(reply.buffer + 12, length: nameLength, seed: table.seed, into: words)
        let directory = table.directory
        guard let entry = table.entry(words, length: nameLength, hash: hash) else {
            return missing(reply, directory, length: length, isIPv6: isIPv6)
        }
        let zone = entry.zone
        if directory.isNested, directory.longestMatch(words, length: nameLength) != zone { return nil }
        if let body = entry.body(for: type) {
            if body.flags.contains(.alias) { return nil }
            reply.write(body, zone: directory[zone], name: words, rotation: fast.pointee.rotation)
        } else {
            switch type {
            case .any: reply.writeMinimalAny(ttl: directory[zone].pointee.ttl)
            case .axfr, .ixfr: return nil
            default: reply.writeDenial(directory[zone])
            }
        }
        let replyLength = reply.finish(.noError, isAuthoritative: true)
        count(reply.query, .noError, zone, directory, length: length, replyLength, isIPv6: isIPv6)
        return replyLength
    }

    /// A name that has no entry: denied by the zone it would be in, or the stages' to answer.
    private func missing(_ reply: Reply, _ directory: ZoneDirectory, length: Int, isIPv6: Bool) -> Int? {
        var reply = reply
        let index = directory.longestMatch(words, length: reply.query.nameLength)
        guard index >= 0, reply.query.type != .axfr, reply.query.type != .ixfr else { return nil }
        let zone = directory[index]
        var code = ResponseCode.nxDomain
        if zone.pointee.isNotReady {
            code = .serverFailure
            reply.take(extendedError: ExtendedError(.notReady))
        } else if zone.pointee.asksPipelineOnMiss {
            return nil
        }
        reply.writeDenial(zone)
        let replyLength = reply.finish(code, isAuthoritative: true)
        count(reply.query, code, index, directory, length: length, replyLength, isIPv6: isIPv6)
        return replyLength
    }

    /// Counts a ready-made answer.
    @inline(__always)
    private func count(
        _ query: Query, _ code: ResponseCode, _ zone: Int, _ directory: ZoneDirectory, length: Int, _ replyLength: Int,
        isIPv6: Bool
    ) {
        guard fast.pointee.isCounting else { return }
        if directory.serial != fast.pointee.serial { findCells(directory) }
        guard zone < fast.pointee.cells.count, let cells = fast.pointee.cells[zone] else { return }
        QueryCounters.count(
            cells, query.type, isIPv6: isIPv6, isDNSSECOK: query.hasEDNS && query.isDNSSECOK, requestSize: length,
            responseSize: replyLength)
        QueryCounters.bump(cells + (QueryCounters.Layout.readyCodes &+ Int(code.rawValue & 15)))
        if fast.pointee.batchCells != cells {
            countBatch()
            fast.pointee.batchCells = cells
        }
        fast.pointee.batchCount &+= 1
    }

    /// Finds the counters of each zone of a directory that has not been seen before.
    private func findCells(_ directory: ZoneDirectory) {
        let cells = UnsafeMutableBufferPointer<UnsafeMutablePointer<QueryCounters.Cell>?>.allocate(
            capacity: directory.count)
        for index in 0..<directory.count {
            let route = directory.apex(index).flatMap { content.router.index(of: $0, .soa) }
            cells.initializeElement(at: index, to: route.flatMap { blocks.cells(ofRoute: $0) })
        }
        fast.pointee.cells.deallocate()
        fast.pointee.cells = cells
        fast.pointee.serial = directory.serial
    }
}

/// The counters of a listener's server blocks, for one responder.
struct CountedBlocks {
    struct Block {
        let key: QueryCounters.BlockKey
        let cells: UnsafeMutablePointer<QueryCounters.Cell>
    }

    /// By the index of the route; nil for those not counted.
    private let routes: [Block?]
    /// Where questions of no zone count, as with CoreDNS; nil where no block is counted.
    let dropped: Block?

    init(_ router: Router, _ counters: QueryCounters) {
        func block(_ label: String, _ zone: String) -> Block {
            let key = QueryCounters.BlockKey(label: label, zone: zone)
            return Block(key: key, cells: counters.cells(key))
        }
        routes = router.routes.map { $0.isCounted ? block($0.label, $0.zone.lowercased.description) : nil }
        dropped = router.routes.first { $0.isCounted }.map { block($0.label, "dropped") }
    }

    var isCounting: Bool { dropped != nil }

    func block(ofRoute index: Int?) -> Block? {
        guard let index else { return dropped }
        return index < routes.count ? routes[index] : nil
    }

    func cells(ofRoute index: Int) -> UnsafeMutablePointer<QueryCounters.Cell>? { block(ofRoute: index)?.cells }
}
