import Glibc

/// The folder of a registry.
enum StoreFolder {
    /// The log of a registry's file, which has what is not in the file yet.
    static func log(of file: String) -> String { "\(file)-wal" }

    /// Makes the folder and those above it where they are missing; throws where it cannot be written then.
    static func make(_ path: String) throws(StoreError) {
        var made = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            made += (made.isEmpty || made == "/" ? "" : "/") + part
            guard mkdir(made, 0o700) != 0, errno != EEXIST else { continue }
            let code = errno
            // A read-only parent may say so even though the folder is there.
            guard access(made, F_OK) == 0 else {
                throw .directoryUnusable(path, reason: String(cString: strerror(code)))
            }
        }
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .directoryUnusable(path, reason: String(cString: strerror(errno))) }
        close(descriptor)
        guard access(path, W_OK | X_OK) == 0 else {
            throw .directoryUnusable(path, reason: String(cString: strerror(errno)))
        }
    }

    /// What a probe writes, in bytes: a database that is opened writes less.
    private static let probeSize = 1 << 16

    /// Throws where nothing can be stored in the folder: found out by a file that is written and removed again.
    static func probe(_ path: String) throws(StoreError) {
        let file = "\(path)/registry.probe"
        // Not to wait for the other end where somebody put a FIFO.
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0o600)
        guard descriptor >= 0 else { throw failure(file, errno) }
        defer {
            close(descriptor)
            unlink(file)
        }
        let zeros = [UInt8](repeating: 0, count: probeSize)
        let count = write(descriptor, zeros, zeros.count)
        // Less than all is what fits.
        guard count == zeros.count else { throw failure(file, count < 0 ? errno : ENOSPC) }
        guard fsync(descriptor) == 0 else { throw failure(file, errno) }
    }

    private static func failure(_ file: String, _ code: Int32) -> StoreError {
        let reason = String(cString: strerror(code))
        return switch code {
        case ENOSPC, EDQUOT: .full(file: file, reason: reason)
        case EROFS, EACCES, EPERM: .readOnly(file: file, reason: reason)
        default: .failed(file: file, reason: reason)
        }
    }
}
