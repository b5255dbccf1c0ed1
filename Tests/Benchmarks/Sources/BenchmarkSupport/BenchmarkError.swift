/// Why the benchmark, or one server in it, could not be measured.
package enum BenchmarkError: Error, Equatable {
    /// The command line is wrong; the text says what would be right.
    case usage(String)
    /// A program the benchmark cannot do without is not installed.
    case missingTool(String)
    /// A call to the system failed.
    case system(call: String, errorNumber: Int32)
    /// A program could not be started, ended early, or did not end in time.
    case program(String, reason: String)
    /// The server did not give the expected answer; what was asked, and what came back.
    case wrongAnswer(question: String, reply: String)
    /// The load run is no basis for a figure.
    case badRun(String)
    /// SIGINT or SIGTERM came.
    case interrupted
}

extension BenchmarkError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .usage(let reason): reason
        case .missingTool(let name): "\(name) is not installed (Tests/Benchmarks/run installs it)"
        case .system(let call, let errorNumber): "\(call): error \(errorNumber)"
        case .program(let name, let reason): "\(name): \(reason)"
        case .wrongAnswer(let question, let reply): "\(question): \(reply)"
        case .badRun(let reason): reason
        case .interrupted: "interrupted"
        }
    }
}

extension BenchmarkError {
    /// The exit status of a benchmark that ended with the error: those of sysexits.h where one fits, 130 after a
    /// signal, 1 for all else.
    package static func exitStatus(for error: any Error) -> Int32 {
        switch error as? BenchmarkError {
        case .usage: 64
        case .missingTool: 69
        case .interrupted: 130
        default: 1
        }
    }
}
