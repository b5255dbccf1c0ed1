// `environ` is a variable of C; nothing in this process writes to it.
@preconcurrency import Glibc
import PodEnvironment

/// A command that a user names, and what it is started with.
enum CommandProcess {
    /// Replaces this process by the command; comes back with the reason where it cannot.
    ///
    /// Handlers end with this process, and what the caller ignored (as `nohup` does) stays ignored. No signal is blocked:
    /// the threads of Swift's pool, one of which may run this, block most of them.
    static func become(_ arguments: [[UInt8]], environment: [[UInt8]]) -> CommandFailure {
        var noSignals = sigset_t()
        sigemptyset(&noSignals)
        pthread_sigmask(SIG_SETMASK, &noSignals, nil)
        let failure = firstRunnable(arguments, environment: environment) { path, argv, envp in
            execve(path, argv, envp)
            return errno
        }
        return failure ?? CommandFailure(.notExecutable, "the command has not been run")
    }

    /// Tries the files that a command may be until one runs; comes back with the reason where none does.
    ///
    /// - Parameter run: Takes path, arguments and environment as C has them; gives the error number, 0 for none.
    static func firstRunnable(
        _ arguments: [[UInt8]], environment: [[UInt8]],
        run: (UnsafePointer<CChar>, [UnsafeMutablePointer<CChar>?], [UnsafeMutablePointer<CChar>?]) -> Int32
    ) -> CommandFailure? {
        guard let command = arguments.first else { return CommandFailure(.usage, "no command is named") }
        let name = String(decoding: command, as: UTF8.self)
        let prefix = Array("PATH=".utf8)
        let path = environment.first { $0.starts(with: prefix) }.map { Array($0.dropFirst(prefix.count)) }
        var refusal: Int32 = ENOENT
        for candidate in CommandSearch.candidates(for: command, path: path) {
            let number = call(run, candidate, arguments, environment)
            switch number {
            case 0:
                return nil
            case ENOENT, ENOTDIR, ESTALE, ENODEV, ETIMEDOUT:
                continue
            case EACCES:
                // Another folder may hold one that can be run.
                refusal = EACCES
                continue
            case ENOEXEC:
                // A script without an interpreter line is one for the shell (POSIX 2.9.1).
                let shell = Array("/bin/sh".utf8)
                refusal = call(run, shell, [shell, candidate] + arguments.dropFirst(), environment)
                if refusal == 0 { return nil }
            default:
                refusal = number
            }
            break
        }
        return refusal == ENOENT
            ? CommandFailure(.commandNotFound, "\(name): command not found")
            : CommandFailure(.notExecutable, "\(name) cannot be run: \(CommandFailure.text(ofErrno: refusal))")
    }

    private static func call(
        _ run: (UnsafePointer<CChar>, [UnsafeMutablePointer<CChar>?], [UnsafeMutablePointer<CChar>?]) -> Int32,
        _ path: [UInt8], _ arguments: [[UInt8]], _ environment: [[UInt8]]
    ) -> Int32 {
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
        defer {
            for string in argv + envp { string?.deallocate() }
        }
        return (path + [0]).withUnsafeBytes { path in
            guard let path = path.bindMemory(to: CChar.self).baseAddress else { return ENOENT }
            return run(path, argv, envp)
        }
    }

    /// The environment this process was started with, entry by entry.
    static func presentEnvironment() -> [[UInt8]] {
        var entries: [[UInt8]] = []
        var entry = environ
        while let text = entry.pointee {
            entries.append(bytes(of: text))
            entry += 1
        }
        return entries
    }

    /// The last arguments of this process, as bytes: a text would not keep what is no UTF-8.
    static func lastArguments(_ count: Int) -> [[UInt8]] {
        let all = (0..<Int(CommandLine.argc)).compactMap { CommandLine.unsafeArgv[$0].map(bytes(of:)) }
        return Array(all.suffix(count))
    }

    private static func bytes(of text: UnsafeMutablePointer<CChar>) -> [UInt8] {
        UnsafeRawBufferPointer(start: text, count: strlen(text)).map { $0 }
    }
}
