import BenchmarkSupport
import Foundation
import ScriptedCluster

extension Suite {
    /// How long a server runs before its memory is read, in milliseconds: the work of the start is over then, and what it
    /// does once a second has its code in memory.
    private static let settling: UInt32 = 10_000
    /// The cluster that memory and start are measured with.
    private static let size = ClusterSize(services: 10_000, endpoints: 100_000)

    // MARK: Memory

    /// The memory of a large cluster, while it is read and afterwards.
    func printMemory() throws {
        let swiftlet = try peers.measuredProgram()
        var report = Report()
        let (large, small) = (Cluster(Self.size, ports: 1), Cluster(.small, ports: 1))
        func read(_ cluster: Cluster) throws -> MemoryReading {
            try withRun(cluster, swiftlet, pinned: false) { run in
                try Interruption.sleep(milliseconds: Self.settling)
                return try MemoryReading(of: run.server.processIdentifier)
            }
        }
        let (base, memory) = (try read(small), try read(large))
        let names = large.nameCount - small.nameCount
        let bytes = (memory.resident - base.resident) * 1_048_576 / Double(names)
        let ratio = memory.peak / memory.resident
        report.add(
            Figure(
                "resident ten seconds after the start", memory.resident, "\(Report.number(memory.resident)) MiB",
                target: .under(60, unit: " MiB")))
        report.add(
            Figure(
                "most memory until then, as a multiple", ratio,
                String(format: "%.2f × (%@ MiB)", ratio, Report.number(memory.peak)), target: .under(1.3, unit: " ×")))
        report.add(
            Figure(
                "bytes for each further name", bytes,
                "\(Report.number(bytes)) bytes (\(Report.number(Double(names))) names more than a cluster of 100 "
                    + "Services, which takes \(Report.number(base.resident)) MiB)"))
        say("### Memory")
        say(report)
        say(
            "\(Self.size.description); a quarter of the Services headless, with hostnames; reverse names included; "
                + "kubeadm's Corefile, followed over the API.")
    }

    // MARK: Start

    /// The first right answer after the start of the process, from the state on disk and over the API.
    func printStart() throws {
        let swiftlet = try peers.measuredProgram()
        let cluster = Cluster(Self.size, ports: 1)
        let api = try ScriptedAPI(cluster, streamsLists: true)
        defer { api.stop() }
        var fromDisk = Times()
        var overAPI = Times()
        var (diskWork, apiWork): ([Double], [Double]) = ([], [])
        var size = 0.0
        try withFolder { folder in
            for round in 0..<max(options.rounds, 3) {
                let data = folder.appending(path: "data-\(round)")
                try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
                let run = try ClusterRun(cluster, api: api, swiftlet: swiftlet, data: data, folder: folder)
                overAPI.add(run.startTime)
                apiWork.append(Double(try CPUTime.total(of: run.server.processIdentifier).nanoseconds) / 1e9)
                // Its end writes the state.
                do { try run.server.awaitReady() } catch {
                    run.server.program.stop()
                    throw error
                }
                run.server.program.stop()
                api.cut()
                let again = Result {
                    try ClusterRun(cluster, api: api, swiftlet: swiftlet, data: data, folder: folder)
                }
                try api.restore()
                let second = try again.get()
                defer { second.server.program.stop() }
                fromDisk.add(second.startTime)
                diskWork.append(Double(try CPUTime.total(of: second.server.processIdentifier).nanoseconds) / 1e9)
                size = Self.sizeOfFiles(in: data)
            }
        }
        say("### Start")
        var report = Report()
        let (disk, other) = ((fromDisk.median ?? 0) / 1000, (overAPI.median ?? 0) / 1000)
        report.add(
            Figure(
                "first right answers from the state on disk, the API gone", disk,
                String(
                    format: "%.3f s; %.2f s of CPU time; %@ MiB on disk", disk, diskWork.median ?? 0,
                    Report.number(size)),
                target: .under(0.1, unit: " s")))
        report.add(
            Figure(
                "first right answers from an empty disk, over the API", other,
                String(format: "%.2f s; %.2f s of CPU time", other, apiWork.median ?? 0),
                target: .under(1.5, unit: " s")))
        say(report)
        say(
            "\(Self.size.description); from just before the program is started until its last Service, the last "
                + "endpoint with a hostname and a denial are answered rightly, asked without a pause; median of "
                + "\(fromDisk.count) starts.")
    }

    private static func sizeOfFiles(in folder: URL) -> Double {
        let files =
            (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: [.fileSizeKey])) ?? []
        let sizes = files.compactMap { try? $0.resourceValues(forKeys: [.fileSizeKey]).fileSize }
        return Double(sizes.reduce(0, +)) / 1_048_576
    }

    // MARK: Idle

    /// The size of the program and its memory with nothing to do.
    func printIdle() throws {
        say("### Idle")
        var report = Report()
        let swiftlet = try peers.measuredProgram()
        let workload = Workload(serviceCount: 4)
        let files = try WorkloadFiles(writing: workload)
        defer { files.remove() }
        let api = try ScriptedAPI(streamsLists: true, objects: workload.objects)
        defer { api.stop() }
        var contenders: [(String, any Contender, Bool)] = [
            ("swiftlet", FlagSwiftlet(executable: swiftlet), true),
            ("swiftlet, kubeadm's Corefile", CorefileSwiftlet(executable: swiftlet, api: api.port), true),
        ]
        if let path = peers.coreDNS { contenders.append(("CoreDNS", CoreDNS(executable: path, api: api.port), false)) }
        for (name, contender, isMeasured) in contenders {
            let server = try RunningServer(row(name, contender, workload, files))
            defer { server.program.stop() }
            try Interruption.sleep(milliseconds: Self.settling)
            let memory = try MemoryReading(of: server.program.processIdentifier).resident
            report.add(
                Figure(
                    "\(name): memory with four Services", memory, "\(Report.number(memory)) MiB",
                    target: isMeasured ? .under(20, unit: " MiB") : nil))
        }
        for (name, path) in [("swiftlet", swiftlet)] + (peers.coreDNS.map { [("CoreDNS", $0)] } ?? []) {
            guard let size = try strippedSize(of: path) else { continue }
            report.add(Figure("\(name): size of the stripped program", size, "\(Report.number(size)) MiB"))
        }
        say(report)
        if peers.coreDNS == nil { say("CoreDNS is not there (--coredns) and was not measured.") }
    }

    /// In MiB; nil where it cannot be stripped.
    private func strippedSize(of path: String) throws -> Double? {
        guard let strip = Program.find("strip") ?? Program.find("llvm-strip") else {
            note("neither strip nor llvm-strip is there: no size")
            return nil
        }
        return try withFolder { folder in
            let copy = folder.appending(path: "stripped")
            _ = try Program(name: "strip", executable: strip, arguments: ["-o", copy.path, path], folder: folder)
                .finish(withinSeconds: 60)
            let attributes = try FileManager.default.attributesOfItem(atPath: copy.path)
            return (attributes[.size] as? NSNumber).map { Double(truncating: $0) / 1_048_576 }
        }
    }

    // MARK: Cores

    /// One worker and two: what a query costs, which must not grow with the number of workers.
    func printCores() throws {
        let swiftlet = try peers.measuredProgram()
        let workload = Workload(serviceCount: options.services)
        let files = try WorkloadFiles(writing: workload)
        defer { files.remove() }
        let second = Machine().cores > 2 ? 2 : options.loadCore
        let cores = "\(options.serverCore),\(second)"
        // Two threads get the queries of many sockets only.
        var load = load
        load.clients = 64
        let names = ["one worker", "two workers"]
        let rows = names.enumerated().map { index, name in
            row(
                name, FlagSwiftlet(executable: swiftlet, workers: index + 1), workload, files, load: load,
                cores: index == 0 ? String(options.serverCore) : cores)
        }
        let table = try measure(rows, comparedWith: "one worker")
        let isShared = second == options.loadCore
        say(
            "Cores", table, missing: [],
            caption: "The questions of the UDP table from 64 sockets; two workers on cores \(cores)."
                + (isShared
                    ? " This machine has two cores, so the second worker shares one with dnsperf: the queries a "
                        + "second say nothing here, the CPU time of each says whether workers hinder each other." : ""))
        var report = Report()
        report.add(
            ratio(
                "CPU time per query with two workers, of one's", table[names[1]]?.ratio(to: table[names[0]]),
                target: 1.1))
        say(report)
    }
}
