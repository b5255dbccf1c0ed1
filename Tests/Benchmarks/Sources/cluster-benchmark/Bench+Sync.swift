import BenchmarkSupport

/// What a server took to know a cluster.
struct SyncCost {
    let seconds: Double
    let processorSeconds: Double
    let resident: Double

    /// What CoreDNS 1.14 took with the large cluster, as the issue has it.
    static let issue = Self(seconds: 1.6, processorSeconds: 1.4, resident: 195)
}

extension Bench {
    /// From the start of the program until everything is answered, and the memory two seconds later.
    ///
    /// - Parameter peer: the same of the server to compare with, where that was measured.
    func measureSync(beside peer: SyncCost?) throws -> SyncCost? {
        let limits = peer ?? .issue
        let (time, work) = ("start until everything is answered", "CPU time until then")
        var cost: SyncCost?
        let timeTarget = target(.atMost(limits.seconds, unit: " s"))
        try measure(time, target: timeTarget) {
            let seconds = try server.awaitAnswers(to: closingQuestions) / .seconds(1)
            let used = Double(try CPUTime.total(of: server.processIdentifier).nanoseconds) / 1e9
            figure(time, seconds, "\(Report.number(seconds)) s", target: timeTarget)
            figure(
                work, used, "\(Report.number(used)) s",
                target: target(.atMost(limits.processorSeconds, unit: " s")))
            try Interruption.sleep(milliseconds: 2000)
            let memory = try MemoryReading(of: server.processIdentifier)
            figure(
                "memory after two idle seconds", memory.resident,
                "\(Report.number(memory.resident)) MiB resident, at most \(Report.number(memory.peak)) MiB before",
                target: target(.under(100, unit: " MiB")))
            cost = SyncCost(seconds: seconds, processorSeconds: used, resident: memory.resident)
        }
        return cost
    }
}
