import BenchmarkSupport
import Foundation
import Glibc

/// What the command line says.
struct Options {
    var executable = Repository.benchmarks.appending(path: "../../.build/release/swiftlet").standardizedFileURL.path
    var sequences = 200
    var seed = UInt64.random(in: 0...UInt64(UInt32.max))
    /// The one sequence to run; nil for all.
    var only: Int?
    /// How many sequences run at a time: they wait most of their time.
    var jobs = 2 * max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    /// Where the outcome of the one sequence is written as JSON, for who started this; nil for a report of it.
    var outcome: String?
    /// Kinds of faults to choose from, by a part of their names; empty for all.
    var faults: [String] = []
    /// Kinds of faults to leave out, likewise.
    var without: [String] = []
    /// The world to run in, by a part of its name; nil for both in turn.
    var world: String?
    var keepsFiles = false
    /// Seconds that each way of the soak takes at a time, in place of the sequences; nil for the sequences.
    var soak: Int?

    static let usage = """
        torture [--swiftlet BINARY] [--sequences N] [--jobs N] [--seed N] [--only N] [--fault PART-OF-A-KIND]…
                [--without PART-OF-A-KIND]… [--world PART-OF-A-NAME] [--keep]
        torture --soak SECONDS [--swiftlet BINARY] [--seed N] [--keep]
        Breaks what a server depends on while every reply is checked, or asks it in every way for so long and again
        while its memory is looked at; see Tests/Torture/README.md.
        """

    init(_ arguments: [String]) throws(BenchmarkError) {
        var reader = OptionReader(arguments)
        while let option = reader.next() {
            switch option {
            case "--swiftlet": executable = try reader.value(of: option)
            case "--sequences": sequences = try reader.number(of: option, in: 1...100_000)
            case "--seed": seed = UInt64(try reader.number(of: option, in: 0...Int.max))
            case "--only": only = try reader.number(of: option, in: 1...100_000)
            case "--jobs": jobs = try reader.number(of: option, in: 1...256)
            case "--outcome": outcome = try reader.value(of: option)
            case "--fault": faults.append(try reader.value(of: option))
            case "--without": without.append(try reader.value(of: option))
            case "--world": world = try reader.value(of: option)
            case "--keep": keepsFiles = true
            case "--soak": soak = try reader.number(of: option, in: 1...86_400)
            default: throw .usage("\(option) is no option\n\(Self.usage)")
            }
        }
        guard outcome == nil || only != nil else { throw .usage("--outcome is of one sequence, which --only names") }
        guard FileManager.default.isExecutableFile(atPath: executable) else {
            throw .usage("\(executable) is no program; --swiftlet says where it is")
        }
    }

    /// The command line of another process that runs one of the sequences.
    func arguments(for sequence: Int, outcome: String) -> [String] {
        var arguments = ["--swiftlet", executable, "--seed", "\(seed)", "--only", "\(sequence)", "--outcome", outcome]
        for fault in faults { arguments += ["--fault", fault] }
        for fault in without { arguments += ["--without", fault] }
        if let world { arguments += ["--world", world] }
        return arguments + (keepsFiles ? ["--keep"] : [])
    }
}
