import ArgumentParser

/// The command line: each command in a file of its own.
@main
struct Swiftlet: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "swiftlet",
        abstract: "Cluster DNS: names, virtual IPs, environment and resolv.conf from a watched registry.",
        version: version,
        subcommands: [
            ServeCommand.self, EnvCommand.self, ExecCommand.self, ResolvConfCommand.self, VIPCommand.self,
            ApplyCommand.self, GetCommand.self, DeleteCommand.self, RegisterCommand.self, CheckCommand.self,
        ])

    static func main() async {
        do {
            let words = Array(CommandLine.arguments.dropFirst())
            var command = try await asyncParseAsRoot(CoreDNSArguments.translated(words) ?? words)
            if var asyncCommand = command as? any AsyncParsableCommand {
                try await asyncCommand.run()
            } else {
                try command.run()
            }
        } catch {
            guard exitCode(for: error) == .validationFailure, !(error is ExitCode) else { exit(withError: error) }
            UsageError.report(message(for: error), arguments: CommandLine.arguments)
            exit(withError: ExitCode.validationFailure)
        }
    }
}
