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
        /// What must hold for a ready-made answer to be given.
        var conditions: PassageConditions.View
        /// The most bytes of a ready-made answer.
        var readyLimit = Int.max
        /// Whether a log wants to be told of any answers.
        var isLogging = false
        /// Ready-made answers of the batch that stages want to be told of.
        var passed: UInt64 = 0
        /// Whether answers that a stage has kept may be given.
        var hasKept = false
        /// Whether their reader knows the time of this batch.
        var hasTime = false
        /// As `passed`, of kept answers.
        var keptPassed: UInt64 = 0
        /// Whether any server block is counted.
        var isCounting = false
        /// The serial of the directory that `cells` was made for.
        var serial = 0
        /// The counters of each zone in the directory; nil for those not counted.
        var cells: UnsafeMutableBufferPointer<UnsafeMutablePointer<QueryCounters.Cell>?>
        /// See `Responder.isProven`.
        var isProven = false
        /// When the batch under way began, in nanoseconds.
        var began: UInt64 = 0
        /// The counters of the last answers of the batch, and their number.
        var batchCells: UnsafeMutablePointer<QueryCounters.Cell>?
        var batchCount: UInt64 = 0
    }

    /// Answers that a stage has kept.
    private struct Kept {
        let reader: any KeptAnswerReader
        let logs: [PassageConditions.LogWriter]
        let conditions: PassageConditions.View
        /// The most bytes of an answer.
        let limit: Int
        /// nil where addresses keep their order.
        let rotation: UnsafeMutablePointer<UInt64>?
        /// nil where these answers are not counted.
        let cells: UnsafeMutablePointer<QueryCounters.Cell>?
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
    /// Whether the query under way has shown, by a cookie of ours, that its sender has the address it says.
    var isProven: Bool { fast.pointee.isProven }
    /// The table of ready-made answers, where looking ahead in it pays.
    var largeTable: TableView? { fast.pointee.table.flatMap { $0.isLarge ? $0 : nil } }
    /// The secrets of cookies, and the time that they were last looked at, in Unix seconds.
    private var cookies: CookieSecrets.Snapshot
    private var cookieTime: UInt32
    /// Keeps the table that `fast` leads to.
    private var reader: AnswerReader?
    private var kept: Kept?
    /// Of ready-made answers.
    private var logs: [PassageConditions.LogWriter] = []
    /// The options of the reply under way.
    private let options: UnsafeMutableRawPointer
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
        words = Self.allocate(NameKey.maximumWords)
        words.initialize(repeating: 0, count: NameKey.maximumWords)
        rotation = Self.allocate(1)
        rotation.initialize(to: .random(in: 1 ... .max))
        options = .allocate(byteCount: 65536, alignment: 16)
        fast = Self.allocate(1)
        fast.initialize(to: Fast(conditions: Self.free.view, cells: .allocate(capacity: 0)))
        (content, version) = state.content.versioned
        blocks = CountedBlocks(content.router, counters)
        cookieTime = UInt32(truncatingIfNeeded: time(nil))
        cookies = state.cookies.snapshot(now: cookieTime)
        takeContent()
    }

    /// Memory on cache lines that no other thread writes to.
    private static func allocate<Value>(_ count: Int) -> UnsafeMutablePointer<Value> {
        let bytes = (count * MemoryLayout<Value>.stride + 127) / 128 * 128
        return UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 128)
            .bindMemory(to: Value.self, capacity: count)
    }

    deinit {
        state.counters.retire(counters)
        fast.pointee.cells.deallocate()
        fast.deallocate()
        words.deallocate()
        rotation.deallocate()
        options.deallocate()
    }

    // MARK: Batches

    /// To be called before a batch of queries, and `leave` after it (see `AnswerReader`).
    @inline(__always)
    package func enter() {
        if !state.content.isCurrent(version) { renew() }
        fast.pointee.table?.enter()
        if fast.pointee.isCounting || fast.pointee.isLogging { fast.pointee.began = MonotonicTime.nanoseconds() }
    }

    @inline(__always)
    package func leave() {
        fast.pointee.table?.leave()
        if fast.pointee.batchCount > 0 { countBatch() }
        fast.pointee.hasTime = false
        if fast.pointee.passed | fast.pointee.keptPassed > 0 { tellStages() }
        if fast.pointee.isLogging { flushLogs() }
    }

    /// A batch of what `body` does; with nothing to do it lets go of content that was exchanged.
    package func batch(_ body: () -> Void) {
        enter()
        body()
        leave()
    }

    /// Tells the stages that count what goes past them.
    private func tellStages() {
        if let ready = content.readyAnswers, fast.pointee.passed > 0 {
            ready.conditions.count(fast.pointee.passed, server: ready.server)
            fast.pointee.passed = 0
        }
        if let cached = content.cachedAnswers, fast.pointee.keptPassed > 0 {
            cached.conditions.count(fast.pointee.keptPassed, server: cached.server)
            fast.pointee.keptPassed = 0
        }
    }

    private func flushLogs() {
        for log in logs { log.writer.flush() }
        for log in kept?.logs ?? [] { log.writer.flush() }
    }

    /// Tells logs of an answer that went past them.
    ///
    /// - Parameters:
    ///   - reply: finished.
    ///   - records: the length of all its records, before any fell out, in bytes.
    @inline(never)
    private func write(
        _ logs: [PassageConditions.LogWriter], _ kind: ReadyPassage.Kinds, _ reply: Reply, _ code: ResponseCode,
        records: Int, length: Int, udpLimit: Int, from origin: some QueryOrigin
    ) {
        guard logs.contains(where: { $0.kinds.contains(kind) }) else { return }
        let query = reply.query
        func header(_ offset: Int) -> UInt16 {
            UInt16(bigEndian: reply.buffer.load(fromByteOffset: offset, as: UInt16.self))
        }
        let fact = ReadyLogFact(
            client: origin.client, name: UnsafeRawBufferPointer(start: words, count: query.nameLength),
            type: query.type, transport: transport, id: header(0), size: length,
            isDNSSECOK: query.hasEDNS && query.isDNSSECOK,
            udpPayload: query.hasEDNS ? min(Int(query.udpPayload), udpLimit) : nil, code: code, flags: header(2),
            answerSize: query.questionEnd + records + (query.hasEDNS ? Reply.optLength : 0),
            nanoseconds: MonotonicTime.nanoseconds() &- fast.pointee.began)
        for log in logs where log.kinds.contains(kind) { log.writer.note(fact) }
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
        let conditions = ready?.conditions ?? Self.free
        fast.pointee.conditions = conditions.view
        fast.pointee.readyLimit = isUDP ? conditions.view.udpLimit : .max
        kept = content.cachedAnswers.flatMap { makeKept($0) }
        fast.pointee.hasKept = kept != nil
        logs = conditions.makeLogWriters()
        fast.pointee.isLogging = !logs.isEmpty || kept?.logs.isEmpty == false
        fast.pointee.isCounting = blocks.isCounting
        // No directory has this serial.
        fast.pointee.serial = 0
        if let ready { counters.setReadySource(ready.source) }
    }

    /// Where there are no ready-made answers.
    private static let free = PassageConditions(.free)

    private func makeKept(_ cached: CachedAnswers) -> Kept? {
        guard let reader = cached.answers.makeReader(server: cached.server) else { return nil }
        let conditions = cached.conditions.view
        return Kept(
            reader: reader, logs: cached.conditions.makeLogWriters(), conditions: conditions,
            limit: isUDP ? conditions.udpLimit : .max,
            rotation: cached.rotates ? rotation : nil, cells: blocks.cells(ofRoute: cached.route))
    }

    /// Counts the time of the ready-made answers of the batch: each one took as long as all, since all came at once.
    private func countBatch() {
        if let cells = fast.pointee.batchCells {
            QueryCounters.countDuration(
                cells, nanoseconds: MonotonicTime.nanoseconds() &- fast.pointee.began, number: fast.pointee.batchCount)
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
        fast.pointee.isProven = false
        var query = Query()
        switch QueryReader.read(UnsafeRawBufferPointer(start: buffer, count: length), into: &query) {
        case .silence:
            counters.count(.silence)
            return .silence
        case .formatError: return formatError(buffer, query, length: length, capacity: capacity, from: origin)
        case .notImplemented: return bareHeader(buffer, .notImplemented, keepsOpcode: true)
        case .answer: break
        }
        var reply = Reply(buffer: buffer, query: query, limit: capacity, options: options)
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
        if query.recordClass == .internet {
            if let table = fast.pointee.table,
                let answered = answer(&reply, table, length: length, isIPv6: isIPv6, from: origin)
            {
                return .reply(answered)
            }
            if fast.pointee.hasKept, let answered = answerAgain(reply, length: length, isIPv6: isIPv6, from: origin) {
                return .reply(answered)
            }
        }
        return ask(reply, options: [], length: length, isIPv6: isIPv6, from: origin)
    }

    @inline(never)
    private func respondWithOptions(
        _ reply: Reply, length: Int, isIPv6: Bool, from origin: some QueryOrigin
    ) -> Outcome {
        let packet = UnsafeRawBufferPointer(start: reply.buffer, count: length)
        let own = ReplyOptions(cookies: currentCookies(), now: cookieTime)
        func make() -> [EDNSOption]? {
            own.make(
                for: reply.query, in: packet, transport: transport, idle: content.timeouts.idle,
                isProven: &fast.pointee.isProven,
                client: { origin.client.address })
        }
        var made: [EDNSOption]?
        var ready = reply
        if let isProven = ready.takeLoneCookie(own, in: packet, client: { origin.client.address }) {
            fast.pointee.isProven = isProven
        } else {
            guard let options = make() else { return badOPT(reply) }
            made = options
        }
        if reply.query.recordClass == .internet {
            if let table = fast.pointee.table, !fast.pointee.conditions.holdsOption(of: reply.query, in: packet) {
                // What a stage allows in bytes bounds the options, too.
                ready.limit = min(ready.limit, fast.pointee.readyLimit)
                if let made { ready.take(options: made) }
                if let answered = answer(&ready, table, length: length, isIPv6: isIPv6, from: origin) {
                    return .reply(answered)
                }
            }
            if let kept, mayAnswerAgain(reply.query, in: packet, kept.conditions) {
                var again = reply
                again.limit = min(again.limit, kept.limit)
                if let made {
                    again.take(options: made)
                } else {
                    _ = again.takeLoneCookie(own, in: packet, client: { origin.client.address })
                }
                if let answered = answerAgain(again, length: length, isIPv6: isIPv6, from: origin) {
                    return .reply(answered)
                }
            }
        }
        return ask(reply, options: made ?? make() ?? [], length: length, isIPv6: isIPv6, from: origin)
    }

    /// Answers to questions with options that go on to upstreams are not kept.
    private func mayAnswerAgain(
        _ query: Query, in packet: UnsafeRawBufferPointer, _ conditions: PassageConditions.View
    ) -> Bool {
        !conditions.holdsOption(of: query, in: packet)
            && !ReplyOptions.contains(of: query, in: packet) { OptionCode(rawValue: $0).mayDecideAnswer }
    }

    private func currentCookies() -> CookieSecrets.Snapshot {
        cookieTime = UInt32(truncatingIfNeeded: time(nil))
        if !state.cookies.isCurrent(cookies, now: cookieTime) { cookies = state.cookies.snapshot(now: cookieTime) }
        return cookies
    }

    /// The reply to what could not be read to its end.
    @inline(never)
    private func formatError(
        _ buffer: UnsafeMutableRawPointer, _ query: Query, length: Int, capacity: Int, from origin: some QueryOrigin
    ) -> Outcome {
        // The question and the fixed part of an OPT record have been read: what is wrong is behind them.
        if query.hasEDNS { return badOPT(Reply(buffer: buffer, query: query, limit: capacity, options: options)) }
        let cookie = CookieRequest.reply(in: buffer, length: length, secrets: state.cookies) { origin.client.address }
        guard let cookie else { return bareHeader(buffer, .formatError, keepsOpcode: false) }
        if cookie.isMalformed { counters.count(.malformed) }
        return .reply(cookie.length)
    }

    /// For an OPT record that cannot be used: FORMERR with one of ours, which tells that EDNS itself is spoken (RFC 6891
    /// §7, RFC 7873 §5.2.2).
    private func badOPT(_ reply: Reply) -> Outcome {
        counters.count(.malformed)
        var reply = reply
        return .reply(reply.finish(.formatError))
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
    private func answer(
        _ reply: inout Reply, _ table: TableView, length: Int, isIPv6: Bool, from origin: some QueryOrigin
    ) -> Int? {
        let nameLength = reply.query.nameLength
        let type = reply.query.type
        let hash = NameKey.make(reply.buffer + 12, length: nameLength, seed: table.seed, into: words)
        if fast.pointee.conditions.isConditional,
            fast.pointee.conditions.holds(reply.query, words, client: { origin.client.address })
        {
            return nil
        }
        let directory = table.directory
        guard let entry = table.entry(words, length: nameLength, hash: hash) else {
            return missing(reply, directory, length: length, isIPv6: isIPv6, from: origin)
        }
        let zone = entry.zone
        /// The length of the answer's records, in bytes; nil for NODATA.
        var records: Int?
        if directory.isNested, directory.longestMatch(words, length: nameLength) != zone { return nil }
        if let body = entry.body(for: type) {
            guard !body.flags.contains(.alias), fast.pointee.conditions.passesSuccess else { return nil }
            reply.limit = min(reply.limit, fast.pointee.readyLimit)
            records = body.length
            reply.write(body, zone: directory[zone], name: words, rotation: fast.pointee.rotation)
        } else {
            switch type {
            case .any:
                guard fast.pointee.conditions.passesSuccess else { return nil }
                reply.limit = min(reply.limit, fast.pointee.readyLimit)
                records = 12 &+ RecordData.minimalAny.bytes.count
                reply.writeMinimalAny(ttl: directory[zone].pointee.ttl)
            case .axfr, .ixfr: return nil
            default:
                guard fast.pointee.conditions.passesDenial else { return nil }
                reply.limit = min(reply.limit, fast.pointee.readyLimit)
                reply.writeDenial(directory[zone])
            }
        }
        let replyLength = reply.finish(.noError, isAuthoritative: true)
        if fast.pointee.conditions.isLogging {
            write(
                logs, records == nil ? .denial : .success, reply, .noError,
                records: records ?? directory[zone].pointee.denialLength, length: length,
                udpLimit: fast.pointee.conditions.udpLimit, from: origin)
        }
        count(reply.query, .noError, zone, directory, length: length, replyLength, isIPv6: isIPv6)
        return replyLength
    }

    /// A name that has no entry: denied by the zone it would be in, or the stages' to answer.
    private func missing(
        _ reply: Reply, _ directory: ZoneDirectory, length: Int, isIPv6: Bool, from origin: some QueryOrigin
    ) -> Int? {
        var reply = reply
        let index = directory.longestMatch(words, length: reply.query.nameLength)
        guard index >= 0, reply.query.type != .axfr, reply.query.type != .ixfr else { return nil }
        let zone = directory[index]
        var code = ResponseCode.nxDomain
        reply.limit = min(reply.limit, fast.pointee.readyLimit)
        if zone.pointee.isNotReady {
            guard fast.pointee.conditions.passesFailure else { return nil }
            code = .serverFailure
            reply.take(extendedError: ExtendedError(.notReady))
        } else if zone.pointee.asksPipelineOnMiss || !fast.pointee.conditions.passesDenial {
            return nil
        }
        reply.writeDenial(zone)
        let replyLength = reply.finish(code, isAuthoritative: true)
        let kind: ReadyPassage.Kinds = code == .nxDomain ? .denial : .failure
        if fast.pointee.conditions.isLogging {
            // An extended error without a text takes six bytes.
            write(
                logs, kind, reply, code,
                records: zone.pointee.denialLength &+ (kind == .failure && reply.query.hasEDNS ? 6 : 0),
                length: length, udpLimit: fast.pointee.conditions.udpLimit, from: origin)
        }
        count(reply.query, code, index, directory, length: length, replyLength, isIPv6: isIPv6)
        return replyLength
    }

    /// The length of a reply made of an answer that a stage has kept; nil where there is none.
    @inline(never)
    private func answerAgain(_ reply: Reply, length: Int, isIPv6: Bool, from origin: some QueryOrigin) -> Int? {
        let query = reply.query
        guard query.type != .any, let kept else { return nil }
        // Made anew: what the table was not asked for is not there.
        _ = NameKey.make(reply.buffer + 12, length: query.nameLength, seed: 0, into: words)
        if kept.conditions.isConditional,
            kept.conditions.holds(query, words, client: { origin.client.address })
        {
            return nil
        }
        if !fast.pointee.hasTime {
            kept.reader.takeTime()
            fast.pointee.hasTime = true
        }
        let question = KeptQuestion(
            words: words, nameLength: query.nameLength, type: query.type,
            isDNSSECOK: query.hasEDNS && query.isDNSSECOK,
            isCheckingDisabled: reply.buffer.load(fromByteOffset: 3, as: UInt8.self) & 0x10 != 0)
        var reply = reply
        reply.limit = min(reply.limit, kept.limit)
        let order = kept.rotation.map { Reply.random($0) }
        let written = reply.write(kept: { target, room in
            kept.reader.take(question, into: target, room: room, kinds: kept.conditions.kinds, order: order)
        })
        guard let written else { return nil }
        let kind = written.kept.kind
        if kept.conditions.isLogging {
            write(
                kept.logs, kind, reply, written.kept.code, records: written.kept.length, length: length,
                udpLimit: kept.conditions.udpLimit, from: origin)
        }
        if kept.conditions.isCounted { fast.pointee.keptPassed &+= 1 }
        if fast.pointee.isCounting, let cells = kept.cells {
            Self.count(cells, query, length: length, written.length, isIPv6: isIPv6)
            QueryCounters.bump(cells + (QueryCounters.Layout.keptCodes &+ Int(written.kept.code.rawValue & 15)))
            countInBatch(cells)
        }
        return written.length
    }

    /// Counts a ready-made answer.
    @inline(__always)
    private func count(
        _ query: Query, _ code: ResponseCode, _ zone: Int, _ directory: ZoneDirectory, length: Int, _ replyLength: Int,
        isIPv6: Bool
    ) {
        if fast.pointee.conditions.isCounted { fast.pointee.passed &+= 1 }
        guard fast.pointee.isCounting else { return }
        if directory.serial != fast.pointee.serial { findCells(directory) }
        guard zone < fast.pointee.cells.count, let cells = fast.pointee.cells[zone] else { return }
        Self.count(cells, query, length: length, replyLength, isIPv6: isIPv6)
        QueryCounters.bump(cells + (QueryCounters.Layout.readyCodes &+ Int(code.rawValue & 15)))
        countInBatch(cells)
    }

    @inline(__always)
    private static func count(
        _ cells: UnsafeMutablePointer<QueryCounters.Cell>, _ query: Query, length: Int, _ replyLength: Int, isIPv6: Bool
    ) {
        QueryCounters.count(
            cells, query.type, isIPv6: isIPv6, isDNSSECOK: query.hasEDNS && query.isDNSSECOK, requestSize: length,
            responseSize: replyLength)
    }

    /// Has the time of the batch counted for one more answer.
    @inline(__always)
    private func countInBatch(_ cells: UnsafeMutablePointer<QueryCounters.Cell>) {
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
