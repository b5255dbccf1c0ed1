import Foundation

/// Where and when the figures were taken.
package struct Machine {
    package let processor: String
    package let cores: Int
    package let kernel: String
    /// Processes that wanted to run, averaged over the minute before the start: other work disturbs the figures.
    package let loadAverage: String
    package let date: Date

    /// Looks at the machine the benchmark runs on.
    package init() {
        let processors = Self.contents(of: "/proc/cpuinfo")
        let model = processors.split(separator: "\n").first { $0.hasPrefix("model name") }
        processor = model?.split(separator: ":").last?.trimmingCharacters(in: .whitespaces) ?? "unknown processor"
        cores = sysconf(Int32(_SC_NPROCESSORS_ONLN))
        kernel = Self.contents(of: "/proc/sys/kernel/osrelease").trimmingCharacters(in: .whitespacesAndNewlines)
        loadAverage = Self.contents(of: "/proc/loadavg").split(separator: " ").first.map(String.init) ?? "unknown"
        date = Date()
    }

    package var description: String {
        "\(processor), \(cores) cores, Linux \(kernel), load average at the start \(loadAverage), "
            + date.formatted(.iso8601)
    }

    private static func contents(of path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }
}
