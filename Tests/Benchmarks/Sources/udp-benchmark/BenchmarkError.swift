/// Why the benchmark, or one server in it, could not be measured.
enum BenchmarkError: Error, Equatable {
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
    var description: String {
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
