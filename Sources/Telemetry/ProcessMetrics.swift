import Glibc

/// The process as the system sees it, under the names that Prometheus's own clients use (`process_…`).
package struct ProcessMetrics: Sendable {
    /// Adds the metrics; they are read anew for each exposition.
    package static func register(in metrics: Metrics) {
        let cpu = metrics.gauge(
            "process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", kind: .counter)
        let resident = metrics.gauge("process_resident_memory_bytes", "Resident memory size in bytes.")
        let virtual = metrics.gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.")
        let descriptors = metrics.gauge("process_open_fds", "Number of open file descriptors.")
        let maximum = metrics.gauge("process_max_fds", "Maximum number of open file descriptors.")
        let threads = metrics.gauge("process_threads", "Number of threads.")
        let start = metrics.gauge(
            "process_start_time_seconds", "Start time of the process since unix epoch in seconds.")
        start.set(startTime() ?? 0)
        metrics.collect(of: metrics) { _ in
            var usage = rusage()
            if getrusage(RUSAGE_SELF.rawValue, &usage) == 0 {
                cpu.set(seconds(usage.ru_utime) + seconds(usage.ru_stime))
            }
            if let fields = numbers(inFile: "/proc/self/statm"), fields.count > 1 {
                let page = Double(sysconf(Int32(_SC_PAGESIZE)))
                virtual.set(fields[0] * page)
                resident.set(fields[1] * page)
            }
            if let count = entryCount(ofFolder: "/proc/self/fd") { descriptors.set(Double(count)) }
            if let count = entryCount(ofFolder: "/proc/self/task") { threads.set(Double(count)) }
            var limit = rlimit()
            if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
                maximum.set(Double(limit.rlim_cur))
            }
        }
    }

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }

    /// The Unix time of the start: the boot's, and the ticks after it (proc(5), field 22 of `stat`).
    private static func startTime() -> Double? {
        guard let stat = text(ofFile: "/proc/self/stat"), let close = stat.lastIndex(of: ")"),
            let boot = text(ofFile: "/proc/stat")?.split(separator: "\n").first(where: { $0.hasPrefix("btime ") }),
            let bootTime = Double(boot.dropFirst(6))
        else { return nil }
        // The name in brackets may hold blanks; 20 fields follow it before the one of interest.
        let fields = stat[stat.index(after: close)...].split(separator: " ")
        guard fields.count > 19, let ticks = Double(fields[19]) else { return nil }
        return bootTime + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    private static func numbers(inFile path: String) -> [Double]? {
        text(ofFile: path)?.split { $0 == " " || $0 == "\n" }.compactMap { Double($0) }
    }

    private static func entryCount(ofFolder path: String) -> Int? {
        guard let folder = opendir(path) else { return nil }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // Without `.`, `..` and the folder's own descriptor, which is there for this count only.
        return max(0, count - (path.hasSuffix("/fd") ? 3 : 2))
    }

    private static func text(ofFile path: String) -> String? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        let count = fread(&buffer, 1, buffer.count, file)
        return String(decoding: buffer.prefix(count), as: UTF8.self)
    }
}
