import BenchmarkSupport
import Foundation

/// The versions of the programs that took part.
enum Versions {
    /// One line, such as "NSD version 4.6.1; knotd (Knot DNS), version 3.2.6; dnsperf 2.10.0".
    static func read(of contenders: [any Contender], dnsperf: String, folder: URL) throws(BenchmarkError) -> String {
        var versions: [String] = []
        for contender in contenders {
            guard let arguments = contender.versionArguments else { continue }
            let line = try Program.versionLine(of: contender.executable, arguments, folder: folder)
            versions.append(line ?? "\(contender.name) of unknown version")
        }
        let help = try Program.outputOf(dnsperf, ["-h"], folder: folder)
        let version = help?.split(separator: "\n").first { $0.hasPrefix("Version ") }?.dropFirst("Version ".count)
        versions.append("dnsperf \(version ?? "of unknown version")")
        return versions.joined(separator: "; ")
    }
}
