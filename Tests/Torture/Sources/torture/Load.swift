import BenchmarkSupport
import Foundation
import Glibc
import Synchronization

/// The steady load: threads that ask without an end, each reply being examined.
final class Load: Sendable {
    /// How long a reply is awaited: longer than the server waits for its upstreams.
    static let patience = Duration.seconds(8)

    private let examiner: Examiner
    private let questions: Questions
    private let isStopping = Mutex(false)
    private let ended = DispatchSemaphore(value: 0)
    private let threads: Int

    /// - Parameter interfaceAddress: the server's address on the interface that comes and goes.
    init(_ examiner: Examiner, _ questions: Questions, port: UInt16, interfaceAddress: String, seed: UInt64) {
        self.examiner = examiner
        self.questions = questions
        let work: [@Sendable (Load) -> Void] = [
            { $0.ask(.datagram, "127.0.0.1", port, pause: 2, seed: seed &+ 1) },
            { $0.ask(.interfaceDatagram, interfaceAddress, port, pause: 20, seed: seed &+ 2) },
            { $0.askOverConnections(port, seed: seed &+ 3) },
        ]
        threads = work.count
        for body in work {
            Thread { [self] in
                body(self)
                ended.signal()
            }.start()
        }
    }

    /// Returns when no question is under way any more.
    func stop() {
        isStopping.withLock { $0 = true }
        for _ in 0..<threads { ended.wait() }
    }

    private var goesOn: Bool { !isStopping.withLock { $0 } }

    // MARK: Datagrams

    private func ask(_ way: Way, _ host: String, _ port: UInt16, pause: Int, seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var socket = Sockets.connected(SOCK_DGRAM, host, port)
        var pending: [UInt16: Pending] = [:]
        var identifier = UInt16(truncatingIfNeeded: generator.next())
        var buffer = [UInt8](repeating: 0, count: 4096)
        var nextSweep = ContinuousClock.now
        var end: ContinuousClock.Instant?
        while true {
            if goesOn {
                identifier &+= 1
                if pending[identifier] == nil, let question = questions.next(using: &generator) {
                    pending[identifier] = question
                    let query = Packet.query(identifier, question: question.question)
                    // An error may be that of an earlier packet.
                    if send(socket, query, query.count, 0) < 0, send(socket, query, query.count, 0) < 0,
                        errno != ECONNREFUSED
                    {
                        if socket >= 0 { close(socket) }
                        socket = Sockets.connected(SOCK_DGRAM, host, port)
                    }
                }
            } else if pending.isEmpty || ContinuousClock.now > (end ?? .now) + Self.patience {
                break
            } else if end == nil {
                end = .now
            }
            let tick = ContinuousClock.now + .milliseconds(pause)
            while true {
                let size = recv(socket, &buffer, buffer.count, Int32(MSG_DONTWAIT))
                if size < 0 {
                    // The error of an earlier packet, or nothing there yet.
                    let rest = (tick - ContinuousClock.now) / .microseconds(1)
                    guard rest > 0 else { break }
                    var poller = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
                    let events = socket < 0 ? -1 : poll(&poller, 1, max(1, Int32(rest / 1000)))
                    // What is ready and nothing to read is an error, or a socket that is none.
                    if events != 0, poller.revents & Int16(POLLIN) == 0 { usleep(UInt32(max(0, min(rest, 20_000)))) }
                    continue
                }
                let packet = Array(buffer[..<size])
                let number = packet.count < 2 ? 0 : UInt16(packet[0]) << 8 | UInt16(packet[1])
                // Later than awaited, or of nobody's.
                guard let question = pending.removeValue(forKey: number) else { continue }
                examiner.take(packet, for: question)
            }
            let now = ContinuousClock.now
            guard now > nextSweep else { continue }
            nextSweep = now + .milliseconds(100)
            for (number, question) in pending where question.asked + Self.patience < now {
                pending[number] = nil
                examiner.miss(question, by: way)
            }
        }
        for question in pending.values { examiner.miss(question, by: way) }
        if socket >= 0 { close(socket) }
    }

    // MARK: Connections

    /// Connections with up to ten questions each, one after the other (RFC 7766).
    private func askOverConnections(_ port: UInt16, seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        while goesOn {
            let socket = Sockets.connected(SOCK_STREAM, "127.0.0.1", port, seconds: 8)
            for _ in 0..<(generator.next() % 10 + 1) where goesOn {
                guard let question = questions.next(using: &generator) else { break }
                let identifier = UInt16(truncatingIfNeeded: generator.next())
                let query = Packet.query(identifier, question: question.question)
                guard socket >= 0, Sockets.sendAll(Packet.pair(UInt16(query.count)) + query, to: socket),
                    let length = Sockets.receive(2, from: socket),
                    let packet = Sockets.receive(Int(length[0]) << 8 | Int(length[1]), from: socket),
                    packet.starts(with: Packet.pair(identifier))
                else {
                    examiner.miss(question, by: .connection)
                    break
                }
                examiner.take(packet, for: question)
                usleep(10_000)
            }
            if socket >= 0 { close(socket) }
            usleep(20_000)
        }
    }
}
