import Glibc
import Synchronization
import Telemetry
import Testing

@testable import Stages

@Suite("Writing of log lines")
struct LogLineWriterTests {
    /// A pipe whose ends are closed at last.
    private final class Pipe {
        let reader: Int32
        private(set) var writer: Int32

        init() throws {
            var ends: [Int32] = [-1, -1]
            try #require(pipe(&ends) == 0)
            (reader, writer) = (ends[0], ends[1])
        }

        deinit {
            close(reader)
            closeWriter()
        }

        func closeWriter() {
            if writer >= 0 { close(writer) }
            writer = -1
        }

        /// Writes until the pipe holds no more; returns how many bytes it took.
        func fill() -> Int {
            let flags = fcntl(writer, F_GETFL)
            _ = fcntl(writer, F_SETFL, flags | O_NONBLOCK)
            defer { _ = fcntl(writer, F_SETFL, flags) }
            var count = 0
            while Glibc.write(writer, "x", 1) == 1 { count += 1 }
            return count
        }

        func readToEnd() -> String {
            var bytes: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = read(reader, &chunk, chunk.count)
                guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
                bytes += chunk[..<count]
            }
        }
    }

    @Test("Lines come in their order, whole")
    func order() throws {
        let pipe = try Pipe()
        let metrics = Metrics()
        let writer = LogLineWriter(descriptor: pipe.writer, metrics: metrics)
        for number in 0..<500 { writer.write("line \(number)") }
        #expect(writer.stop(waitingAtMost: 60))
        pipe.closeWriter()
        #expect(pipe.readToEnd() == (0..<500).map { "line \($0)\n" }.joined())
        #expect(metrics.text().contains("swiftlet_log_dropped_total 0\n"))
    }

    @Test("A reader that stands still costs lines, and nobody waits")
    func slowReader() throws {
        let pipe = try Pipe()
        let filling = pipe.fill()
        let metrics = Metrics()
        let dropped = metrics.counter("swiftlet_log_dropped_total", "")
        let writer = LogLineWriter(
            descriptor: pipe.writer, metrics: metrics, capacity: 10_000, linesPerSecond: .max, second: { 0 })
        let line = String(repeating: "x", count: 99)
        // More than the queue and the piece in the thread's hand can hold.
        for _ in 0..<3000 { writer.write(line) }
        #expect(dropped.value > 0)
        #expect(!writer.stop(waitingAtMost: 0))
        let before = dropped.value
        writer.write("late")
        #expect(dropped.value == before + 1)
        // Once it reads again, what was taken comes, and then how much was not; of the late one it may know already.
        let notices = [before, before + 1].map { "log: \($0) lines dropped: too many, or their reader too slow\n" }
        let wanted = filling + (3000 - Int(before)) * 100 + notices[0].utf8.count
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while bytes.count < wanted {
            let count = read(pipe.reader, &chunk, chunk.count)
            try #require(count > 0)
            bytes += chunk[..<count]
        }
        #expect(writer.stop(waitingAtMost: 60))
        #expect(bytes.count == wanted)
        #expect(notices.contains(String(decoding: bytes.suffix(notices[0].utf8.count), as: UTF8.self)))
    }

    @Test("Of one second so many lines are written; the log and the counter tell of the others")
    func rate() throws {
        let pipe = try Pipe()
        let metrics = Metrics()
        let second = Atomic<UInt64>(7)
        let writer = LogLineWriter(
            descriptor: pipe.writer, metrics: metrics, capacity: 10_000, linesPerSecond: 10,
            second: { second.load(ordering: .relaxed) })
        for number in 0..<25 { writer.write("a\(number)") }
        writer.write(lines: Array("x\ny\n".utf8), count: 2)
        second.store(8, ordering: .relaxed)
        writer.write(lines: Array("b0\nb1\n".utf8), count: 2)
        #expect(writer.stop(waitingAtMost: 60))
        pipe.closeWriter()
        var lines = pipe.readToEnd().split(separator: "\n").map(String.init)
        let notices = lines.filter { $0.hasPrefix("log: ") }
        lines.removeAll { $0.hasPrefix("log: ") }
        #expect(lines == (0..<10).map { "a\($0)" } + ["b0", "b1"])
        #expect(notices == ["log: 17 lines dropped: too many, or their reader too slow"])
        #expect(metrics.text().contains("swiftlet_log_dropped_total 17\n"))
    }

    @Test("A reader that is gone ends nothing")
    func goneReader() throws {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        close(ends[0])
        let metrics = Metrics()
        let writer = LogLineWriter(descriptor: ends[1], metrics: metrics)
        writer.write("a")
        writer.write("b")
        #expect(writer.stop(waitingAtMost: 60))
        #expect(metrics.text().contains("swiftlet_log_dropped_total 2\n"))
        close(ends[1])
    }
}
