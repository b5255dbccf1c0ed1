import BenchmarkSupport
import Foundation

/// Measures what swiftlet costs, beside a C echo and other servers: one table after the other.
@main
struct ServerBenchmark {
    static func main() {
        do {
            let options = try Options(arguments: Array(CommandLine.arguments.dropFirst()))
            if options.showsHelp {
                print(Options.help)
                return
            }
            Interruption.watch()
            exit(try run(options))
        } catch {
            note("server-benchmark: \(error)")
            exit(BenchmarkError.exitStatus(for: error))
        }
    }

    /// Measures and prints all tables and returns the exit status.
    private static func run(_ options: Options) throws -> Int32 {
        let machine = Machine()
        guard max(options.serverCore, options.loadCore) < machine.cores else {
            throw BenchmarkError.usage(
                "cores \(options.serverCore) and \(options.loadCore) are asked for; this machine has \(machine.cores)")
        }
        let suite = try Suite(options: options)
        _ = try suite.peers.measuredProgram()
        for table in options.tables { try suite.print(table) }
        suite.say(
            """
            Rounds: \(options.rounds), of \(options.seconds) s each; server on core \(options.serverCore), dnsperf on \
            core \(options.loadCore). \(machine.description). \(try suite.versions()).
            """)
        return suite.hasFailed ? 1 : 0
    }
}
