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
        func areScarce(_ next: Int32, _ connections: Int, forProbes: Bool = false) -> Bool {
            Descriptors.areScarce(next: next, connections: connections, limit: limits.limit, forProbes: forProbes)
        }
        #expect(!areScarce(limits.last, 0))
        #expect(areScarce(limits.last + 1, 0))
        #expect(!areScarce(limits.lastOfProbes, 0, forProbes: true))
        #expect(areScarce(limits.lastOfProbes + 1, 0, forProbes: true))
        // Numbers that are free among those in use do not count.
        #expect(!areScarce(0, limits.connections - 1))
        #expect(areScarce(0, limits.connections))
        #expect(!areScarce(0, limits.connections, forProbes: true))
        #expect(areScarce(0, Int(limits.limit), forProbes: true))
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
    ///
    /// Not under a sanitizer, whose own `open` is the process's.
    @Test(
        "Threads are watched on while descriptors are used up, as long as work waits for them",
        .enabled(if: getenv("SWIFTLET_SANITIZER") == nil))
    func usedUp() async {
        await #expect(processExitsWith: .success) {
            // Timers are descriptors too: this one is there before they are used up.
            let seconds = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "seconds"))
            let ticks = DispatchSemaphore(value: 0)
            seconds.setEventHandler { ticks.signal() }
            seconds.schedule(deadline: .now(), repeating: 1)
            seconds.activate()
            ticks.wait()
            useUp()
            // Not by that timer, which libdispatch may be unable to set again by now.
            sleep(4)
            exit(0)
        }
    }
}

/// Leaves this process without further descriptors, and with more to do than it has threads for.
private func useUp() {
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &none) == 0 else { exit(2) }
    guard open("/dev/null", O_RDONLY) == -1, errno == EMFILE else { exit(3) }
    let work = DispatchQueue.global()
    for _ in 0..<100_000 { work.async { usleep(1000) } }
}

/// A limit, and the highest numbers that a connection and a probe may have.
struct Limits: CustomTestStringConvertible {
    let limit: rlim_t
    let last: Int32
    let lastOfProbes: Int32
    /// The most connections beside probes.
    let connections: Int

    var testDescription: String { "\(limit)" }

    static let cases = [
        Limits(limit: 64, last: 47, lastOfProbes: 55, connections: 40),
        Limits(limit: 1024, last: 767, lastOfProbes: 895, connections: 704),
        Limits(limit: 20_000, last: 19_743, lastOfProbes: 19_871, connections: 19_680),
    ]
}
