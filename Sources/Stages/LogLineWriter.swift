import Dispatch
import Foundation
import Glibc
import Synchronization
import Telemetry

/// Where lines of the log go.
package protocol LogSink: Sendable {
    /// Takes a line without its end; never waits.
    func write(_ line: String)

    /// Takes several lines, each with its end; never waits.
    func write(lines: [UInt8], count: Int)
}

extension LogSink {
    package func write(lines: [UInt8], count: Int) {
        for line in lines.split(separator: 0x0a) { write(String(decoding: line, as: UTF8.self)) }
    }
}

/// Writes lines to a descriptor, such as standard output, from a thread of its own.
///
/// Whoever writes only puts lines onto a queue. A reader that does not keep up costs lines, not answers: what does not
/// fit into the queue is dropped, and so are lines beyond `linesPerSecond`: a flood of queries must not fill a disk.
/// They are counted in `swiftlet_log_dropped_total`, and a line says once a second how many they were.
package final class LogLineWriter: LogSink {
    /// The most bytes that wait.
    package static let capacity = 1 << 20
    /// The most lines of one second: more than a terminal, a file or a collector takes in for long.
    package static let linesPerSecond = 100_000
    /// How long a line waits for others that are written with it: woken for every batch of queries, the thread would cost
    /// more than its lines.
    private static let gathering = Duration.milliseconds(5)
    /// The most bytes that the thread keeps room for while nothing waits.
    private static let keptCapacity = 1 << 17

    private struct State {
        var bytes: [UInt8] = []
        var isClosed = false
        /// The second that `lines` were taken in.
        var second: UInt64 = 0
        var lines = 0
        /// Lines dropped since the log was last told of it.
        var untold: UInt64 = 0
    }

    private let state = Mutex(State())
    private let capacity: Int
    private let linesPerSecond: Int
    /// The second of a clock that only moves on.
    private let second: @Sendable () -> UInt64
    private let dropped: Counter
    /// Counts up when there is something to do for the thread.
    private let work = MonotonicSemaphore()
    /// Counts up when the thread has ended.
    private let ended = MonotonicSemaphore()

    /// - Parameter descriptor: stays the caller's, and open until `stop` has returned.
    package convenience init(descriptor: Int32, metrics: Metrics) {
        self.init(
            descriptor: descriptor, metrics: metrics, capacity: Self.capacity, linesPerSecond: Self.linesPerSecond)
    }

    init(
        descriptor: Int32, metrics: Metrics, capacity: Int, linesPerSecond: Int,
        second: @escaping @Sendable () -> UInt64 = { DispatchTime.now().uptimeNanoseconds / 1_000_000_000 }
    ) {
        self.capacity = capacity
        self.linesPerSecond = linesPerSecond
        self.second = second
        dropped = metrics.counter(
            "swiftlet_log_dropped_total",
            "Counter of lines that were not written since they were too many, or their reader too slow.")
        let thread = Thread { self.run(descriptor) }
        thread.name = "log"
        thread.start()
    }

    package func write(_ line: String) { write(lines: Array(line.utf8) + [UInt8(ascii: "\n")], count: 1) }

    package func write(lines: [UInt8], count: Int) {
        let second = second()
        let (isTaken, mustWake) = state.withLock { state -> (Bool, Bool) in
            if state.second != second {
                state.second = second
                state.lines = 0
            }
            guard !state.isClosed, state.bytes.count + lines.count <= capacity, state.lines + count <= linesPerSecond
            else {
                defer { state.untold += UInt64(count) }
                return (false, state.untold == 0)
            }
            defer {
                state.bytes += lines
                state.lines += count
            }
            return (true, state.bytes.isEmpty)
        }
        if !isTaken { dropped.increment(by: UInt64(count)) }
        if mustWake { work.signal() }
    }

    /// Takes no more lines, and waits until all are written or a time, in seconds, is over; to be called once, at the
    /// end of the process.
    ///
    /// - Returns: whether all are written.
    @discardableResult
    package func stop(waitingAtMost seconds: Double) -> Bool {
        state.withLock { $0.isClosed = true }
        work.signal()
        return ended.wait(atMost: .seconds(seconds))
    }

    private func run(_ descriptor: Int32) {
        // A reader that is gone must not end the process.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        var (isClosed, isTelling) = (false, false)
        var told = second()
        var bytes: [UInt8] = []
        while !isClosed {
            // What was dropped is told also where no further line comes.
            if isTelling { work.wait(atMost: .seconds(1)) } else { work.wait() }
            // Lines that join others give no signal; `stop` does.
            work.wait(atMost: Self.gathering)
            let now = second()
            bytes.removeAll(keepingCapacity: bytes.capacity <= Self.keptCapacity)
            let untold = state.withLock { state -> UInt64 in
                isClosed = state.isClosed
                let mayTell = isClosed || now != told
                isTelling = state.untold > 0 && !mayTell
                swap(&bytes, &state.bytes)
                return mayTell ? exchange(&state.untold, with: 0) : 0
            }
            if untold > 0 {
                told = now
                bytes += Array("log: \(untold) lines dropped: too many, or their reader too slow\n".utf8)
            }
            if !Self.write(bytes, to: descriptor) {
                let lines = bytes.count { $0 == 0x0a } - (untold > 0 ? 1 : 0)
                dropped.increment(by: UInt64(lines))
            }
        }
        ended.signal()
    }

    private func exchange<Value>(_ value: inout Value, with new: Value) -> Value {
        defer { value = new }
        return value
    }

    /// False where nobody reads any more.
    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count >= 0 {
                    rest = rest.dropFirst(count)
                } else if errno == EAGAIN {
                    var polled = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    poll(&polled, 1, -1)
                } else if errno != EINTR {
                    return false
                }
            }
            return true
        }
    }
}
