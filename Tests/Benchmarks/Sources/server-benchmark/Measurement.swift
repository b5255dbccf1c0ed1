import BenchmarkSupport
import Foundation

/// One server in one round.
struct Measurement: Equatable {
    let queriesPerSecond: Double
    /// User and system time of the server for one answered query, in microseconds.
    let microsecondsPerQuery: Double
    /// The part of it spent in user space, in microseconds.
    let userMicrosecondsPerQuery: Double
    let lost: Int

    init(load: LoadRun, cpuTime: CPUTime) {
        queriesPerSecond = load.queriesPerSecond
        lost = load.lost
        microsecondsPerQuery = Double(cpuTime.nanoseconds) / 1000 / Double(load.completed)
        userMicrosecondsPerQuery = microsecondsPerQuery * cpuTime.userShare
    }
}

/// One server in the table, and how it is loaded.
struct Row {
    /// The name in the table.
    let name: String
    let contender: any Contender
    let load: LoadGenerator
    let workload: Workload
    let files: WorkloadFiles
    /// The cores that the server may use; as taskset has them.
    let cores: String
}

/// A server under way.
struct RunningServer {
    let program: Program
    let place: Place
    let row: Row

    /// Seconds a server may take from its start to its first right answer.
    static let startLimit = 180
    /// Questions asked one by one before the load, to see that the answers are right in content too.
    static let checkedQuestions = 200

    /// Starts a server and waits until it answers rightly.
    init(_ row: Row) throws {
        let folder = row.files.folder.appending(path: "\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let place = Place(port: try findFreePort(), securePort: try findFreePort(), files: row.files, folder: folder)
        if let text = try row.contender.configuration(at: place) {
            try text.write(to: place.configuration, atomically: false, encoding: .utf8)
        }
        self.row = row
        self.place = place
        program = try Program(
            name: row.name, executable: row.contender.executable, arguments: row.contender.arguments(at: place),
            cores: row.cores, folder: folder)
        do {
            try waitUntilReady()
            if row.contender.servesWorkload { try checkAnswers() }
        } catch {
            program.stop()
            throw error
        }
    }

    /// The share of NXDOMAIN in right answers; nil where answers are not looked at.
    var nameErrorShare: Double? { row.contender.servesWorkload ? row.workload.nameErrorShare : nil }

    /// Loads it for a while and reads its clock.
    func measure(seconds: Int, rate: Int? = nil) throws -> Measurement {
        let before = try CPUReading(ofProcessTree: program.processIdentifier)
        let run = try row.load.run(at: place, seconds: seconds, rate: rate)
        guard program.isRunning else { throw program.causeOfEnd() }
        let used = try CPUReading(ofProcessTree: program.processIdentifier).since(before)
        if let fault = run.fault(nameErrorShare: nameErrorShare) { throw fault }
        return Measurement(load: run, cpuTime: used)
    }

    /// Asks until the last record and a denial come back; the echo is ready with any reply.
    private func waitUntilReady() throws {
        // A denial comes last: a server that has not loaded everything must not give one.
        let denied = row.workload.questions.first { $0.expectation == .nameError }
        let probe = try DNSProbe(port: place.port)
        let deadline = ContinuousClock.now + .seconds(Self.startLimit)
        let question = row.workload.lastQuestion
        var latest: DNSReply?
        while ContinuousClock.now < deadline {
            guard program.isRunning else { throw program.causeOfEnd() }
            if let reply = probe.ask(question) {
                let isDenying = denied.map { probe.ask($0)?.meets($0.expectation) == true } ?? true
                if !row.contender.servesWorkload || (reply.meets(question.expectation) && isDenying) { return }
                latest = reply
            }
            try Interruption.sleep(milliseconds: 20)
        }
        let reply = latest?.description ?? "no reply"
        throw BenchmarkError.wrongAnswer(
            question: "\(question.name) \(question.type)", reply: "\(reply), \(Self.startLimit) s after the start")
    }

    private func checkAnswers() throws {
        let probe = try DNSProbe(port: place.port)
        for question in row.workload.questions.prefix(Self.checkedQuestions) {
            // Another program may have had the core: no reply at once is no fault of the server's.
            let reply = (0..<8).lazy.compactMap { _ in probe.ask(question) }.first
            guard reply?.meets(question.expectation) == true else {
                throw BenchmarkError.wrongAnswer(
                    question: "\(question.name) \(question.type)", reply: reply?.description ?? "no reply")
            }
        }
    }
}
