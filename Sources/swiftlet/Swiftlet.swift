import ArgumentParser

/// The command line: each command in a file of its own.
@main
struct Swiftlet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "swiftlet",
        abstract: "Cluster DNS: names, virtual IPs, environment and resolv.conf from a watched registry.",
        version: "0.1.0",
        subcommands: [
            ServeCommand.self, EnvCommand.self, ExecCommand.self, ResolvConfCommand.self, VIPCommand.self,
            CheckCommand.self,
        ])
}
