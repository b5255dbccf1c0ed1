import DNS
import Pipeline
import Registry

extension Responder {
    /// Has the stages of the server block answer that the question is for.
    ///
    /// - Parameters:
    ///   - options: those that go back whatever the answer is.
    ///   - length: the query's length in bytes; its memory is as it was received.
    func ask(
        _ reply: Reply, options: [EDNSOption], length: Int, isIPv6: Bool, from origin: some QueryOrigin
    ) -> Outcome {
        var reply = reply
        let name = DomainName(
            wire: UnsafeRawBufferPointer(start: reply.buffer + 12, count: reply.query.nameLength))
        guard let name else { return .reply(reply.finish(.serverFailure)) }
        let router = content.router
        let index = router.index(of: name, reply.query.type)
        let received = ContinuousClock.now
        let counted = CountedQuery(
            key: blocks.block(ofRoute: index)?.key, type: reply.query.type, isIPv6: isIPv6,
            isDNSSECOK: reply.query.hasEDNS && reply.query.isDNSSECOK, size: length, received: received)
        guard let index else {
            return finish(Response(.refused), &reply, name, options, counted)
        }
        guard state.underWay.hasRoom else { return refuseOverload(&reply, name, options, counted) }
        let route = router.routes[index]
        let query = makeQuery(reply, name, length: length, received: received, from: origin, lookups: router)
        let answer = PendingAnswer()
        let hasEDNS = reply.query.hasEDNS
        let task = Task.immediate { answer.finish(await route.respond(to: query).sayable(withEDNS: hasEDNS)) }
        if let response = answer.take() { return finish(response, &reply, name, options, counted) }

        guard let id = state.underWay.add(task, answer, received: received) else {
            task.cancel()
            return refuseOverload(&reply, name, options, counted)
        }
        let late = LateReply(
            question: Array(UnsafeRawBufferPointer(start: reply.buffer, count: reply.query.questionEnd)),
            query: reply.query, name: name, limit: reply.limit, isStream: transport.isStream,
            options: options)
        let returnPath = origin.makeReturnPath()
        state.outstanding.enter()
        let response = answer.wait(state.underWay, id) { [state, transport] response, isTimedOut in
            let bytes = late.bytes(response)
            let isSent = returnPath(bytes)
            state.countLate(transport) { counters in
                counters.count(response, bytes.count, counted)
                if isTimedOut { counters.count(.timeout) }
                if !isSent { counters.count(.unsendable) }
            }
            state.outstanding.leave()
        }
        guard let response else { return .later }
        state.underWay.remove(id)
        state.outstanding.leave()
        return finish(response, &reply, name, options, counted)
    }

    private func finish(
        _ response: Response, _ reply: inout Reply, _ name: DomainName, _ options: [EDNSOption],
        _ counted: CountedQuery
    ) -> Outcome {
        let length =
            response.isSilent ? 0 : reply.write(response, name: name, isStream: transport.isStream, options: options)
        counters.count(response, length, counted)
        return response.isSilent ? .silence : .reply(length)
    }

    private func refuseOverload(
        _ reply: inout Reply, _ name: DomainName, _ options: [EDNSOption], _ counted: CountedQuery
    ) -> Outcome {
        counters.count(.overload)
        return finish(
            .failed("", "too many queries under way", ExtendedError(.other, "too many queries under way")), &reply,
            name, options, counted)
    }

    private func makeQuery(
        _ reply: Reply, _ name: DomainName, length: Int, received: ContinuousClock.Instant,
        from origin: some QueryOrigin, lookups: Router
    ) -> PipelineQuery {
        var query = PipelineQuery(
            name: name, type: reply.query.type, client: origin.client, server: origin.server, transport: transport,
            received: received, lookups: lookups)
        let header = UnsafeRawBufferPointer(start: reply.buffer, count: 12)
        query.recordClass = reply.query.recordClass
        query.id = UInt16(header[0]) << 8 | UInt16(header[1])
        query.isRecursionDesired = header[2] & 1 != 0
        query.isAuthenticDataWanted = header[3] & 0x20 != 0
        query.isCheckingDisabled = header[3] & 0x10 != 0
        query.size = length
        if reply.query.hasEDNS {
            let packet = UnsafeRawBufferPointer(start: reply.buffer, count: length)
            query.edns = EDNS(
                udpPayload: reply.query.udpPayload, isDNSSECOK: reply.query.isDNSSECOK,
                options: ReplyOptions.all(of: reply.query, in: packet))
        }
        return query
    }
}

extension Response {
    /// The response with a code that a reply can say: the upper bits have their place in the OPT record
    /// (RFC 6891 §6.1.3), and the lower alone say another code.
    fileprivate func sayable(withEDNS hasEDNS: Bool) -> Response {
        guard code.rawValue > 15, !hasEDNS else { return self }
        var response = self
        response.code = .serverFailure
        return response
    }
}

/// What is counted of a query that went through the stages.
struct CountedQuery: Sendable {
    /// nil where the server block is not counted.
    let key: QueryCounters.BlockKey?
    let type: RecordType
    let isIPv6: Bool
    let isDNSSECOK: Bool
    /// Bytes.
    let size: Int
    let received: ContinuousClock.Instant
}

extension QueryCounters {
    /// Counts an answer of the stages.
    ///
    /// - Parameter size: of the reply, in bytes; 0 for none.
    func count(_ response: Response, _ size: Int, _ query: CountedQuery) {
        countPipelineAnswer()
        if response.isSilent { count(.silence) }
        guard let key = query.key else { return }
        let cells = cells(key)
        Self.count(
            cells, query.type, isIPv6: query.isIPv6, isDNSSECOK: query.isDNSSECOK, requestSize: query.size,
            responseSize: size)
        let (seconds, attoseconds) = query.received.duration(to: .now).components
        Self.countDuration(
            cells,
            nanoseconds: UInt64(clamping: seconds) &* 1_000_000_000 &+ UInt64(clamping: attoseconds / 1_000_000_000))
        count(response.code, source: response.source, of: key)
    }
}
