import BenchmarkSupport
import Foundation

/// Which servers can be measured on this machine, in the order of the table.
struct Lineup {
    /// The first part of the names of all rows that are swiftlet's.
    static let measuredName = "swiftlet"

    private(set) var contenders: [any Contender] = []
    /// Peers that are not installed; they have no row.
    private(set) var absentPeers: [String] = []
    /// The path at which there is no swiftlet.
    private var missingSwiftlet: String?

    /// Looks for the programs. Where there is no `--swiftlet`, the release build of the enclosing repository is taken.
    init(options: Options) {
        let echo = Bundle.main.executableURL?.deletingLastPathComponent().appending(path: "udp-echo").path
        contenders.append(EchoFloor(executable: echo ?? "udp-echo"))

        let swiftlet = options.swiftlet ?? Repository.releaseBinary
        if options.swiftlet == nil { note("no --swiftlet given: measuring \(swiftlet)") }
        if FileManager.default.isExecutableFile(atPath: swiftlet) {
            // Servers run in folders of their own, so a relative path would lead nowhere.
            let executable = URL(fileURLWithPath: swiftlet).path
            contenders.append(Swiftlet(executable: executable))
            if options.measuresCorefile { contenders.append(CorefileSwiftlet(executable: executable)) }
        } else {
            missingSwiftlet = swiftlet
        }

        if let path = Program.find("nsd") {
            contenders.append(NSD(executable: path))
        } else {
            absentPeers.append("NSD")
        }
        if let path = Program.find("knotd") {
            contenders.append(Knot(executable: path))
        } else {
            absentPeers.append("Knot DNS")
        }
    }

    /// The rows of the table: the floor, swiftlet, the peers that are there.
    func outcomes(_ results: [String: Outcome.Result]) -> [Outcome] {
        var outcomes = contenders.compactMap { contender in
            results[contender.name].map { Outcome(name: contender.name, result: $0) }
        }
        if let missingSwiftlet {
            let absent = Outcome(
                name: Self.measuredName, result: .notMeasured(reason: "no binary at \(missingSwiftlet)"))
            outcomes.insert(absent, at: 1)
        }
        return outcomes
    }
}
