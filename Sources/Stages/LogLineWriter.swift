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
/// fit into the queue is dropped and counted in `swiftlet_log_dropped_total`.
package final class LogLineWriter: LogSink {
    /// The most bytes that wait.
    package static let capacity = 1 << 20

    private struct State {
        var bytes: [UInt8] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let capacity: Int
    private let dropped: Counter
    /// Counts up when there is something to do for the thread.
    private let work = DispatchSemaphore(value: 0)
    /// Counts up when the thread has ended.
    private let ended = DispatchSemaphore(value: 0)

    /// - Parameter descriptor: stays the caller's, and open until `stop` has returned.
    package init(descriptor: Int32, metrics: Metrics, capacity: Int = LogLineWriter.capacity) {
        self.capacity = capacity
        dropped = metrics.counter(
            "swiftlet_log_dropped_total", "Counter of lines that were not written since their reader was too slow.")
        let thread = Thread { self.run(descriptor) }
        thread.name = "log"
        thread.start()
    }

    package func write(_ line: String) { write(lines: Array(line.utf8) + [UInt8(ascii: "\n")], count: 1) }

    package func write(lines: [UInt8], count: Int) {
        let (isTaken, isFirst) = state.withLock { state -> (Bool, Bool) in
            guard !state.isClosed, state.bytes.count + lines.count <= capacity else { return (false, false) }
            let isFirst = state.bytes.isEmpty
            state.bytes += lines
            return (true, isFirst)
        }
        if !isTaken { dropped.increment(by: UInt64(count)) }
        if isFirst { work.signal() }
    }

    /// Takes no more lines, and waits until all are written or a time, in seconds, is over; to be called once, at the
    /// end of the process.
    ///
    /// - Returns: whether all are written.
    @discardableResult
    package func stop(waitingAtMost seconds: Double) -> Bool {
        state.withLock { $0.isClosed = true }
        work.signal()
        return ended.wait(timeout: .now() + seconds) == .success
    }

    private func run(_ descriptor: Int32) {
        // A reader that is gone must not end the process.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        var isClosed = false
        while !isClosed {
            work.wait()
            let bytes = state.withLock { state in
                isClosed = state.isClosed
                return exchange(&state.bytes, with: [])
            }
            if !Self.write(bytes, to: descriptor) { dropped.increment(by: UInt64(bytes.count { $0 == 0x0a })) }
        }
        ended.signal()
    }

    private func exchange(_ bytes: inout [UInt8], with new: [UInt8]) -> [UInt8] {
        defer { bytes = new }
        return bytes
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
