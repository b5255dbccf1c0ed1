import BenchmarkSupport
import Foundation

/// The programs of this machine that take part, and those that are not there.
struct Peers {
    let echo: String
    /// nil where there is no swiftlet at the path that was looked at.
    let swiftlet: String?
    let nsd = Program.find("nsd")
    let knot = Program.find("knotd")
    let unbound = Program.find("unbound")
    let dnsmasq = Program.find("dnsmasq")
    let coreDNS: String?
    let swiftletPath: String

    /// Looks for the programs. Where there is no `--swiftlet`, the release build of the enclosing repository is taken.
    init(options: Options) throws(BenchmarkError) {
        echo = Bundle.main.executableURL?.deletingLastPathComponent().appending(path: "udp-echo").path ?? "udp-echo"
        // Servers run in folders of their own, so a relative path would lead nowhere.
        swiftletPath = URL(fileURLWithPath: options.swiftlet ?? Repository.releaseBinary).path
        if options.swiftlet == nil { note("no --swiftlet given: measuring \(swiftletPath)") }
        swiftlet = FileManager.default.isExecutableFile(atPath: swiftletPath) ? swiftletPath : nil
        coreDNS = options.coreDNS.map { URL(fileURLWithPath: $0).path }
        if let coreDNS, !FileManager.default.isExecutableFile(atPath: coreDNS) {
            throw .usage("--coredns \(coreDNS): no program there")
        }
    }

    /// The path of swiftlet, without which there is nothing to compare.
    func measuredProgram() throws(BenchmarkError) -> String {
        guard let swiftlet else { throw .program("swiftlet", reason: "no binary at \(swiftletPath)") }
        return swiftlet
    }
}
