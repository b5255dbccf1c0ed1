import BenchmarkSupport
import Foundation

/// One server in one round.
struct Measurement: Equatable {
    let queriesPerSecond: Double
    /// User and system time of the server for one answered query, in microseconds.
    let microsecondsPerQuery: Double
    /// The part of it spent in user space, in microseconds.
    let userMicrosecondsPerQuery: Double

    init(load: LoadRun, cpuTime: CPUTime) {
        queriesPerSecond = load.queriesPerSecond
        microsecondsPerQuery = Double(cpuTime.nanoseconds) / 1000 / Double(load.completed)
        userMicrosecondsPerQuery = microsecondsPerQuery * cpuTime.userShare
    }
}

/// Starts one server at a time, checks its answers, loads it, and reads its clock.
struct Bench {
    /// Seconds a server may take from its start to its first right answer.
    static let startLimit = 120
    /// Seconds of load before the measurement.
    static let warmUp = 1
    /// Questions asked one by one before the load, to see that the answers are right in content too.
    static let checkedQuestions = 200

    let workload: Workload
    let files: WorkloadFiles
    let load: LoadGenerator
    let serverCore: Int

    /// Measures a server for a number of seconds. The server does not outlive the call.
    func measure(_ contender: any Contender, seconds: Int) throws -> Measurement {
        let folder = files.folder.appending(path: "server-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let port = try findFreePort()
        let configuration = folder.appending(path: "server.conf")
        if let text = try contender.configuration(port: port, files: files, folder: folder) {
            try text.write(to: configuration, atomically: false, encoding: .utf8)
        }

        let server = try Program(
            name: contender.name,
            executable: contender.executable,
            arguments: contender.arguments(port: port, files: files, configuration: configuration),
            core: serverCore,
            folder: folder)
        defer { server.stop() }

        try waitUntilReady(server, contender: contender, port: port)
        if contender.servesWorkload { try checkAnswers(port: port) }
        let nameErrorShare = contender.servesWorkload ? Workload.nameErrorShare : nil
        if let fault = try load.run(port: port, seconds: Self.warmUp).fault(nameErrorShare: nameErrorShare) {
            throw fault
        }

        let before = try CPUReading(ofProcessTree: server.processIdentifier)
        let run = try load.run(port: port, seconds: seconds)
        guard server.isRunning else { throw server.causeOfEnd() }
        let used = try CPUReading(ofProcessTree: server.processIdentifier).since(before)
        if let fault = run.fault(nameErrorShare: nameErrorShare) { throw fault }
        return Measurement(load: run, cpuTime: used)
    }

    /// Asks until the last Service's address and a denial come back; the echo is ready with any reply.
    private func waitUntilReady(_ server: Program, contender: any Contender, port: UInt16) throws {
        guard let last = workload.services.last else { return }
        // A denial comes last: a server that has not loaded everything must not give one.
        let denied = workload.questions.first { $0.expectation == .nameError }
        let question = Question(name: last.domainName, type: .a, expectation: .address(last.address))
        let probe = try DNSProbe(port: port)
        let deadline = ContinuousClock.now + .seconds(Self.startLimit)
        var latest: DNSReply?
        while ContinuousClock.now < deadline {
            guard server.isRunning else { throw server.causeOfEnd() }
            if let reply = probe.ask(question) {
                let isDenying = denied.map { probe.ask($0)?.meets($0.expectation) == true } ?? true
                if !contender.servesWorkload || (reply.meets(question.expectation) && isDenying) { return }
                latest = reply
            }
            try Interruption.sleep(milliseconds: 20)
        }
        let reply = latest?.description ?? "no reply"
        throw BenchmarkError.wrongAnswer(
            question: "\(question.name) \(question.type)", reply: "\(reply), \(Self.startLimit) s after the start")
    }

    private func checkAnswers(port: UInt16) throws {
        let probe = try DNSProbe(port: port)
        for question in workload.questions.prefix(Self.checkedQuestions) {
            let reply = probe.ask(question) ?? probe.ask(question)
            guard reply?.meets(question.expectation) == true else {
                throw BenchmarkError.wrongAnswer(
                    question: "\(question.name) \(question.type)", reply: reply?.description ?? "no reply")
            }
        }
    }
}
