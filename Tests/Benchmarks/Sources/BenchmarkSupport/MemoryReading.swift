import Foundation

/// The memory of a process as `/proc/PID/status` has it (proc(5)), in MiB.
package struct MemoryReading {
    /// Pages in memory at this moment (VmRSS).
    package let resident: Double
    /// The most that was ever in memory (VmHWM).
    package let peak: Double

    package init(of process: pid_t) throws(BenchmarkError) {
        let status = FileManager.default.contents(atPath: "/proc/\(process)/status") ?? Data()
        var kibibytes: [Substring: Double] = [:]
        for line in String(decoding: status, as: UTF8.self).split(separator: "\n") {
            let fields = line.split(whereSeparator: { $0 == ":" || $0 == " " || $0 == "\t" })
            if fields.count == 3, fields[2] == "kB" { kibibytes[fields[0]] = Double(fields[1]) }
        }
        guard let resident = kibibytes["VmRSS"], let peak = kibibytes["VmHWM"] else {
            throw .badRun("process \(process) has no memory to read of: it has ended")
        }
        (self.resident, self.peak) = (resident / 1024, peak / 1024)
    }
}
