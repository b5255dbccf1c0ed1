import ArgumentParser
import Glibc
import PodEnvironment
import Registry

/// `swiftlet exec`: becomes a command that finds the Services around it in its environment.
struct ExecCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec",
        abstract: "Run a command with the environment variables that Services give to a pod of a namespace.",
        discussion: """
            The process becomes the command: signals, exit status and standard streams are the command's own. Variables \
            that are set already win over those of Services, and those given by --env over both.
            """)

    @OptionGroup var registry: RegistryOptions
    @OptionGroup var options: VariableOptions

    @Argument(parsing: .postTerminator, help: ArgumentHelp("The command and its arguments, behind '--'."))
    var command: [String] = []

    func run() async throws {
        let reporter = Reporter(command: "exec")
        do {
            let request = try options.request()
            guard !command.isEmpty else {
                throw CommandFailure(.usage, "no command is named: write it behind '--'")
            }
            let arguments = CommandProcess.lastArguments(command.count)
            throw CommandProcess.become(
                arguments, environment: try await environment(of: request, arguments: arguments))
        } catch let failure as CommandFailure {
            throw reporter.exitCode(for: failure)
        }
    }

    /// The environment of the command; the registry is closed again when this returns.
    ///
    /// What could be told of it (which of two Services gave a variable) is left to `swiftlet env`: the streams belong
    /// to the command.
    private func environment(
        of request: EnvironmentRequest, arguments: [[UInt8]]
    ) async throws(CommandFailure) -> [[UInt8]] {
        let services = try await registry.withRegistry { registry throws(CommandFailure) in
            try await registry.services()
        }
        let present = CommandProcess.presentEnvironment()
        let inherited = present.map { entry in
            let name = entry.prefix { $0 != UInt8(ascii: "=") }
            return EnvironmentVariable(
                String(decoding: name, as: UTF8.self),
                String(decoding: entry.dropFirst(name.count + 1), as: UTF8.self), origin: .inherited)
        }
        let outcome: EnvironmentRequest.Outcome
        do {
            outcome = try request.outcome(of: services, inherited: inherited)
        } catch {
            throw CommandFailure(error)
        }
        let added = outcome.variables.filter { $0.origin != .inherited }
        // What the caller set goes on byte for byte; a definition of the same name has taken its place.
        let overridden = Set(added.filter { $0.origin == .user }.map(\.name))
        let kept = zip(present, inherited).filter { !overridden.contains($1.name) }.map(\.0)

        // The command's own path is copied beside its arguments; PATH_MAX is the most it can be.
        let taken =
            (arguments + kept).reduce(Int(PATH_MAX)) { $0 + EnvironmentSize.bytes(ofString: $1.count) }
        do {
            try request.checkSize(of: added, room: max(VariableOptions.kernelRoom() - taken, 0))
        } catch {
            throw CommandFailure(error)
        }
        return kept + added.map { Array("\($0.name)=\($0.value)".utf8) }
    }
}
