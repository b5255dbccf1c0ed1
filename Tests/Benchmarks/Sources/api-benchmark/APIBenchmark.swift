import BenchmarkSupport
import Foundation

/// Measures what the registry's API costs: writes, lists, watches, memory, the way into the DNS, and a start.
@main
struct APIBenchmark {
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
            note("api-benchmark: \(error)")
            exit(BenchmarkError.exitStatus(for: error))
        }
    }

    /// Measures, prints the report and returns the exit status.
    private static func run(_ options: Options) throws -> Int32 {
        let machine = Machine()
        let path = options.swiftlet ?? Repository.releaseBinary
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw BenchmarkError.program("swiftlet", reason: "no binary at \(path)")
        }
        // The server runs in a folder of its own, so a relative path would lead nowhere.
        let executable = URL(fileURLWithPath: path).path
        let folder = try RunFolder(in: options.folder)
        defer { folder.remove() }
        let disk = Disk(holding: folder.url)
        guard !disk.isInMemory else {
            throw BenchmarkError.usage(
                "\(folder.url.path) is in memory (\(disk.fileSystem)); choose a folder on a disk by --folder")
        }

        let bench = try Bench(options: options, executable: executable, folder: folder.url)
        defer { bench.stop() }
        try bench.run()
        let report = bench.report
        let version = try Program.versionLine(of: executable, ["--version"], folder: folder.url)
        var versions = ["swiftlet \(version ?? "of unknown version")"]
        if let etcd = Program.find("etcd") {
            versions.append(
                try Program.versionLine(of: etcd, ["--version"], folder: folder.url) ?? "etcd of unknown version")
        }

        print(report.table)
        print(
            """

            \(options.services) Services in \(Workload.namespaces.count) namespaces, \
            \(options.selectors ? "with" : "without") selectors, and as many EndpointSlices.
            Server, load and peers share the machine: \(machine.description); \(disk.fileSystem) on \(disk.source).
            \(versions.joined(separator: "; ")).
            """)
        if let spread = bench.diskSpread, spread > 1.5 {
            print("The disk's figures differ by a factor of \(Report.number(spread)): other work disturbed this run.")
        }
        if versions.count == 1 { print("etcd is not installed and was not measured.") }
        let missed = report.figures.filter(\.missesTarget)
        if options.checks, !missed.isEmpty {
            note("api-benchmark: targets missed: \(missed.map(\.subject).joined(separator: "; "))")
            return 1
        }
        return report.figures.contains(where: \.hasFailed) ? 1 : 0
    }
}

/// The folder of one run, removed at its end.
struct RunFolder {
    let url: URL

    /// Creates a fresh folder in the given one, or in this package beside its builds.
    init(in parent: String?) throws(BenchmarkError) {
        let parent = parent.map { URL(fileURLWithPath: $0) } ?? Repository.benchmarks
        url = parent.appending(path: ".build-api-benchmark-\(ProcessInfo.processInfo.processIdentifier)")
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
        } catch {
            throw .usage("\(url.path) cannot be made: \(error.localizedDescription)")
        }
    }

    func remove() { try? FileManager.default.removeItem(at: url) }
}
