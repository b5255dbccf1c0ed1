import APIClient
import Testing

@testable import KubernetesRegistry

struct ReflectorTests {
    private static let random = 0.5
    /// 300 s and half of as much again.
    private static let timeout = 450
    private static let refusals = [400, 405, 406, 415, 422]

    private static func started(version: Int? = nil, isOptional: Bool = false) -> Reflector {
        var reflector = Reflector(version: version.map { ObjectVersion("\($0)") }, isOptional: isOptional)
        _ = reflector.start(random: random)
        reflector.opened(now: .zero)
        return reflector
    }

    /// One whose watch has been open for a while.
    private static func watching(at version: Int) -> Reflector {
        var reflector = started()
        _ = reflector.heardBookmark(ObjectVersion("\(version)"), endsInitialEvents: true, now: .zero)
        return reflector
    }

    private static func refused(_ code: Int, _ message: String = "", retryAfter: Duration? = nil) -> Reflector.Ending {
        .refused(code: code, message: message, retryAfter: retryAfter)
    }

    private static func watch(_ version: String) -> Reflector.Step {
        .send(.watch(version: version, timeout: timeout))
    }

    private static let stream = Reflector.Step.send(.streamingList(timeout: timeout))

    @Test("The first question is a streaming list; from its bookmark on it is a watch")
    func streamingList() {
        var reflector = Reflector()
        #expect(reflector.start(random: Self.random) == Self.stream)
        reflector.opened(now: .zero)
        reflector.heardEvent(ObjectVersion("900"))
        #expect(reflector.phase == .listing)
        let isEnd = reflector.heardBookmark(ObjectVersion("50"), endsInitialEvents: true, now: .zero)
        #expect(isEnd)
        #expect(reflector.phase == .watching)
        reflector.heardEvent(ObjectVersion("51"))
        #expect(reflector.ended(.finished, now: .seconds(400), random: Self.random) == Self.watch("51"))
    }

    @Test("A streaming list that is refused becomes a list of any state, in pages, and a watch", arguments: refusals)
    func refusedStream(_ code: Int) {
        var reflector = Self.started()
        let list = Reflector.Request.list(version: "0", page: "")
        #expect(reflector.ended(Self.refused(code), now: .zero, random: Self.random) == .send(list))
        var page = ListMetadata(version: ObjectVersion("7"), continuation: "c1")
        #expect(
            reflector.ended(.listed(page), now: .zero, random: Self.random)
                == .send(.list(version: "0", page: "c1")))
        page.continuation = ""
        #expect(reflector.ended(.listed(page), now: .zero, random: Self.random) == Self.watch("7"))
        #expect(!reflector.streamsLists)
    }

    @Test("A server that ignores the wish for a bookmark is asked for lists from then on")
    func unmarked() {
        var reflector = Self.started()
        #expect(reflector.patience == Reflector.markerPatience)
        #expect(reflector.silence == .unmarked)
        #expect(
            reflector.ended(.unmarked, now: .seconds(10), random: Self.random)
                == .send(.list(version: "0", page: "")))
    }

    @Test("A server that answers nothing at all is not taken for one that ignores")
    func silentServer() {
        var reflector = Reflector()
        _ = reflector.start(random: Self.random)
        #expect(reflector.patience == Reflector.openPatience)
        #expect(reflector.silence == .silent)
        #expect(reflector.ended(.silent, now: .seconds(60), random: Self.random) == .wait(.milliseconds(1200)))
        #expect(reflector.streamsLists)
    }

    @Test("Waits double from 0.8 s to 30 s, with a random part up to as much again; success resets them")
    func backoff() {
        var backoff = Backoff()
        let waits = (0..<8).map { _ in backoff.next(random: 0) }
        #expect(waits == [800, 1600, 3200, 6400, 12800, 25600, 30000, 30000].map { .milliseconds($0) })
        #expect(backoff.next(random: 0.5) == .seconds(45))
        backoff.reset()
        #expect(backoff.next(random: 0.99) < .seconds(1.6))
        for _ in 0..<100 { _ = backoff.next(random: 0) }
        #expect(backoff.next(random: 0) == .seconds(30))
    }

    @Test("A version that is too old leads to a new list at once, and again only after a while")
    func expired() {
        var reflector = Self.watching(at: 10)
        #expect(reflector.ended(Self.refused(410), now: .seconds(9), random: Self.random) == Self.stream)
        reflector.opened(now: .seconds(9))
        // The list is complete, and its watch refused as well.
        _ = reflector.heardBookmark(ObjectVersion("12"), endsInitialEvents: true, now: .seconds(9))
        #expect(reflector.ended(Self.refused(410), now: .seconds(9), random: Self.random) == .wait(.milliseconds(2400)))
        #expect(reflector.waited(random: Self.random) == Self.stream)
    }

    @Test("An event between two refusals within a second does not make the second one the first")
    func expiredAfterEvent() {
        var reflector = Self.watching(at: 10)
        #expect(reflector.ended(Self.refused(410), now: .seconds(9), random: Self.random) == Self.stream)
        reflector.opened(now: .seconds(9))
        _ = reflector.heardBookmark(ObjectVersion("12"), endsInitialEvents: true, now: .seconds(9))
        reflector.heardEvent(ObjectVersion("13"))
        #expect(reflector.ended(Self.refused(410), now: .seconds(9), random: Self.random) == .wait(.milliseconds(2400)))
        #expect(reflector.waited(random: Self.random) == Self.stream)
        reflector.opened(now: .seconds(20))
        _ = reflector.heardBookmark(ObjectVersion("14"), endsInitialEvents: true, now: .seconds(20))
        // What has stood for a second begins anew.
        #expect(reflector.ended(Self.refused(410), now: .seconds(21), random: Self.random) == Self.stream)
    }

    @Test("A page that is too old leads to a list of the newest state")
    func expiredPage() {
        var reflector = Self.started()
        _ = reflector.ended(Self.refused(422), now: .zero, random: Self.random)
        _ = reflector.ended(
            .listed(ListMetadata(version: ObjectVersion("7"), continuation: "c")), now: .zero, random: Self.random)
        #expect(
            reflector.ended(Self.refused(410), now: .zero, random: Self.random) == .send(.list(version: "", page: "")))
    }

    @Test("A server that is overloaded is asked again after what it says, or after the back-off where that is longer")
    func overloaded() {
        var reflector = Self.watching(at: 10)
        #expect(
            reflector.ended(Self.refused(429, retryAfter: .seconds(7)), now: .zero, random: Self.random)
                == .wait(.seconds(7)))
        #expect(reflector.waited(random: Self.random) == Self.watch("10"))
        #expect(
            reflector.ended(Self.refused(429, retryAfter: .zero), now: .zero, random: Self.random)
                == .wait(.milliseconds(2400)))
    }

    @Test("After an error the watch goes on where it was", arguments: [500, 503, 401, 403])
    func errors(_ code: Int) {
        var reflector = Self.watching(at: 10)
        #expect(reflector.ended(Self.refused(code), now: .zero, random: Self.random) == .wait(.milliseconds(1200)))
        #expect(reflector.waited(random: Self.random) == Self.watch("10"))
    }

    @Test("A watch that is refused again and again is given up for a list", arguments: [500, 503, 401, 403])
    func refusedWatches(_ code: Int) {
        var reflector = Self.watching(at: 10)
        for number in 1...Reflector.refusalLimit {
            guard case .wait = reflector.ended(Self.refused(code), now: .zero, random: Self.random) else {
                Issue.record("no wait after refusal \(number)")
                return
            }
            let list = Reflector.Step.send(.list(version: "10", page: ""))
            let isLast = number == Reflector.refusalLimit
            #expect(reflector.waited(random: Self.random) == (isLast ? list : Self.watch("10")))
        }
        // And so each time, until an event shows that watches go again.
        func list(_ version: String) {
            let end = ListMetadata(version: ObjectVersion(version), continuation: "")
            #expect(reflector.ended(.listed(end), now: .zero, random: Self.random) == Self.watch(version))
        }
        list("20")
        _ = reflector.ended(Self.refused(code), now: .zero, random: Self.random)
        #expect(reflector.waited(random: Self.random) == .send(.list(version: "20", page: "")))
        list("30")
        reflector.opened(now: .zero)
        reflector.heardEvent(ObjectVersion("31"))
        _ = reflector.ended(Self.refused(code), now: .zero, random: Self.random)
        #expect(reflector.waited(random: Self.random) == Self.watch("31"))
        #expect(reflector.ended(.doubted, now: .zero, random: Self.random) == Self.stream, "they are tried again")
    }

    @Test("Refusals count in a row: a watch that goes well between them begins the count anew")
    func refusalsApart() {
        var reflector = Self.watching(at: 10)
        for _ in 0..<(2 * Reflector.refusalLimit) {
            _ = reflector.ended(Self.refused(500), now: .zero, random: Self.random)
            #expect(reflector.waited(random: Self.random) == Self.watch("10"))
            reflector.opened(now: .zero)
            #expect(reflector.ended(.finished, now: .seconds(400), random: Self.random) == Self.watch("10"))
        }
    }

    @Test("Where a streaming list is forbidden, or not found, a list is asked for at once", arguments: [401, 403, 404])
    func forbiddenStream(_ code: Int) {
        var reflector = Self.started()
        let list = Reflector.Step.send(.list(version: "0", page: ""))
        #expect(reflector.ended(Self.refused(code), now: .zero, random: Self.random) == list)
        guard case .wait = reflector.ended(Self.refused(code), now: .zero, random: Self.random) else {
            Issue.record("no wait")
            return
        }
        #expect(reflector.waited(random: Self.random) == list)
        let end = ListMetadata(version: ObjectVersion("7"), continuation: "")
        #expect(reflector.ended(.listed(end), now: .zero, random: Self.random) == Self.watch("7"))
        #expect(reflector.streamsLists && reflector.ended(.doubted, now: .zero, random: Self.random) == Self.stream)
    }

    @Test("A list may take a minute to begin, what servers begin at once half of it")
    func patience() {
        var reflector = Reflector(version: ObjectVersion("10"))
        _ = reflector.start(random: Self.random)
        #expect(reflector.patience == Reflector.openPatience)
        reflector = Reflector()
        _ = reflector.start(random: Self.random)
        #expect(reflector.patience == Reflector.openPatience)
        _ = reflector.ended(Self.refused(400), now: .zero, random: Self.random)
        #expect(reflector.patience == Reflector.listPatience)
        #expect(APIClient.streamTime > Reflector.listPatience)
    }

    @Test("A connection that breaks costs a wait and no list")
    func broken() {
        var reflector = Self.watching(at: 10)
        #expect(reflector.ended(.broken, now: .seconds(99), random: Self.random) == .wait(.milliseconds(1200)))
        #expect(reflector.waited(random: Self.random) == Self.watch("10"))
    }

    @Test("A stream that ends within a second is a failure, a longer one is asked for again at once")
    func shortStream() {
        var reflector = Self.watching(at: 10)
        #expect(reflector.ended(.finished, now: .milliseconds(999), random: Self.random) == .wait(.milliseconds(1200)))
        _ = reflector.waited(random: Self.random)
        reflector.opened(now: .seconds(10))
        #expect(reflector.ended(.finished, now: .seconds(11), random: Self.random) == Self.watch("10"))
    }

    @Test("Silence is borne for three bookmarks where there are any, else until the watch should have ended")
    func silence() {
        var reflector = Self.watching(at: 10)
        #expect(reflector.patience == .seconds(Self.timeout) + Reflector.grace)
        for version in 11...12 {
            _ = reflector.heardBookmark(ObjectVersion("\(version)"), endsInitialEvents: false, now: .zero)
        }
        #expect(reflector.patience == Reflector.bookmarkPatience)
        #expect(reflector.ended(.silent, now: .seconds(200), random: Self.random) == Self.watch("12"))
    }

    @Test("A line that is no JSON is asked for again once; then there is a list")
    func malformed() {
        var reflector = Self.watching(at: 10)
        #expect(reflector.ended(.malformed, now: .zero, random: Self.random) == .wait(.milliseconds(1200)))
        #expect(reflector.waited(random: Self.random) == Self.watch("10"))
        _ = reflector.ended(.malformed, now: .zero, random: Self.random)
        #expect(reflector.waited(random: Self.random) == Self.stream)
    }

    @Test("Versions that go back within a watch do not turn it back")
    func goingBack() {
        var reflector = Self.watching(at: 10)
        reflector.heardEvent(ObjectVersion("15"))
        reflector.heardEvent(ObjectVersion("12"))
        _ = reflector.heardBookmark(ObjectVersion("11"), endsInitialEvents: false, now: .zero)
        #expect(reflector.version == ObjectVersion("15"))
    }

    @Test("An API that was set back is listed anew, whatever its versions are")
    func restoredAPI() {
        var reflector = Self.watching(at: 900)
        let ending = Self.refused(504, "Too large resource version: 900, current: 12")
        #expect(reflector.ended(ending, now: .zero, random: Self.random) == .wait(.milliseconds(1200)))
        #expect(reflector.waited(random: Self.random) == Self.stream)
        reflector.opened(now: .zero)
        _ = reflector.heardBookmark(ObjectVersion("13"), endsInitialEvents: true, now: .zero)
        #expect(reflector.version == ObjectVersion("13"))
    }

    @Test("A stored version is watched from without a list")
    func stored() {
        var reflector = Reflector(version: ObjectVersion("33"))
        #expect(reflector.start(random: Self.random) == Self.watch("33"))
    }

    @Test("A kind that a server may lack is asked for seldom; another one is expected back")
    func unserved() {
        var optional = Self.started(isOptional: true)
        #expect(optional.ended(Self.refused(404), now: .zero, random: Self.random) == .wait(Reflector.unservedPause))
        #expect(optional.isUnserved)
        #expect(optional.waited(random: Self.random) == Self.stream)
        var other = Self.started()
        _ = other.ended(Self.refused(404), now: .zero, random: Self.random)
        #expect(other.ended(Self.refused(404), now: .zero, random: Self.random) == .wait(.milliseconds(1200)))
        #expect(!other.isUnserved)
        // One that was there is no kind that the server lacks.
        optional.opened(now: .zero)
        _ = optional.heardBookmark(ObjectVersion("5"), endsInitialEvents: true, now: .zero)
        _ = optional.ended(Self.refused(410), now: .zero, random: Self.random)
        #expect(optional.ended(Self.refused(404), now: .zero, random: Self.random) != .wait(Reflector.unservedPause))
    }

    @Test("Streaming lists that keep breaking are given up")
    func brokenStreams() {
        var reflector = Self.started()
        for ending in [Reflector.Ending.finished, .broken, Self.refused(500)] {
            _ = reflector.ended(ending, now: .zero, random: Self.random)
            _ = reflector.waited(random: Self.random)
            reflector.opened(now: .zero)
        }
        #expect(!reflector.streamsLists)
    }

    @Test("Doubts lead to a list of the newest state")
    func doubted() {
        var reflector = Self.watching(at: 10)
        #expect(reflector.ended(.doubted, now: .zero, random: Self.random) == Self.stream)
    }
}

struct ConsistencyCheckTests {
    private static func count(_ objects: Int, _ version: String) -> ConsistencyCheck.Count {
        ConsistencyCheck.Count(objects: objects, version: ObjectVersion(version))
    }

    @Test("A difference counts when it is there twice, the second time with the watch past the first")
    func twice() {
        var check = ConsistencyCheck()
        #expect(check.judge(api: Self.count(5, "10"), known: Self.count(5, "9"), before: ObjectVersion("9")) == .agrees)
        #expect(
            check.judge(api: Self.count(6, "10"), known: Self.count(5, "9"), before: ObjectVersion("9")) == .differs)
        // The event is still on its way.
        #expect(
            check.judge(api: Self.count(6, "12"), known: Self.count(5, "9"), before: ObjectVersion("9")) == .differs)
        #expect(
            check.judge(api: Self.count(6, "14"), known: Self.count(5, "11"), before: ObjectVersion("11")) == .disagrees
        )
        #expect(
            check.judge(api: Self.count(6, "14"), known: Self.count(6, "14"), before: ObjectVersion("14")) == .agrees)
    }

    @Test("A difference that goes is forgotten")
    func passing() {
        var check = ConsistencyCheck()
        #expect(
            check.judge(api: Self.count(6, "10"), known: Self.count(5, "9"), before: ObjectVersion("9")) == .differs)
        #expect(
            check.judge(api: Self.count(6, "11"), known: Self.count(6, "10"), before: ObjectVersion("10")) == .agrees)
        #expect(
            check.judge(api: Self.count(7, "12"), known: Self.count(6, "11"), before: ObjectVersion("11")) == .differs)
    }

    @Test("A watch that never comes past the difference is doubted in the end")
    func stalled() {
        var check = ConsistencyCheck()
        var verdicts: [ConsistencyCheck.Verdict] = []
        for _ in 0...ConsistencyCheck.patience {
            verdicts.append(
                check.judge(api: Self.count(6, "100"), known: Self.count(5, "9"), before: ObjectVersion("9")))
        }
        #expect(verdicts.dropLast().allSatisfy { $0 == .differs })
        #expect(verdicts.last == .disagrees)
    }

    @Test("An API that has gone back is found out by its version")
    func goneBack() {
        var check = ConsistencyCheck()
        let known = Self.count(5, "900")
        #expect(check.judge(api: Self.count(5, "20"), known: known, before: known.version) == .disagrees)
        // Versions that are no numbers say nothing.
        let opaque = Self.count(5, "x")
        #expect(check.judge(api: Self.count(5, "a"), known: opaque, before: opaque.version) == .agrees)
    }
}
