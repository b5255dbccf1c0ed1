import Foundation

/// CPU time a process and its children have used.
package struct CPUTime: Equatable {
    /// User and system time together, in nanoseconds.
    package var nanoseconds: UInt64 = 0
    /// User time, in clock ticks of the kernel's statistics.
    package var userTicks: UInt64 = 0
    /// System time, in the same ticks.
    package var systemTicks: UInt64 = 0

    /// The part of the time spent in user space, from 0 to 1. The kernel samples it, so it needs seconds of CPU time
    /// to be worth reading; the sum in `nanoseconds` is exact.
    package var userShare: Double {
        let ticks = userTicks + systemTicks
        return ticks == 0 ? 0 : Double(userTicks) / Double(ticks)
    }
}

extension CPUTime {
    /// What one process has used since its start.
    package static func total(of process: pid_t) throws(BenchmarkError) -> CPUTime {
        try CPUReading.cpuTime(of: process)
    }
}

/// The CPU time of each process of a server at one moment.
package struct CPUReading {
    private let processes: [pid_t: CPUTime]

    /// Reads the process and all its descendants. Threads, ended ones too, are part of their process's time.
    package init(ofProcessTree root: pid_t) throws(BenchmarkError) {
        var processes: [pid_t: CPUTime] = [:]
        for identifier in ProcessTree.members(of: root) {
            processes[identifier] = try Self.cpuTime(of: identifier)
        }
        self.processes = processes
    }

    /// The time used since an earlier reading. A process that has gone took its time with it: then there is no figure.
    package func since(_ earlier: CPUReading) throws(BenchmarkError) -> CPUTime {
        if let gone = earlier.processes.keys.first(where: { processes[$0] == nil }) {
            throw .badRun("process \(gone) of the server ended during the measurement")
        }
        var total = CPUTime()
        for (identifier, now) in processes {
            let before = earlier.processes[identifier] ?? CPUTime()
            total.nanoseconds += now.nanoseconds - before.nanoseconds
            // The kernel keeps either sum from falling, but reads them at slightly different moments.
            total.userTicks += now.userTicks - min(now.userTicks, before.userTicks)
            total.systemTicks += now.systemTicks - min(now.systemTicks, before.systemTicks)
        }
        return total
    }

    /// The process's CPU clock counts nanoseconds and includes threads that have ended, which a sum over
    /// `/proc/PID/task` would lose.
    fileprivate static func cpuTime(of identifier: pid_t) throws(BenchmarkError) -> CPUTime {
        var clock = clockid_t()
        let status = clock_getcpuclockid(identifier, &clock)
        guard status == 0 else { throw .system(call: "clock_getcpuclockid", errorNumber: status) }
        var time = timespec()
        guard clock_gettime(clock, &time) == 0 else { throw .system(call: "clock_gettime", errorNumber: errno) }
        guard let statistics = ProcessTree.statistics(of: identifier) else {
            throw .badRun("process \(identifier) of the server has ended")
        }
        return CPUTime(
            nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec),
            userTicks: statistics.userTicks,
            systemTicks: statistics.systemTicks)
    }
}
