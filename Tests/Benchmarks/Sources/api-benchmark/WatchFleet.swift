import BenchmarkSupport
import Glibc

/// Many watches on the same list, each over a connection of its own, read by one thread.
final class WatchFleet {
    /// One watch: its connection and how far its stream has been read.
    private struct Watch {
        let connection: HTTPConnection
        var decoder = ChunkDecoder()
        /// What was read of the line that is still coming.
        var line: [UInt8] = []
    }

    private var watches: [Watch] = []

    /// Opens watches, one after the other; each is known to work by the head of its answer.
    init(count: Int, of path: String, port: UInt16) throws {
        let request = HTTPRequest("GET", path)
        watches.reserveCapacity(count)
        for number in 1...count {
            try Interruption.check()
            let connection = try HTTPConnection(port: port, bufferSize: 1 << 14)
            try connection.send(request)
            let head = try connection.receiveHead()
            guard head.status == 200, head.body == .chunked else {
                throw BenchmarkError.wrongAnswer(
                    question: "watch \(number) of \(count), GET \(path)", reply: "status \(head.status)")
            }
            watches.append(Watch(connection: connection))
        }
    }

    /// When the last of them was told of something.
    struct Arrival {
        let reply: ContinuousClock.Instant
        let last: ContinuousClock.Instant
    }

    /// Sends a write and reads all streams until each has had a line that contains `mark`.
    ///
    /// - Throws: `BenchmarkError` when the reply is not 200 with the mark in it, when a stream ends, or has not had the
    ///   mark `seconds` after the request.
    func arrival(
        of mark: String, sentBy request: HTTPRequest, over connection: HTTPConnection, seconds: Int = 10
    ) throws -> Arrival {
        let mark = Array(mark.utf8)
        var waiting = Set(watches.indices)
        var reply: ContinuousClock.Instant?
        var last = ContinuousClock.now
        let deadline = last + .seconds(seconds)
        try connection.send(request)

        var descriptors = watches.map { pollfd(fd: $0.connection.descriptor, events: Int16(POLLIN), revents: 0) }
        descriptors.append(pollfd(fd: connection.descriptor, events: Int16(POLLIN), revents: 0))
        while !waiting.isEmpty || reply == nil {
            try Interruption.check()
            guard ContinuousClock.now < deadline else {
                let missing = reply == nil ? "no reply and no event" : "no event"
                throw BenchmarkError.badRun(
                    "\(request.summary): \(missing) at \(waiting.count) of \(watches.count) watches within \(seconds) s"
                )
            }
            guard poll(&descriptors, nfds_t(descriptors.count), 100) > 0 else { continue }
            for index in descriptors.indices where descriptors[index].revents != 0 {
                if index == watches.count {
                    let answer = try connection.receive()
                    reply = .now
                    descriptors[index].fd = -1
                    guard answer.status == 200, Self.contains(answer.body, mark) else {
                        let text = String(decoding: answer.body.prefix(150), as: UTF8.self)
                        throw BenchmarkError.wrongAnswer(
                            question: request.summary, reply: "status \(answer.status): \(text)")
                    }
                } else if try read(index, lookingFor: mark), waiting.remove(index) != nil {
                    last = .now
                }
            }
        }
        guard let reply else { throw BenchmarkError.badRun("no reply to \(request.summary)") }
        return Arrival(reply: reply, last: last)
    }

    /// Reads what one stream has; whether a whole line in it contains the mark.
    private func read(_ index: Int, lookingFor mark: [UInt8]) throws -> Bool {
        var received: [UInt8] = []
        let pending = watches[index].connection.takePending()
        var isValid = watches[index].decoder.decode(pending[...], into: &received)
        isValid = try watches[index].decoder.decode(watches[index].connection.receiveSome(), into: &received) && isValid
        guard isValid, !watches[index].decoder.isAtEnd else {
            throw BenchmarkError.badRun("watch \(index + 1) of \(watches.count) was ended by the server")
        }
        var hasMark = false
        var rest = received[...]
        while let end = rest.firstIndex(of: 10) {
            watches[index].line += rest[..<end]
            hasMark = hasMark || Self.contains(watches[index].line, mark)
            watches[index].line.removeAll(keepingCapacity: true)
            rest = rest[(end + 1)...]
        }
        watches[index].line += rest
        return hasMark
    }

    private static func contains(_ line: [UInt8], _ mark: [UInt8]) -> Bool {
        line.withUnsafeBufferPointer { line in
            mark.withUnsafeBufferPointer { mark in
                guard let first = mark.first, line.count >= mark.count else { return false }
                return (0...line.count - mark.count).contains { start in
                    line[start] == first && line[start..<start + mark.count].elementsEqual(mark)
                }
            }
        }
    }
}

/// The number of files this process may have open (RLIMIT_NOFILE).
enum FileLimit {
    /// Calls `body` with room for so many more; programs started outside of it have the limit they would have had.
    static func withRoom<Result>(for count: Int, _ body: () throws -> Result) throws -> Result {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var before = rlimit()
        guard getrlimit(resource, &before) == 0 else {
            throw BenchmarkError.system(call: "getrlimit", errorNumber: errno)
        }
        var wanted = before
        wanted.rlim_cur = max(before.rlim_cur, rlim_t(count + 256))
        guard wanted.rlim_cur <= before.rlim_max, setrlimit(resource, &wanted) == 0 else {
            throw BenchmarkError.badRun("\(count) connections need more open files than `ulimit -Hn` allows")
        }
        defer { _ = setrlimit(resource, &before) }
        return try body()
    }
}
