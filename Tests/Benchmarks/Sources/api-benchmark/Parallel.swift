import BenchmarkSupport
import Foundation
import Synchronization

/// Threads for calls that block.
enum Parallel {
    /// Runs `body` on `count` threads at once, with the thread's number from 0, and waits for all of them. Throws the
    /// first error.
    static func run(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
        let failure = Mutex<(any Error)?>(nil)
        let group = DispatchGroup()
        for number in 0..<count {
            group.enter()
            Thread {
                do {
                    try body(number)
                } catch {
                    failure.withLock { if $0 == nil { $0 = error } }
                }
                group.leave()
            }.start()
        }
        group.wait()
        if let error = failure.withLock({ $0 }) { throw error }
    }
}

/// What a number of connections made of a list of requests.
struct ParallelRequests {
    let count: Int
    /// From the first request to the last answer, all connections being open before.
    let seconds: Double

    var perSecond: Double { Double(count) / seconds }

    /// Sends every request once, the next one over whichever connection is free, and waits for all answers.
    ///
    /// - Throws: `BenchmarkError` when an answer has another status than the expected one; the rest is not sent then.
    init(_ requests: [HTTPRequest], connections: Int, port: UInt16, expecting status: Int) throws {
        let next = Atomic<Int>(0)
        let connected = DispatchGroup()
        for _ in 0..<connections { connected.enter() }
        let span = Mutex<(first: ContinuousClock.Instant, last: ContinuousClock.Instant)?>(nil)
        try Parallel.run(connections) { _ in
            let connection: HTTPConnection
            do {
                defer { connected.leave() }
                connection = try HTTPConnection(port: port)
            }
            connected.wait()
            let start = ContinuousClock.now
            do {
                while true {
                    let index = next.add(1, ordering: .relaxed).oldValue
                    guard index < requests.count else { break }
                    try Interruption.check()
                    try connection.exchange(requests[index], expecting: status)
                }
            } catch {
                next.store(requests.count, ordering: .relaxed)
                throw error
            }
            let end = ContinuousClock.now
            span.withLock { $0 = (min($0?.first ?? start, start), max($0?.last ?? end, end)) }
        }
        count = requests.count
        seconds = span.withLock { $0.map { ($0.last - $0.first) / .seconds(1) } } ?? 0
    }
}
