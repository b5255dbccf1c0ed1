import BenchmarkSupport
import Foundation
import ScriptedCluster

extension Bench {
    /// A start with the state of the process before, while the API is gone.
    func measureRestart() throws {
        guard contender.keepsState else { return }
        let subject = "start from the kept state with the API gone, until everything is answered"
        try measure(subject) {
            server.program.stop()
            let data = folder.appending(path: "data-\(size.services)")
            try FileManager.default.createDirectory(at: data, withIntermediateDirectories: false)
            replaceServer(by: try ClusterServer(contender, api: api.port, data: data, folder: folder))
            _ = try server.awaitAnswers(to: closingQuestions)
            try server.awaitReady()
            // Its end writes the state.
            server.program.stop()
            api.cut()
            replaceServer(by: try ClusterServer(contender, api: api.port, data: data, folder: folder))
            let seconds = try server.awaitAnswers(to: closingQuestions) / .seconds(1)
            let used = Double(try CPUTime.total(of: server.processIdentifier).nanoseconds) / 1e9
            try Interruption.sleep(milliseconds: 2000)
            let memory = try MemoryReading(of: server.processIdentifier)
            figure(
                subject, seconds,
                "\(Report.number(seconds)) s, \(Report.number(used)) s of CPU time; "
                    + "\(Report.number(memory.resident)) MiB resident two seconds later, at most "
                    + "\(Report.number(memory.peak)) MiB before; the state is "
                    + "\(Report.number(Self.sizeOfFiles(in: data))) MiB")
            let start = ContinuousClock.now
            let shown = renumberSome(20)
            try api.restore()
            let time = try server.awaitAnswers(to: shown, since: start) / .seconds(1)
            figure(
                "return of the API after that start until its changes are answered", time, "\(Report.number(time)) s")
        }
    }

    private static func sizeOfFiles(in folder: URL) -> Double {
        let files =
            (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: [.fileSizeKey])) ?? []
        let sizes = files.compactMap { try? $0.resourceValues(forKeys: [.fileSizeKey]).fileSize }
        return Double(sizes.reduce(0, +)) / 1_048_576
    }
}
