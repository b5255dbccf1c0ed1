import BenchmarkSupport
import Foundation
import ScriptedCluster

/// What all tables are measured with, and what has come of them.
///
/// Main thread only, as the programs it starts are.
final class Suite {
    let options: Options
    let peers: Peers
    let dnsperf: String
    /// Whether a server failed or, where asked for, a target was missed.
    private(set) var hasFailed = false
    private var contenders: [any Contender] = []

    init(options: Options) throws(BenchmarkError) {
        self.options = options
        peers = try Peers(options: options)
        guard let dnsperf = Program.find("dnsperf") else { throw .missingTool("dnsperf") }
        self.dnsperf = dnsperf
        for tool in ["setpriv", "taskset"] where Program.find(tool) == nil { throw .missingTool(tool) }
    }

    var load: LoadGenerator { LoadGenerator(executable: dnsperf, core: options.loadCore) }

    /// Measures one table and prints it. What cannot be measured at all is said in its place.
    func print(_ table: Options.Table) throws(BenchmarkError) {
        note("## \(table.rawValue)")
        do {
            switch table {
            case .udp: try printUDP()
            case .flat: try printFlat()
            case .change: try onLoadCore { try printChange() }
            case .latency: try printLatency()
            case .memory: try printMemory()
            case .start: try printStart()
            case .tcp: try printStream(.tcp)
            case .dot: try printStream(.dot)
            case .doh: try printStream(.doh)
            case .cache: try printCache()
            case .idle: try printIdle()
            case .cores: try printCores()
            }
        } catch BenchmarkError.interrupted {
            throw .interrupted
        } catch {
            hasFailed = true
            say("\(table.rawValue): not measured: \(error)")
        }
    }

    // MARK: Printing

    /// Writes a paragraph, or a table, of the report.
    func say(_ text: String) {
        FileHandle.standardOutput.write(Data((text + "\n\n").utf8))
    }

    /// Prints a table of servers, those that are missing, and what is to be thought of it.
    func say(_ title: String, _ table: SideBySide, missing: [String], caption: String) {
        say("### " + title)
        say(table.table)
        say(caption)
        for name in missing { say("\(name) is not there and was not measured.") }
        if let spread = table.spread, spread > 0.1 {
            say(
                "The rounds of the first row differ by \(String(format: "%.0f", spread * 100)) %: other work disturbed "
                    + "this run.")
        }
        if table.outcomes.contains(where: \.hasFailed) { hasFailed = true }
    }

    /// Prints what is held against targets.
    func say(_ report: Report) {
        guard !report.figures.isEmpty else { return }
        say(report.table)
        if report.figures.contains(where: \.hasFailed) { hasFailed = true }
        if options.checksTargets, report.figures.contains(where: \.missesTarget) { hasFailed = true }
    }

    /// A ratio held against a target; a row that failed where there is none.
    func ratio(_ subject: String, _ value: Double?, target: Double) -> Figure {
        let target = Target.atMost(target, unit: " ×")
        guard let value else { return Figure(subject, failed: "there is nothing to compare", target: target) }
        return Figure(subject, value, String(format: "%.2f ×", value), target: target)
    }

    // MARK: Measuring

    /// The rows in turn, with all that took part noted for the line of versions.
    func measure(_ rows: [Row], comparedWith unit: String) throws(BenchmarkError) -> SideBySide {
        contenders += rows.map(\.contender)
        return try SideBySide(rows, comparedWith: unit, options: options)
    }

    func row(
        _ name: String, _ contender: any Contender, _ workload: Workload, _ files: WorkloadFiles,
        load: LoadGenerator? = nil, cores: String? = nil
    ) -> Row {
        Row(
            name: name, contender: contender, load: load ?? self.load, workload: workload, files: files,
            cores: cores ?? String(options.serverCore))
    }

    /// Calls with a folder that is removed afterwards.
    func withFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "server-benchmark-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder)
    }

    /// Calls with this process, and all that it starts meanwhile, on the core of the load: the server's stays its own.
    func onLoadCore<Result>(_ body: () throws -> Result) throws -> Result {
        try move(to: String(options.loadCore))
        let result = Swift.Result { try body() }
        try move(to: "0-\(Machine().cores - 1)")
        return try result.get()
    }

    private func move(to cores: String) throws {
        let identifier = String(ProcessInfo.processInfo.processIdentifier)
        var tries = 5
        while true {
            do {
                _ = try Program(
                    name: "taskset", executable: "/usr/bin/env",
                    arguments: ["taskset", "--all-tasks", "--cpu-list", "--pid", cores, identifier],
                    folder: FileManager.default.temporaryDirectory
                ).finish(withinSeconds: 10)
                return
            } catch {
                // A thread that ends while taskset goes from one to the next is a failure to it.
                tries -= 1
                if tries == 0 { throw error }
            }
        }
    }

    /// The versions of all that took part.
    func versions() throws(BenchmarkError) -> String {
        let own = try FlagSwiftlet(executable: peers.measuredProgram())
        return try Versions.read(of: [own] + contenders, dnsperf: dnsperf)
    }

    /// 1 where swiftlet needs more than it may over UDP; a limit that could not be checked is not met.
    func hold(_ ratios: [Double?], against limit: Double) {
        guard let ratio = ratios.compactMap({ $0 }).max(), !ratios.contains(where: { $0 == nil }) else {
            note("--fail-above \(limit): there is no ratio for swiftlet")
            hasFailed = true
            return
        }
        guard ratio > limit else { return }
        note("swiftlet needs \(String(format: "%.2f", ratio)) times the floor; \(limit) is allowed")
        hasFailed = true
    }
}
