import BenchmarkSupport
import Foundation
import ScriptedCluster

/// Measures what following a Kubernetes cluster costs: the first list, changes, relists, outages, and a restart.
@main
struct ClusterBenchmark {
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
            note("cluster-benchmark: \(error)")
            exit(BenchmarkError.exitStatus(for: error))
        }
    }

    /// Measures, prints the report and returns the exit status.
    private static func run(_ options: Options) throws -> Int32 {
        let machine = Machine()
        // The peer comes first: its figures are the targets.
        var contenders: [ClusterContender] = []
        if let path = options.coreDNS { contenders.append(.coreDNS(try executable(path, of: "CoreDNS"))) }
        contenders.append(.swiftlet(try executable(options.swiftlet ?? Repository.releaseBinary, of: "swiftlet")))
        let folder = try RunFolder()
        defer { folder.remove() }

        var report = Report()
        var (syncs, changes): ([String: SyncCost], [String: ChangeTimes]) = ([:], [:])
        for contender in contenders {
            let peer = contenders.first {
                $0.name != contender.name && contender.name == ClusterContender.measuredName
            }?.name
            var small: ChangeTimes?
            for size in options.sizes {
                let bench = try Bench(contender, size, options: options, folder: folder.url) { report.add($0) }
                defer { bench.stop() }
                let key = "\(size.services)"
                guard let sync = try bench.measureSync(beside: peer.flatMap { syncs[$0 + key] }) else { continue }
                syncs[contender.name + key] = sync
                let times = try bench.measureChanges(beside: peer.flatMap { changes[$0 + key] }, small: small)
                changes[contender.name + key] = times
                if size == .small { small = times }
                try bench.measureRelist()
                try bench.measureOutage()
                try bench.measureRestart()
            }
        }
        try show(report, options, contenders, machine, folder: folder.url)
        let missed = report.figures.filter(\.missesTarget)
        if options.checks, !missed.isEmpty {
            note("cluster-benchmark: targets missed: \(missed.map(\.subject).joined(separator: "; "))")
            return 1
        }
        return report.figures.contains(where: \.hasFailed) ? 1 : 0
    }

    private static func show(
        _ report: Report, _ options: Options, _ contenders: [ClusterContender], _ machine: Machine, folder: URL
    ) throws {
        if options.printsJSON {
            print(report.json)
            return
        }
        let versions = try contenders.map { contender in
            let line = try Program.versionLine(
                of: contender.executable, contender.versionArguments, folder: folder)
            return "\(contender.name) \(line ?? "of unknown version")"
        }
        print(report.table)
        print(
            """

            Clusters: \(options.sizes.map(\.description).joined(separator: "; ")); \
            ports: \(options.ports). Lists \(options.streamsLists ? "as streams" : "in pages"); the Corefile is kubeadm's.
            Server, scripted API and load share the machine: \(machine.description).
            \(versions.joined(separator: "; ")).
            """)
        if options.coreDNS == nil {
            print("CoreDNS was not given and not measured; targets are its figures on another machine like this one.")
        }
    }

    /// The server runs in a folder of its own, so a relative path would lead nowhere.
    private static func executable(_ path: String, of name: String) throws(BenchmarkError) -> String {
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw .program(name, reason: "no binary at \(path)")
        }
        return URL(fileURLWithPath: path).path
    }
}

/// The folder of one run, removed at its end.
private struct RunFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory
            .appending(path: "cluster-benchmark-\(ProcessInfo.processInfo.processIdentifier)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
    }

    func remove() { try? FileManager.default.removeItem(at: url) }
}
