import Foundation

/// The versions of the programs that took part.
enum Versions {
    /// One line, such as "NSD version 4.6.1; knotd (Knot DNS), version 3.2.6; dnsperf 2.10.0".
    static func read(of contenders: [any Contender], dnsperf: String, folder: URL) throws(BenchmarkError) -> String {
        var versions: [String] = []
        for contender in contenders {
            guard let arguments = contender.versionArguments else { continue }
            let output = try Program.outputOf(contender.executable, arguments, folder: folder)
            let line = output?.split(separator: "\n").first { $0.contains(where: \.isNumber) }
            versions.append(line.map { String($0.prefix(80)) } ?? "\(contender.name) of unknown version")
        }
        let help = try Program.outputOf(dnsperf, ["-h"], folder: folder)
        let version = help?.split(separator: "\n").first { $0.hasPrefix("Version ") }?.dropFirst("Version ".count)
        versions.append("dnsperf \(version ?? "of unknown version")")
        return versions.joined(separator: "; ")
    }
}
