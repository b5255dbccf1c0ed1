import BenchmarkSupport
import Foundation

/// Measures the CPU time swiftlet needs for an answered query over UDP, beside a C echo, NSD and Knot DNS.
@main
struct UDPBenchmark {
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
            note("udp-benchmark: \(error)")
            exit(BenchmarkError.exitStatus(for: error))
        }
    }

    /// Measures all servers, prints the report and returns the exit status.
    private static func run(_ options: Options) throws -> Int32 {
        let machine = Machine()
        guard max(options.serverCore, options.loadCore) < machine.cores else {
            throw BenchmarkError.usage(
                "cores \(options.serverCore) and \(options.loadCore) are asked for; this machine has \(machine.cores)")
        }
        guard let dnsperf = Program.find("dnsperf") else { throw BenchmarkError.missingTool("dnsperf") }
        for tool in ["setpriv", "taskset"] where Program.find(tool) == nil {
            throw BenchmarkError.missingTool(tool)
        }

        let workload = Workload(serviceCount: options.services)
        let files = try WorkloadFiles(writing: workload)
        defer { files.remove() }
        let load = LoadGenerator(executable: dnsperf, core: options.loadCore, edns: options.edns, files: files)
        let bench = Bench(workload: workload, files: files, load: load, serverCore: options.serverCore)

        let line = Lineup(options: options)
        let results = try measure(line.contenders, rounds: options.rounds, seconds: options.seconds, on: bench)
        let report = Report(outcomes: line.outcomes(results))
        let versions = try Versions.read(of: line.contenders, dnsperf: dnsperf, folder: files.folder)

        print(report.table)
        print(
            """

            \(options.services) Services; 60 % A, 15 % AAAA, 10 % SRV, 15 % NXDOMAIN, \
            \(options.edns ? "with" : "without") EDNS; rounds: \(options.rounds), of \(options.seconds) s each; \
            server on core \(options.serverCore), dnsperf on core \(options.loadCore).
            \(machine.description).
            \(versions).
            """)
        for name in line.absentPeers { print("\(name) is not installed and was not measured.") }
        if let spread = report.floorSpread, spread > 0.1 {
            let percent = String(format: "%.0f", spread * 100)
            print("The floor's rounds differ by \(percent) %: other work disturbed this run.")
        }
        return status(of: report, failAbove: options.failAbove)
    }

    /// Measures the servers one after the other in each round; every round begins with another one. A server that
    /// failed once is not tried again.
    private static func measure(
        _ contenders: [any Contender], rounds: Int, seconds: Int, on bench: Bench
    ) throws -> [String: Outcome.Result] {
        var measurements: [String: [Measurement]] = [:]
        var failures: [String: Outcome.Result] = [:]
        for round in 1...rounds {
            let first = (round - 1) % contenders.count
            for contender in contenders[first...] + contenders[..<first] where failures[contender.name] == nil {
                do {
                    let measurement = try bench.measure(contender, seconds: seconds)
                    measurements[contender.name, default: []].append(measurement)
                    let cost = String(format: "%.2f", measurement.microsecondsPerQuery)
                    note("round \(round) of \(rounds): \(contender.name): \(cost) µs of CPU time per query")
                } catch BenchmarkError.interrupted {
                    throw BenchmarkError.interrupted
                } catch {
                    failures[contender.name] = .failed(round: round, reason: "\(error)")
                    note("round \(round) of \(rounds): \(contender.name): failed: \(error)")
                }
            }
        }
        return measurements.mapValues(Outcome.Result.measured).merging(failures) { _, failure in failure }
    }

    /// 1 when a server failed or swiftlet needs more than it may; a limit that could not be checked is not met.
    private static func status(of report: Report, failAbove limit: Double?) -> Int32 {
        let failed = report.outcomes.filter { if case .failed = $0.result { true } else { false } }
        guard let limit else { return failed.isEmpty ? 0 : 1 }
        let rows = report.outcomes.filter { $0.name.hasPrefix(Lineup.measuredName) }
        let ratios = rows.compactMap { report.ratioToFloor(of: $0) }
        guard let ratio = ratios.max(), ratios.count == rows.count else {
            note("udp-benchmark: --fail-above \(limit): there is no ratio for swiftlet")
            return 1
        }
        guard ratio <= limit else {
            note("udp-benchmark: swiftlet needs \(String(format: "%.2f", ratio)) times the floor; \(limit) is allowed")
            return 1
        }
        return failed.isEmpty ? 0 : 1
    }
}
