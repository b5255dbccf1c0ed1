import ArgumentParser
import EmbeddedRegistry
import Glibc
import PodEnvironment
import Registry

/// Which registry a command reads.
struct RegistryOptions: ParsableArguments {
    @Option(name: .customLong("data"), help: ArgumentHelp("The folder of the registry.", valueName: "dir"))
    var directory: String?

    /// Opens the registry for reading; without `--data` there is none to open.
    func open() throws(CommandFailure) -> RegistryReader {
        guard let directory else {
            throw CommandFailure(.usage, "no registry is named: give its folder by --data DIR")
        }
        do {
            return try RegistryReader(directory: directory)
        } catch {
            throw unavailable(error)
        }
    }

    /// All Services there are at the moment.
    func services(of reader: RegistryReader) throws(CommandFailure) -> [Service] {
        do {
            return try reader.services()
        } catch {
            throw unavailable(error)
        }
    }

    /// The server that was started on the registry last; nil where there was none.
    func server(of reader: RegistryReader) throws(CommandFailure) -> ServerRecord? {
        do {
            return try reader.server()
        } catch {
            throw unavailable(error)
        }
    }

    private func unavailable(_ error: any Error) -> CommandFailure {
        switch error as? StoreError {
        case .damaged, .foreign: CommandFailure(.badData, "\(error)")
        case _?: CommandFailure(.unavailable, "\(error)")
        case nil:
            CommandFailure(.unavailable, "the registry in \(directory ?? "no folder") cannot be read: \(error)")
        }
    }
}

/// Why a command ends without having done its work: one line for standard error and an exit status.
struct CommandFailure: Error {
    enum Kind: Int32 {
        case other = 1
        /// EX_USAGE of sysexits.h.
        case usage = 64
        /// EX_DATAERR.
        case badData = 65
        /// EX_UNAVAILABLE: the registry is out of reach.
        case unavailable = 69
        /// As shells do for a command that is there but cannot be run.
        case notExecutable = 126
        /// As shells do for a command that is not there.
        case commandNotFound = 127
    }

    let kind: Kind
    let message: String

    init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// The text of a system call's error number.
    static func text(ofErrno number: Int32) -> String { String(cString: strerror(number)) }
}

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

/// A file that a command writes for others to read: at once as a whole, or not at all.
struct OutputFile: Sendable {
    /// The mode of a file that was not there before.
    static let defaultMode: mode_t = 0o644

    /// nil stands for standard output.
    let path: String?

    /// Writes the text; leaves a file alone that says the same already. Says whether it wrote.
    ///
    /// A regular file is replaced by a new one in the same folder, flushed to disk before it takes the name, with
    /// the mode of the former. What is no regular file (a terminal, a pipe) is written to.
    @discardableResult
    func replace(by text: String) throws(CommandFailure) -> Bool {
        let bytes = Array(text.utf8)
        guard let path else {
            guard Self.write(bytes, to: STDOUT_FILENO) else { throw failure("standard output") }
            return true
        }
        // A symbolic link stays; the file it names is replaced.
        let target = Self.resolved(path)
        var status = stat()
        let isThere = stat(target, &status) == 0
        if !isThere && errno != ENOENT { throw failure(path) }
        guard isThere, status.st_mode & S_IFMT != S_IFREG else {
            if isThere, Self.contents(of: target, count: Int(status.st_size)) == bytes { return false }
            let mode = isThere ? status.st_mode & 0o7777 : Self.defaultMode
            try exchange(target, for: bytes, mode: mode)
            return true
        }
        let descriptor = open(target, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        guard Self.write(bytes, to: descriptor) else { throw failure(path) }
        return true
    }

    /// Writes all bytes; false with `errno` set where that is not possible.
    @discardableResult
    static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 || errno == EINTR else { return false }
            rest = rest.dropFirst(max(count, 0))
        }
        return true
    }

    /// Reads a file of at most `limit` bytes; nil with `errno` set where that is not possible (EFBIG: it is longer).
    static func read(_ path: String, limit: Int) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = buffer.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count == 0 { return bytes }
            if count < 0 {
                if errno == EINTR { continue }
                return nil
            }
            bytes += buffer[..<count]
            guard bytes.count <= limit else {
                errno = EFBIG
                return nil
            }
        }
    }

    private static func contents(of path: String, count: Int) -> [UInt8]? { read(path, limit: count) }

    private static func resolved(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }

    private func exchange(_ target: String, for bytes: [UInt8], mode: mode_t) throws(CommandFailure) {
        var template = Array("\(target).tmp-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw failure(target) }
        let isWritten = Self.write(bytes, to: descriptor) && fchmod(descriptor, mode) == 0 && fsync(descriptor) == 0
        let isClosed = close(descriptor) == 0
        guard isWritten, isClosed, rename(template, target) == 0 else {
            let failure = failure(target)
            unlink(template)
            throw failure
        }
        syncFolder(of: target)
    }

    /// Makes the new name last beyond a loss of power; where the file system cannot, the file itself is whole anyway.
    private func syncFolder(of target: String) {
        let folder = target.lastIndex(of: "/").map { $0 == target.startIndex ? "/" : String(target[..<$0]) } ?? "."
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        _ = fsync(descriptor)
        close(descriptor)
    }

    private func failure(_ place: String) -> CommandFailure {
        CommandFailure(.other, "\(place) cannot be written: \(CommandFailure.text(ofErrno: errno))")
    }
}
