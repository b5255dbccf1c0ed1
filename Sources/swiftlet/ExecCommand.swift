import ArgumentParser
// `environ` is a variable of C; nothing in this process writes to it.
@preconcurrency import Glibc
import PodEnvironment
import Registry

/// `swiftlet exec`: becomes a command that finds the Services around it in its environment.
struct ExecCommand: ParsableCommand {
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

    func run() throws {
        let reporter = Reporter(command: "exec")
        do {
            try options.check()
            guard !command.isEmpty else {
                throw CommandFailure(.usage, "no command is named: write it behind '--'")
            }
            let arguments = Self.lastArguments(command.count)
            throw Self.become(arguments, environment: try environment(arguments: arguments))
        } catch let failure as CommandFailure {
            throw reporter.exitCode(for: failure)
        }
    }

    /// The environment of the command; the registry is closed again when this returns.
    ///
    /// What could be told of it (which of two Services gave a variable) is left to `swiftlet env`: the streams belong
    /// to the command.
    private func environment(arguments: [[UInt8]]) throws(CommandFailure) -> [[UInt8]] {
        let services = try registry.services(of: registry.open())
        let present = Self.presentEnvironment()
        let inherited = present.map { entry in
            let name = entry.prefix { $0 != UInt8(ascii: "=") }
            return EnvironmentVariable(
                String(decoding: name, as: UTF8.self),
                String(decoding: entry.dropFirst(name.count + 1), as: UTF8.self), origin: .inherited)
        }
        let outcome = try options.outcome(of: services, inherited: inherited)
        let added = outcome.variables.filter { $0.origin != .inherited }
        // What the caller set goes on byte for byte; a definition of the same name has taken its place.
        let overridden = Set(added.filter { $0.origin == .user }.map(\.name))
        let kept = zip(present, inherited).filter { !overridden.contains($1.name) }.map(\.0)

        // The command's own path is copied beside its arguments; PATH_MAX is the most it can be.
        let taken =
            (arguments + kept).reduce(Int(PATH_MAX)) { $0 + EnvironmentSize.bytes(ofString: $1.count) }
        try options.checkSize(added, room: max(VariableOptions.kernelRoom() - taken, 0))
        return kept + added.map { Array("\($0.name)=\($0.value)".utf8) }
    }

    /// Replaces this process by the command; comes back with the reason where it cannot.
    ///
    /// Handlers end with this process, and what the caller ignored (as `nohup` does) stays ignored. No signal is blocked:
    /// the threads of Swift's pool, one of which may run this, block most of them.
    private static func become(_ arguments: [[UInt8]], environment: [[UInt8]]) -> CommandFailure {
        guard let command = arguments.first else { return CommandFailure(.usage, "no command is named") }
        let name = String(decoding: command, as: UTF8.self)
        let prefix = Array("PATH=".utf8)
        let path = environment.first { $0.starts(with: prefix) }.map { Array($0.dropFirst(prefix.count)) }
        var noSignals = sigset_t()
        sigemptyset(&noSignals)
        pthread_sigmask(SIG_SETMASK, &noSignals, nil)
        var refusal: Int32 = ENOENT
        for candidate in CommandSearch.candidates(for: command, path: path) {
            replaceProcess(candidate, arguments, environment)
            switch errno {
            case ENOENT, ENOTDIR, ESTALE, ENODEV, ETIMEDOUT:
                continue
            case EACCES:
                // Another folder may hold one that can be run.
                refusal = EACCES
                continue
            case ENOEXEC:
                // A script without an interpreter line is one for the shell (POSIX 2.9.1).
                let shell = Array("/bin/sh".utf8)
                replaceProcess(shell, [shell, candidate] + arguments.dropFirst(), environment)
                refusal = errno
            default:
                refusal = errno
            }
            break
        }
        return refusal == ENOENT
            ? CommandFailure(.commandNotFound, "\(name): command not found")
            : CommandFailure(.notExecutable, "\(name) cannot be run: \(CommandFailure.text(ofErrno: refusal))")
    }

    private static func replaceProcess(_ path: [UInt8], _ arguments: [[UInt8]], _ environment: [[UInt8]]) {
        func list(_ strings: [[UInt8]]) -> [UnsafeMutablePointer<CChar>?] {
            strings.map { bytes in
                let text = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count + 1)
                for (index, byte) in (bytes + [0]).enumerated() {
                    (text + index).initialize(to: CChar(bitPattern: byte))
                }
                return text
            } + [nil]
        }
        let (argv, envp) = (list(arguments), list(environment))
        (path + [0]).withUnsafeBytes { path in
            guard let path = path.bindMemory(to: CChar.self).baseAddress else { return }
            execve(path, argv, envp)
        }
        let reason = errno
        for string in argv + envp { string?.deallocate() }
        errno = reason
    }

    /// The environment this process was started with, entry by entry.
    private static func presentEnvironment() -> [[UInt8]] {
        var entries: [[UInt8]] = []
        var entry = environ
        while let text = entry.pointee {
            entries.append(bytes(of: text))
            entry += 1
        }
        return entries
    }

    /// The last arguments of this process, as bytes: a text would not keep what is no UTF-8.
    private static func lastArguments(_ count: Int) -> [[UInt8]] {
        let all = (0..<Int(CommandLine.argc)).compactMap { CommandLine.unsafeArgv[$0].map(bytes(of:)) }
        return Array(all.suffix(count))
    }

    private static func bytes(of text: UnsafeMutablePointer<CChar>) -> [UInt8] {
        UnsafeRawBufferPointer(start: text, count: strlen(text)).map { $0 }
    }
}
