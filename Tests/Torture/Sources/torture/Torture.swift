import BenchmarkSupport
import Foundation
import Glibc

@main
struct Torture {
    static func main() {
        do {
            let options = try Options(Array(CommandLine.arguments.dropFirst()))
            Interruption.watch()
            // A server that goes must not end this with it.
            signal(SIGPIPE, SIG_IGN)
            if options.only != nil || options.soak != nil { try enterNamespaces() }
            exit(try run(options) ? 0 : 1)
        } catch {
            note("torture: \(error)")
            exit(BenchmarkError.exitStatus(for: error))
        }
    }

    /// This program.
    static var executable: String {
        URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath().path
    }

    /// Interfaces and file systems of its own, so that nothing outside is touched: as a root or as a user's.
    private static func enterNamespaces() throws {
        // By the program, as a process with threads may not do it by itself.
        guard ProcessInfo.processInfo.environment["TORTURE_INSIDE"] == nil else { return }
        setenv("TORTURE_INSIDE", "1", 1)
        let command =
            ["unshare", "--net", "--mount"] + (geteuid() == 0 ? [] : ["--map-root-user"])
            + ["sh", "-c", "ip link set lo up && exec \"$@\"", "torture"] + CommandLine.arguments
        var arguments = command.map { strdup($0) } + [nil]
        execvp("unshare", &arguments)
        throw BenchmarkError.system(call: "exec of unshare", errorNumber: errno)
    }

    /// - Returns: Whether all was as it should be.
    private static func run(_ options: Options) throws -> Bool {
        let machine = Machine()
        let folder = FileManager.default.temporaryDirectory.appending(path: "torture-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { if !options.keepsFiles { try? FileManager.default.removeItem(at: folder) } }
        if let seconds = options.soak {
            note("seed \(options.seed)")
            let soak = Soak(executable: options.executable, seconds: seconds, seed: options.seed)
            let (report, hasFailed) = try soak.run(folder: folder)
            print("\(report.table)\n\n\(seconds) s each time; seed \(options.seed).\n\n\(machine.description)")
            return !hasFailed
        }
        var outcome = Outcome()
        if let number = options.only {
            do {
                try Sequence(number: number, options: options)
                    .run(into: &outcome, folder: folder.appending(path: "\(number)"))
            } catch BenchmarkError.interrupted {
                note("sequence \(number): interrupted")
            }
            if let file = options.outcome {
                try JSONEncoder().encode(outcome).write(to: URL(fileURLWithPath: file))
                return true
            }
        } else {
            note("seed \(options.seed), \(options.jobs) at a time")
            outcome = try Jobs(options: options, folder: folder).run()
        }
        print("\(TortureReport(outcome: outcome, options: options).text)\n\n\(machine.description)")
        return !outcome.hasFailed
    }
}
