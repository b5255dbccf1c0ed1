import APIClient
import KeptState
import Logging
import Registry
import Telemetry

/// Follows the objects of one kind: does what a `Reflector` says, and tells readers what changes.
actor KindReflector {
    /// Most changes that are told at once while a list is read.
    private static let portion = 512
    /// How long a watch is to be open without an error before it is taken for one that follows: a version that is too
    /// old is told by an event, after a head that promises all is well.
    private static let settling = Duration.seconds(1)

    /// How often silence is looked at, at least.
    private static let round = Duration.seconds(60)

    /// What a reflector works with.
    struct Surroundings: Sendable {
        let client: APIClient
        let executor: EventLoopExecutor
        let selection: DiscoverySelection
        let time: RegistryTime
        let metrics: RegistryMetrics
        let status: RegistryStatus
        let log: Logger
        let checkInterval: Duration
        /// Whether what is known is asked for by `stored`.
        let isStored: Bool
        let emit: @Sendable (DiscoveryEvent) -> Void
        /// The server has no such kind.
        let lacks: @Sendable (DiscoveryKind) -> Void
    }

    nonisolated let kind: DiscoveryKind
    private let watched: WatchedKind
    private let around: Surroundings
    private let objects: Gauge
    private var machine: Reflector
    private var held: HeldObjects
    private var check = ConsistencyCheck()
    /// Whether an API that has gone back since the last list could still be taken for one in which nothing happens.
    private var isUnproven: Bool
    /// Wakes the checks before their time.
    private var checkSignal: AsyncStream<Void>.Continuation?
    /// Whether readers have been told all of the kind once.
    private var isTold: Bool
    /// Whether readers have been told that the kind begins.
    private var hasBegun: Bool
    /// Whether a list came without objects where some are known: believed when the next one says the same.
    private var hasSeenEmptyList = false
    private var listed = 0
    /// What readers are to be told next.
    private var untold: [DiscoveryChange] = []
    private var lastHeard = Duration.zero
    private var reading: Task<Reflector.Ending, Never>?
    private var guardian: Task<Void, Never>?
    /// Whether the watch under way has proven to follow.
    private var isSettled = false
    /// Why the reading was given up from here.
    private var verdict: Reflector.Ending?
    private var lastComplaint = ""
    /// How often what is known has changed, for whoever writes it to a file.
    private(set) var revision = 0

    /// - Parameter stored: what an earlier process knew; readers have been told of it.
    init(_ kind: DiscoveryKind, _ around: Surroundings, stored: StoredKind? = nil) {
        self.kind = kind
        self.around = around
        watched = WatchedKind(kind, selection: around.selection)
        objects = around.metrics.objects(kind)
        var held = HeldObjects(kind, keepsObjects: around.isStored)
        var version: ObjectVersion?
        if let stored {
            for entry in stored.entries { held.restore(entry.object, id: entry.id, version: entry.version) }
            held.restore(unnamed: stored.unnamed)
            version = stored.version.isEmpty ? nil : ObjectVersion(stored.version)
            objects.set(Double(held.participants))
        }
        self.held = held
        isUnproven = version != nil
        isTold = stored != nil
        hasBegun = isTold
        machine = Reflector(version: version, isOptional: watched.isOptional)
    }

    /// Works until the task is cancelled.
    func run() async {
        async let checks: Void = runChecks()
        var step = machine.start(random: around.time.random())
        while !Task.isCancelled {
            switch step {
            case .wait(let pause):
                around.status.lost(kind)
                guard (try? await around.time.sleep(pause)) != nil else { break }
                step = machine.waited(random: around.time.random())
            case .send(let request):
                let ending = await perform(request)
                guard !Task.isCancelled else { break }
                step = conclude(ending)
            }
        }
        await checks
    }

    // MARK: Requests

    private func perform(_ request: Reflector.Request) async -> Reflector.Ending {
        verdict = nil
        isSettled = false
        lastHeard = around.time.now()
        let reading = Task(executorPreference: around.executor) { await self.read(request) }
        self.reading = reading
        beginGuarding()
        var settling: Task<Void, Never>?
        if case .watch = request { settling = Task { await self.settleLater() } }
        let ending = await withTaskCancellationHandler {
            await reading.value
        } onCancel: {
            reading.cancel()
        }
        guardian?.cancel()
        settling?.cancel()
        self.reading = nil
        isSettled = false
        // What came before the end is known, whatever the end was.
        tell()
        return verdict ?? ending
    }

    private func beginGuarding() {
        guardian?.cancel()
        guardian = Task { await self.guardSilence() }
    }

    /// Gives up what is being read when it has been silent for too long.
    private func guardSilence() async {
        while !Task.isCancelled {
            let rest = lastHeard + machine.patience - around.time.now()
            guard rest > .zero else { return giveUp(machine.silence) }
            // Looked at again from time to time, as patience changes with what is heard.
            guard (try? await around.time.sleep(min(rest, Self.round))) != nil else { return }
        }
    }

    private func settleLater() async {
        repeat {
            guard (try? await around.time.sleep(Self.settling)) != nil else { return }
        } while machine.isConnecting
        settle()
    }

    private func settle() {
        guard !isSettled, reading != nil, verdict == nil, machine.phase == .watching, !machine.isConnecting else {
            return
        }
        isSettled = true
        around.status.following(kind)
        if isUnproven { checkSignal?.yield() }
    }

    private func giveUp(_ ending: Reflector.Ending) {
        guard let reading, verdict == nil else { return }
        verdict = ending
        reading.cancel()
    }

    private func conclude(_ ending: Reflector.Ending) -> Reflector.Step {
        let wasUnserved = machine.isUnserved
        let step = machine.ended(ending, now: around.time.now(), random: around.time.random())
        if case .listed = ending { return step }
        // Whoever ended it may be another by the time the next one begins.
        isUnproven = true
        if let cause = machine.lastCause { around.metrics.countRestart(kind, cause) }
        if machine.isUnserved, !wasUnserved { tellUnserved() }
        complain(ending, fallsBack: isList(step))
        return step
    }

    private func isList(_ step: Reflector.Step) -> Bool {
        if case .send(.list) = step { true } else { false }
    }

    private func read(_ request: Reflector.Request) async -> Reflector.Ending {
        let start = around.time.now()
        do {
            let stream: APIStream
            do {
                stream = try await around.client.stream(watched.call(request))
            } catch {
                around.metrics.countRequest(code: nil, duration: around.time.now() - start)
                throw error
            }
            let now = around.time.now()
            lastHeard = now
            around.metrics.countRequest(code: stream.code, duration: now - start)
            guard stream.isSuccess else {
                let refusal = await stream.refusal()
                return .refused(code: stream.code, message: refusal.description, retryAfter: stream.retryAfter)
            }
            machine.opened(now: now)
            beginGuarding()
            switch request {
            case .list(_, let page):
                if page.isEmpty { beginList() }
                return try await readList(stream)
            case .streamingList:
                beginList()
                return try await readWatch(stream)
            case .watch:
                return try await readWatch(stream)
            }
        } catch let error as APIClientError {
            if !Task.isCancelled { lastComplaint = error.description }
            return error.cause == .malformed ? .malformed : .broken
        } catch {
            return .broken
        }
    }

    // MARK: Lists

    private func beginList() {
        held.beginList()
        listed = 0
        around.metrics.countList(kind)
        // Once only: of a list that breaks off, the next one tells what is different.
        if !hasBegun { around.emit(.snapshotBegins([kind])) }
        hasBegun = true
    }

    private func readList(_ stream: APIStream) async throws -> Reflector.Ending {
        var decoder = ListDecoder(kind: kind, selection: around.selection)
        do {
            for try await part in stream.parts {
                lastHeard = around.time.now()
                try part.withBytes { (bytes) throws(ListDecoder.Failure) in
                    try decoder.feed(bytes) { takeListed($0) }
                }
                if untold.count >= Self.portion { tell() }
            }
            try decoder.finish { takeListed($0) }
        } catch let failure as ListDecoder.Failure {
            lastComplaint = "the list is \(failure)"
            return failure == .cut ? .broken : .malformed
        }
        if decoder.metadata.continuation.isEmpty {
            guard !decoder.metadata.version.text.isEmpty else {
                lastComplaint = "the list has no resourceVersion"
                return .malformed
            }
            guard isPlausible() else { return .broken }
            endList()
        }
        return .listed(decoder.metadata)
    }

    private func takeListed(_ decoded: DecodedObject) {
        listed += 1
        countSkipped(decoded)
        if let change = held.takeListed(decoded) { untold.append(change) }
    }

    /// Whether a list may be what it says: one that has lost everything is asked for twice.
    private func isPlausible() -> Bool {
        guard listed == 0, held.participants > 0, !hasSeenEmptyList else {
            hasSeenEmptyList = false
            return true
        }
        hasSeenEmptyList = true
        lastComplaint = "the list is empty, and \(held.participants) objects were known"
        return false
    }

    private func endList() {
        untold += held.endList()
        tell()
        revision += 1
        check.reset()
        isUnproven = false
        if !isTold {
            isTold = true
            around.emit(.snapshotEnds([kind]))
        }
        objects.set(Double(held.participants))
        around.status.completed(kind)
    }

    /// The kind is complete without objects, as far as this server goes.
    private func tellUnserved() {
        around.log.notice("the API server has no \(kind.resource)")
        beginList()
        endList()
        around.lacks(kind)
    }

    // MARK: Watches

    private func readWatch(_ stream: APIStream) async throws -> Reflector.Ending {
        var cutter = LineCutter()
        var ending: Reflector.Ending?
        for try await part in stream.parts {
            lastHeard = around.time.now()
            part.withBytes { bytes in
                cutter.feed(bytes) { line in
                    if ending == nil { ending = take(line) }
                }
            }
            // Changes are told at once, the objects of a list in larger parts.
            if machine.phase != .listing || untold.count >= Self.portion { tell() }
            if let ending { return ending }
            guard !cutter.isOverLimit else { return .malformed }
        }
        return cutter.isWithinLine ? .broken : .finished
    }

    /// Takes a line of a watch.
    ///
    /// - Returns: Why the watch is over; nil where it goes on.
    private func take(_ bytes: UnsafeBufferPointer<UInt8>) -> Reflector.Ending? {
        guard bytes.contains(where: { $0 > 0x20 }) else { return nil }
        let line: WatchLine
        do throws(JSONPull.Stop) {
            line = try WatchLine(bytes, kind: kind, selection: around.selection)
        } catch {
            lastComplaint = "an event is no JSON of a watch"
            return .malformed
        }
        switch line {
        case .added(let object), .modified(let object):
            if machine.phase == .listing {
                takeListed(object)
            } else {
                countSkipped(object)
                if let change = held.takeChanged(object) { untold.append(change) }
                revision += 1
            }
            machine.heardEvent(object.version)
        case .deleted(let object):
            if let change = held.takeDeleted(object) { untold.append(change) }
            revision += 1
            machine.heardEvent(object.version)
        case .bookmark(let version, let endsInitialEvents):
            let wasListing = machine.phase == .listing
            if wasListing, !endsInitialEvents { return .unmarked }
            if wasListing, !isPlausible() { return .broken }
            let now = around.time.now()
            if machine.phase == .watching, let known = machine.version, version.isBefore(known) {
                isUnproven = true
                checkSignal?.yield()
            }
            if machine.heardBookmark(version, endsInitialEvents: endsInitialEvents, now: now) { endList() }
        case .failure(let failure):
            return .refused(code: failure.code, message: failure.message, retryAfter: failure.retryAfter)
        case .unknown:
            around.metrics.countSkipped(kind, "unknown_event")
        }
        if machine.phase == .watching { settle() }
        return nil
    }

    private func tell() {
        guard !untold.isEmpty else { return }
        objects.set(Double(held.participants))
        around.emit(.changes(untold))
        untold = []
    }

    private func countSkipped(_ decoded: DecodedObject) {
        guard case .skipped(let cause) = decoded.content else { return }
        around.metrics.countSkipped(kind, cause.rawValue)
        around.log.debug("\(kind.resource): skipped \(decoded.id.map { "\($0)" } ?? "an object"): \(cause.rawValue)")
    }

    /// Says what went wrong, the same thing once only until all is well again.
    private func complain(_ ending: Reflector.Ending, fallsBack: Bool) {
        let text: String
        switch ending {
        case .finished, .listed: return
        case .refused(410, _, _):
            around.log.info("\(kind.resource): version too old, listing anew")
            return
        case .refused(let code, _, _) where fallsBack:
            around.log.info("\(kind.resource): the API server streams no lists (status \(code)), listing in pages")
            return
        case .refused(_, let message, _): text = message
        case .broken, .malformed: text = lastComplaint.isEmpty ? "the connection broke" : lastComplaint
        case .silent: text = "nothing heard from the API server for too long, asking again"
        case .unmarked: text = "the API server streams no lists, listing in pages"
        case .doubted: text = "the number of objects is not the API's, listing anew"
        }
        lastComplaint = ""
        guard !text.isEmpty else { return }
        around.log.warning("\(kind.resource): \(text)")
    }

    // MARK: Checks

    /// Compares from time to time, and soon after a watch has begun that goes on from an earlier one: of a version that
    /// an API has not come to yet, as after its restoration from a backup, a watch says nothing, as in peace.
    private func runChecks() async {
        var (rest, pause) = (Duration.zero, around.checkInterval)
        while !Task.isCancelled {
            // A watch that breaks again and again is not compared each time.
            if rest > .zero { guard (try? await around.time.sleep(rest)) != nil else { return } }
            // A stream a round: it ends when a task that waits for it is cancelled.
            let (signals, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
            checkSignal = continuation
            if isUnproven, isSettled { continuation.yield() }
            let time = around.time
            let due = max(.zero, pause * (0.75 + time.random() / 2) - rest)
            await withTaskGroup(of: Void.self) { tasks in
                tasks.addTask { for await _ in signals { return } }
                tasks.addTask { try? await time.sleep(due) }
                await tasks.next()
                tasks.cancelAll()
            }
            checkSignal = nil
            guard !Task.isCancelled else { return }
            pause = await compare() ? around.checkInterval : min(around.checkInterval, ConsistencyCheck.confirmation)
            rest = ConsistencyCheck.rest
        }
    }

    /// Compares the newest version and the number of objects with the API's, the number where the API counts.
    ///
    /// - Returns: Whether all is well as far as can be said.
    func compare() async -> Bool {
        guard machine.phase == .watching, isTold, !machine.isUnserved, let before = machine.version else { return true }
        guard let api = await countAtAPI() else { return !isUnproven }
        guard machine.phase == .watching, let version = machine.version else { return true }
        let known = ConsistencyCheck.Count(objects: watched.isCounted ? held.count : nil, version: version)
        let verdict = check.judge(api: api, known: known, before: before)
        around.metrics.countCheck(kind, disagrees: verdict == .disagrees)
        isUnproven = false
        switch verdict {
        case .agrees: return true
        case .differs: return false
        case .disagrees:
            giveUp(.doubted)
            return true
        }
    }

    /// What the API has now, by a list of one object; nil where it cannot be asked.
    private func countAtAPI() async -> ConsistencyCheck.Count? {
        let start = around.time.now()
        guard let stream = try? await around.client.stream(watched.countingCall) else { return nil }
        around.metrics.countRequest(code: stream.code, duration: around.time.now() - start)
        guard stream.isSuccess else {
            // Asked in vain ever after, where it is not allowed.
            if stream.code < 500, stream.code != 429 { isUnproven = false }
            return nil
        }
        var decoder = ListDecoder(kind: kind, selection: around.selection)
        do {
            for try await part in stream.parts {
                try part.withBytes { (bytes) throws(ListDecoder.Failure) in try decoder.feed(bytes) { _ in } }
            }
            try decoder.finish { _ in }
        } catch {
            return nil
        }
        let metadata = decoder.metadata
        guard !metadata.version.text.isEmpty else { return nil }
        // A server that ignores the limit has sent them all.
        guard metadata.continuation.isEmpty || metadata.remaining != nil else {
            return ConsistencyCheck.Count(objects: nil, version: metadata.version)
        }
        let (objects, isOverflow) = decoder.count.addingReportingOverflow(Int(clamping: metadata.remaining ?? 0))
        // A number that no cluster has is no count.
        return ConsistencyCheck.Count(
            objects: isOverflow || objects < 0 ? nil : objects, version: metadata.version)
    }

    // MARK: State for the file

    /// What is known, for the file; nil before all of it is, and where no file is written (`Surroundings.isStored`).
    /// Others may use the reflector in between.
    ///
    /// The version is that of the beginning: what changes meanwhile comes again from the watch that goes on from it.
    func stored() async -> StoredKind? {
        guard isTold, held.keepsObjects else { return nil }
        var stored = StoredKind(kind, version: machine.version?.text ?? "", unnamed: held.unnamedCount)
        let ids = Array(held.entries.keys)
        stored.entries.reserveCapacity(ids.count)
        for (number, id) in ids.enumerated() {
            if number % 1000 == 999 { await Task.yield() }
            guard let entry = held.entries[id] else { continue }
            stored.entries.append(StoredKind.Entry(id: id, version: entry.version, object: entry.object))
        }
        return stored
    }

    /// Up to which version all is known, as text; nil before that and after it was given up.
    var version: String? { machine.version?.text }
}
