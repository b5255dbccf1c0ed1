import ArgumentParser
import Glibc

/// One command's voice on standard error.
struct Reporter: Sendable {
    let command: String

    /// Writes one line; a line break inside the message becomes a space.
    func report(_ message: String) {
        let line = "swiftlet \(command): " + message.split { $0.isNewline }.joined(separator: " ") + "\n"
        OutputFile.write(Array(line.utf8), to: STDERR_FILENO)
    }

    /// Tells of a failure and gives the status to exit with.
    func exitCode(for failure: CommandFailure) -> ExitCode {
        report(failure.message)
        return ExitCode(failure.kind.rawValue)
    }
}
