import BenchmarkSupport
import Foundation

/// The versions of the programs that took part.
enum Versions {
    /// One line, such as "swiftlet 0.1.0; NSD version 4.6.1; dnsperf 2.10.0".
    static func read(of contenders: [any Contender], dnsperf: String) throws(BenchmarkError) -> String {
        let folder = FileManager.default.temporaryDirectory
        var versions: [String] = []
        for contender in contenders {
            guard let arguments = contender.versionArguments else { continue }
            let line = try Program.versionLine(of: contender.executable, arguments, folder: folder)
            let program = URL(fileURLWithPath: contender.executable).lastPathComponent
            let isNamed = line?.first?.isLetter == true
            let version = isNamed ? line ?? "" : "\(program) \(line ?? "of unknown version")"
            if !versions.contains(version) { versions.append(version) }
        }
        let help = try Program.outputOf(dnsperf, ["-h"], folder: folder)
        let version = help?.split(separator: "\n").first { $0.hasPrefix("Version ") }?.dropFirst("Version ".count)
        versions.append("dnsperf \(version ?? "of unknown version")")
        return versions.joined(separator: "; ")
    }
}
