import BenchmarkSupport
import Foundation

/// Runs sequences several at a time, each in a process of its own, as each has namespaces of its own.
///
/// What a sequence does follows from the seed and its number alone, and so is the same in whatever company it runs.
struct Jobs {
    /// Longer than any sequence takes whose recoveries all come at their last moment, in seconds.
    private static let limit = 3600

    private struct Job {
        let number: Int
        let program: Program
        let outcome: URL
        let deadline: ContinuousClock.Instant
    }

    let options: Options
    let folder: URL

    /// - Returns: What came of all, in the order of their numbers; after an interruption, of those that were under way
    ///   as far as they had come.
    func run() throws -> Outcome {
        var outcomes: [Int: Outcome] = [:]
        var running: [Job] = []
        defer { for job in running { job.program.stop() } }
        var numbers = (1...options.sequences).makeIterator()
        var next = numbers.next()
        do {
            while next != nil || !running.isEmpty {
                while let number = next, running.count < options.jobs {
                    running.append(try begin(number))
                    next = numbers.next()
                }
                try Interruption.sleep(milliseconds: 20)
                for job in running {
                    if job.program.isRunning {
                        guard job.deadline < .now else { continue }
                        job.program.stop()
                    }
                    outcomes[job.number] = end(job)
                    running.removeAll { $0.number == job.number }
                }
            }
        } catch BenchmarkError.interrupted {
            note("interrupted")
            for job in running {
                job.program.stop()
                outcomes[job.number] = end(job)
            }
            running = []
        }
        var sum = Outcome()
        for (_, outcome) in outcomes.sorted(by: { $0.key < $1.key }) { sum += outcome }
        return sum
    }

    private func begin(_ number: Int) throws -> Job {
        let outcome = folder.appending(path: "outcome-\(number)")
        let program = try Program(
            name: "sequence \(number)", executable: Torture.executable,
            arguments: options.arguments(for: number, outcome: outcome.path), folder: folder)
        return Job(
            number: number, program: program, outcome: outcome, deadline: .now + .seconds(Self.limit))
    }

    private func end(_ job: Job) -> Outcome {
        let text = job.program.output().trimmingCharacters(in: .newlines)
        if !text.isEmpty { note(text) }
        defer { for file in [job.outcome, job.program.outputFile] { try? FileManager.default.removeItem(at: file) } }
        if let data = try? Data(contentsOf: job.outcome),
            let outcome = try? JSONDecoder().decode(Outcome.self, from: data)
        {
            return outcome
        }
        var outcome = Outcome()
        outcome.sequences = 1
        outcome.complaints = ["sequence \(job.number): the torture itself: \(job.program.causeOfEnd())"]
        return outcome
    }
}
