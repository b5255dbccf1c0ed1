import Dispatch
import Glibc
import Testing

@testable import Descriptors

@Suite("The descriptors of the process")
struct DescriptorsTests {
    @Test(
        "A part is kept free of connections, half of it of probes",
        arguments: Limits.cases)
    func reserve(_ limits: Limits) {
        #expect(!Descriptors.areScarce(next: limits.last, limit: limits.limit, forProbes: false))
        #expect(Descriptors.areScarce(next: limits.last + 1, limit: limits.limit, forProbes: false))
        #expect(!Descriptors.areScarce(next: limits.lastOfProbes, limit: limits.limit, forProbes: true))
        #expect(Descriptors.areScarce(next: limits.lastOfProbes + 1, limit: limits.limit, forProbes: true))
    }

    @Test("The soft limit becomes the hard one")
    func raising() {
        var before = rlimit()
        #expect(getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &before) == 0)
        Descriptors.raiseLimit()
        var after = rlimit()
        #expect(getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &after) == 0)
        #expect(after.rlim_cur == before.rlim_max && after.rlim_max == before.rlim_max)
    }

    /// libdispatch looks at its threads once a second while work waits for them.
    @Test("Threads are watched on while descriptors are used up, as long as work waits for them")
    func usedUp() async {
        await #expect(processExitsWith: .success) {
            var none = rlimit(rlim_cur: 0, rlim_max: 0)
            guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &none) == 0 else { exit(2) }
            guard open("/dev/null", O_RDONLY) == -1, errno == EMFILE else { exit(3) }
            let work = DispatchQueue.global()
            for _ in 0..<100_000 { work.async { usleep(1000) } }
            // Its timer is served by the thread that looks at the others.
            let seconds = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "seconds"))
            nonisolated(unsafe) var passed = 0
            // On one queue, one after another.
            seconds.setEventHandler {
                passed += 1
                if passed == 3 { exit(0) }
            }
            seconds.schedule(deadline: .now() + 1, repeating: 1)
            seconds.activate()
            while true { pause() }
        }
    }
}

/// A limit, and the highest numbers that a connection and a probe may have.
struct Limits: CustomTestStringConvertible {
    let limit: rlim_t
    let last: Int32
    let lastOfProbes: Int32

    var testDescription: String { "\(limit)" }

    static let cases = [
        Limits(limit: 64, last: 47, lastOfProbes: 55), Limits(limit: 1024, last: 767, lastOfProbes: 895),
        Limits(limit: 20_000, last: 19_743, lastOfProbes: 19_871),
    ]
}
