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
            try enterNamespaces()
            exit(try run(options) ? 0 : 1)
        } catch {
            note("torture: \(error)")
            exit(BenchmarkError.exitStatus(for: error))
        }
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
        note("seed \(options.seed)")
        let folder = FileManager.default.temporaryDirectory.appending(path: "torture-\(UUID().uuidString)")
        defer { if !options.keepsFiles { try? FileManager.default.removeItem(at: folder) } }
        var outcome = Outcome()
        do {
            for number in options.only.map({ $0...$0 }) ?? 1...options.sequences {
                try Sequence(number: number, options: options)
                    .run(into: &outcome, folder: folder.appending(path: "\(number)"))
            }
        } catch BenchmarkError.interrupted {
            note("interrupted")
        }
        print("\(TortureReport(outcome: outcome, seed: options.seed).text)\n\n\(machine.description)")
        return !outcome.hasFailed
    }
}
