import Glibc

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
        CommandFailure(
            path == nil ? .other : .badData, "\(place) cannot be written: \(CommandFailure.text(ofErrno: errno))")
    }
}
