import BenchmarkSupport
import Foundation
import Glibc

/// What all worlds need.
struct Surroundings {
    let executable: String
    /// A folder of the world's own, on the disk.
    let folder: URL
    let seed: UInt64

    /// Where a file system of the world's own is, for what the server keeps.
    var data: URL { folder.appending(path: "data") }

    /// Runs a program to its end; what it wrote, or nil where it failed.
    @discardableResult
    func run(_ program: String, _ arguments: [String]) -> String? {
        let result = Command.run([program] + arguments)
        return result.status == 0 ? result.output : nil
    }

    func mustRun(_ program: String, _ arguments: [String]) throws {
        let result = Command.run([program] + arguments)
        guard result.status == 0 else {
            throw BenchmarkError.program(
                program, reason: "\(arguments.joined(separator: " ")): status \(result.status): \(result.output)")
        }
    }
}

/// A server with a registry, what is asked of it, and what can be broken. Main thread only.
class World {
    static let interface = "torture0"
    static let interfaceAddress = "10.99.0.1"

    let around: Surroundings
    let truth: Truth
    let excuses: Excuses
    let examiner: Examiner
    let strain: Strain
    let shim: Shim
    let data: URL
    private(set) var load: Load?
    let server: Server
    /// What is wrong beside answers.
    private(set) var complaints: [String] = []
    var lostWrites = 0
    var acknowledgedWrites = 0

    class var name: String { "" }
    var hasUpstreams: Bool { false }

    init(_ around: Surroundings, _ truth: Truth, _ excuses: Excuses, _ strain: Strain, arguments: [String]) throws {
        self.around = around
        self.excuses = excuses
        self.truth = truth
        self.strain = strain
        examiner = Examiner(truth, excuses, strain)
        shim = try Shim(folder: around.folder, data: around.data)
        data = around.data
        server = Server(
            executable: around.executable, arguments: arguments, shim: shim, strain: strain, folder: around.folder)
        strain.begin()
        try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
        try around.mustRun("mount", ["-t", "tmpfs", "-o", "size=48m", "torture", data.path])
    }

    func beginLoad() {
        load = Load(
            examiner, Questions(truth: truth, hasUpstreams: hasUpstreams), port: server.port,
            interfaceAddress: Self.interfaceAddress, seed: around.seed)
    }

    /// Ends everything; the figures stay.
    func stop() {
        load?.stop()
        load = nil
        if let complaint = server.terminate() { complain(complaint) }
        strain.stop()
        umount2(data.path, Int32(MNT_DETACH))
    }

    /// Says a thing once only.
    func complain(_ text: String) { if !complaints.contains(text) { complaints.append(text) } }

    // MARK: For subclasses

    /// The kinds of faults there are.
    var faults: [(SeededGenerator) -> Fault] { [] }

    /// Where the server takes connections.
    var connectionPorts: [UInt16] { [server.port] }

    /// Changes something that is to be answered, and gives the question; nil where that cannot be done yet.
    func mark() -> Key? { nil }

    /// Whether all but the answers is as it should be.
    func isWell() -> Bool { true }

    /// Looks at what is kept once all is right again.
    func verify() throws {}

    // MARK: Recovery

    /// Waits until everything is answered rightly and up to date.
    ///
    /// - Returns: How long that took; nil where it took longer than the limit.
    func awaitRecovery(within seconds: Int) throws -> Duration? {
        let start = ContinuousClock.now
        var marked: Key?
        // Names that were not right yet. One that was is asked for by the load from then on.
        var rest = truth.keys.shuffled()
        while !isOver(start, .seconds(seconds)) {
            try Interruption.check()
            if server.isStarted, let complaint = server.complaint {
                complain("the server ended by itself: \(complaint): \(server.output.suffix(4000))")
                try Interruption.sleep(milliseconds: 200)
                try server.start()
            }
            if marked == nil { marked = mark() }
            if let key = marked, isCurrent(key, &rest), isWell() { return .now - start }
            try Interruption.sleep(milliseconds: 5)
        }
        return nil
    }

    /// Whether so much time has passed, what was spent in waiting for a core left out; five times as much at most.
    private func isOver(_ start: ContinuousClock.Instant, _ limit: Duration) -> Bool {
        let now = ContinuousClock.now
        guard now - start > limit else { return false }
        return now - start > limit * 5 || now - start - strain.lost(from: start, to: now) > limit
    }

    /// What was not right the last time.
    var laggard = ""

    /// Waits until everything is answered rightly, whether something can be written or not.
    ///
    /// - Returns: What is not, after so long; nil for nothing.
    func awaitAnswers(seconds: Int) throws -> String? {
        let start = ContinuousClock.now
        var rest = truth.keys.shuffled()
        while !isCurrent(nil, &rest) {
            guard !isOver(start, .seconds(seconds)) else { return laggard }
            try Interruption.sleep(milliseconds: 5)
        }
        return nil
    }

    /// - Parameter rest: what is still to be asked for; what is right is taken out.
    private func isCurrent(_ marked: Key?, _ rest: inout [Key]) -> Bool {
        if let marked, !isRight(marked, exactly: true) { return false }
        while let key = rest.popLast() {
            guard isRight(key, exactly: key == Questions.configuration) else {
                rest.insert(key, at: 0)
                return false
            }
        }
        guard hasUpstreams else { return isReached() }
        for number in 0..<4 {
            let name = "n\(number == 0 ? UInt64(7) : UInt64.random(in: 0..<1_000_000)).example."
            guard isRight(Questions.pending(.upstream, Key(name, .a), case: 0), exactly: false) else { return false }
        }
        return isReached()
    }

    private func isRight(_ key: Key, exactly: Bool) -> Bool {
        let source: Pending.Source = key == Questions.configuration ? .configuration : .registry
        return isRight(Questions.pending(source, key, case: 0), exactly: exactly)
    }

    private func isRight(_ pending: Pending, exactly: Bool) -> Bool {
        let packet = Self.ask(pending.question, "127.0.0.1", server.port, SOCK_DGRAM)
        guard let packet, examiner.take(packet, for: pending, isCounted: false),
            !exactly || truth.isLatest(pending.key, packet)
        else {
            laggard = "\(pending.key.name) \(pending.key.type): \(packet.flatMap(Reply.init)?.summary ?? "no reply")"
            return false
        }
        return true
    }

    /// Whether connections and the interface lead to the server.
    private func isReached() -> Bool {
        let pending = Questions.pending(.registry, Key("missing.default.svc.cluster.local.", .a), case: 0)
        let ways: [(String, __socket_type)] = [("127.0.0.1", SOCK_STREAM), (Self.interfaceAddress, SOCK_DGRAM)]
        for (host, type) in ways {
            guard let packet = Self.ask(pending.question, host, server.port, type), Reply(packet)?.responseCode == 3
            else {
                laggard = "\(host) over \(type == SOCK_STREAM ? "TCP" : "UDP")"
                return false
            }
        }
        return true
    }

    /// One question, one second.
    static func ask(_ question: [UInt8], _ host: String, _ port: UInt16, _ type: __socket_type) -> [UInt8]? {
        let socket = Sockets.connected(type, host, port, seconds: 1)
        guard socket >= 0 else { return nil }
        defer { close(socket) }
        let identifier = UInt16.random(in: 0...UInt16.max)
        let query = Packet.query(identifier, question: question)
        if type == SOCK_STREAM {
            guard Sockets.sendAll(Packet.pair(UInt16(query.count)) + query, to: socket),
                let length = Sockets.receive(2, from: socket)
            else { return nil }
            return Sockets.receive(Int(length[0]) << 8 | Int(length[1]), from: socket)
        }
        guard send(socket, query, query.count, 0) == query.count else { return nil }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let size = recv(socket, &buffer, buffer.count, 0)
        guard size > 2, buffer.starts(with: Packet.pair(identifier)) else { return nil }
        return Array(buffer[..<size])
    }
}
