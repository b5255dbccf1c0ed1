import BenchmarkSupport

extension Bench {
    private static let target = Target.under(300, unit: " MiB")

    /// After the load and the lists: what the registry takes, and the most that was taken on the way.
    func measureMemory() throws { try measureMemory(when: "after the load and the lists") }

    /// The same of the server that was started again, after everything.
    func measureMemoryAtTheEnd() throws { try measureMemory(when: "of the server started again, at the end") }

    private func measureMemory(when: String) throws {
        let subject = "memory \(when)"
        try measure(subject, target: Self.target) {
            let memory = try MemoryReading(of: server.processIdentifier)
            // The peak is what the machine has to have, so the target is held against it.
            add(
                Figure(
                    subject, memory.peak,
                    "\(Report.number(memory.resident)) MiB resident, at most \(Report.number(memory.peak)) MiB",
                    target: Self.target))
        }
    }
}
