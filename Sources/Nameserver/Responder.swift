import AnswerTable
import DNS
import Pipeline

/// Answers queries in place, one at a time, for one thread.
///
/// A name that has an entry costs no allocation, no lock and no reference count; everything else goes to the
/// pipeline. The buffer that holds the query receives the reply: the question stays where it is.
package final class Responder {
    /// The largest payload over UDP that is sent and taken, in bytes (RFC 9715: avoids fragments).
    package static let udpPayload = 1232
    /// Room that a buffer must have behind its query: names are hashed eight bytes at a time.
    package static let slack = 16

    private let reader: AnswerReader
    private let pipeline: QueryPipeline
    private let replyOptions: ReplyOptions
    /// The lower-cased name being looked up.
    private let words: UnsafeMutablePointer<UInt64>
    /// The state of the generator that picks where a rotated answer begins.
    private let rotation: UnsafeMutablePointer<UInt64>

    package init(table: AnswerTable, pipeline: QueryPipeline) {
        reader = table.makeReader()
        self.pipeline = pipeline
        replyOptions = ReplyOptions(cookie: pipeline.cookie)
        words = .allocate(capacity: NameKey.maximumWords)
        words.initialize(repeating: 0, count: NameKey.maximumWords)
        rotation = .allocate(capacity: 1)
        rotation.initialize(to: .random(in: 1 ... .max))
    }

    deinit {
        words.deallocate()
        rotation.deallocate()
    }

    /// To be called before a batch of queries, and `leave` after it (see `AnswerReader`).
    @inline(__always)
    package func enter() { reader.enter() }

    @inline(__always)
    package func leave() { reader.leave() }

    /// Replaces a query by its reply.
    ///
    /// - Parameters:
    ///   - buffer: the query; the memory behind it is written to as well.
    ///   - length: the query's length in bytes.
    ///   - capacity: the length of the memory, at least `length + slack` and, for a full-size reply, the largest one.
    ///   - client: the client's address in network order, asked for where a cookie wants it.
    /// - Returns: the reply's length in bytes; 0 where nothing is to be sent.
    package func respond(
        _ buffer: UnsafeMutableRawPointer, length: Int, capacity: Int, transport: Transport, client: () -> [UInt8]
    ) -> Int {
        var query = Query()
        switch QueryReader.read(UnsafeRawBufferPointer(start: buffer, count: length), into: &query) {
        case .silence: return 0
        case .formatError: return bareHeader(buffer, .formatError, keepsOpcode: false)
        case .notImplemented: return bareHeader(buffer, .notImplemented, keepsOpcode: true)
        case .answer: break
        }
        var reply = Reply(buffer: buffer, query: query, limit: capacity)
        if case .udp = transport {
            let wanted = query.hasEDNS ? max(512, Int(query.udpPayload)) : 512
            reply.limit = min(capacity, wanted, max(512, Self.udpPayload))
        }
        // Of a version that is not known the options are not either.
        if query.recordClass == .internet, query.hasEDNS, query.ednsVersion != 0 { return reply.finish(.badVersion) }
        if query.optionsLength > 0 {
            let packet = UnsafeRawBufferPointer(start: buffer, count: length)
            guard let options = replyOptions.make(for: query, in: packet, transport: transport, client: client())
            else { return bareHeader(buffer, .formatError, keepsOpcode: false) }
            reply.take(options: options)
        }
        if query.recordClass != .internet { return reply.finish(.refused) }
        return answer(&reply)
    }

    /// A header alone, for what could not be read (RFC 1035 §4.1.1): ID and RD are kept.
    private func bareHeader(_ buffer: UnsafeMutableRawPointer, _ code: ResponseCode, keepsOpcode: Bool) -> Int {
        let flags = buffer.load(fromByteOffset: 2, as: UInt8.self)
        buffer.storeBytes(of: 0x80 | flags & (keepsOpcode ? 0x79 : 0x01), toByteOffset: 2, as: UInt8.self)
        buffer.storeBytes(of: UInt8(truncatingIfNeeded: code.rawValue), toByteOffset: 3, as: UInt8.self)
        buffer.storeBytes(of: 0, toByteOffset: 4, as: UInt64.self)
        return 12
    }

    @inline(__always)
    private func answer(_ reply: inout Reply) -> Int {
        let length = reply.query.nameLength
        let type = reply.query.type
        let hash = NameKey.make(reply.buffer + 12, length: length, seed: reader.seed, into: words)
        let directory = reader.directory
        guard let entry = reader.entry(words, length: length, hash: hash) else {
            return missing(&reply, directory)
        }
        if directory.isNested, directory.longestMatch(words, length: length) != entry.zone {
            return askPipeline(&reply)
        }
        if let body = entry.body(for: type) {
            if body.flags.contains(.alias) { return askPipeline(&reply) }
            reply.write(body, zone: directory[entry.zone], name: words, rotation: rotation)
            return reply.finish(.noError, isAuthoritative: true)
        }
        switch type {
        case .any:
            reply.writeMinimalAny(ttl: directory[entry.zone].pointee.ttl)
            return reply.finish(.noError, isAuthoritative: true)
        case .axfr, .ixfr:
            return reply.finish(.refused)
        default:
            reply.writeDenial(directory[entry.zone])
            return reply.finish(.noError, isAuthoritative: true)
        }
    }

    /// A name that has no entry: denied by the zone it would be in, or the pipeline's to answer.
    private func missing(_ reply: inout Reply, _ directory: ZoneDirectory) -> Int {
        let index = directory.longestMatch(words, length: reply.query.nameLength)
        guard index >= 0 else { return reply.finish(.refused) }
        let zone = directory[index]
        if reply.query.type == .axfr || reply.query.type == .ixfr { return reply.finish(.refused) }
        if zone.pointee.isNotReady {
            reply.take(extendedError: .notReady)
            reply.writeDenial(zone)
            return reply.finish(.serverFailure, isAuthoritative: true)
        }
        if zone.pointee.asksPipelineOnMiss { return askPipeline(&reply) }
        reply.writeDenial(zone)
        return reply.finish(.nxDomain, isAuthoritative: true)
    }

    private func askPipeline(_ reply: inout Reply) -> Int {
        let name = DomainName(
            wire: UnsafeRawBufferPointer(start: reply.buffer + 12, count: reply.query.nameLength))
        guard let name else { return reply.finish(.serverFailure) }
        let response = pipeline.respond(to: name, type: reply.query.type, reader: reader)
        if let error = response.extendedError { reply.take(extendedError: error.code) }
        return reply.write(response, name: name)
    }
}
