import Glibc

/// Regular files, opened without waiting for anybody.
///
/// What stands in the place of a file must not hold the process up: opening a FIFO waits for its other end, and a device
/// may be read without end.
package enum RegularFile {
    /// Why there is no regular file to be had at a path; the description leaves the path to the caller.
    package enum Refusal: Error, Hashable, Sendable, CustomStringConvertible {
        /// A folder, FIFO, socket or device stands there.
        case otherKind
        /// The system's error number.
        case failed(Int32)

        package var description: String {
            switch self {
            case .otherKind: "is no regular file"
            case .failed(let code): String(cString: strerror(code))
            }
        }
    }

    /// Opens the file at a path, links followed. Any thread.
    ///
    /// - Parameters:
    ///   - flags: as for open(2); the descriptor is never passed on to another program.
    ///   - mode: the permission bits of a file that is made.
    /// - Returns: the descriptor, the caller's to close, and what the system says of the file.
    package static func open(
        _ path: String, _ flags: Int32, mode: mode_t = 0o600
    ) throws(Refusal) -> (descriptor: Int32, status: stat) {
        let opened = try anything(path, flags, mode)
        guard isRegular(opened.status) else {
            close(opened.descriptor)
            throw .otherKind
        }
        return opened
    }

    /// The same, whatever stands there, where that is opened without waiting.
    static func anything(
        _ path: String, _ flags: Int32, _ mode: mode_t = 0o600
    ) throws(Refusal) -> (descriptor: Int32, status: stat) {
        let descriptor = Glibc.open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, mode)
        guard descriptor >= 0 else { throw refusal(errno) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let code = errno
            close(descriptor)
            throw .failed(code)
        }
        return (descriptor, status)
    }

    /// What the system says of the file at a path, for those who let somebody else open it by name; nil where nothing
    /// is there.
    package static func status(at path: String) throws(Refusal) -> stat? {
        var status = stat()
        guard stat(path, &status) == 0 else {
            guard errno == ENOENT || errno == ENOTDIR else { throw .failed(errno) }
            return nil
        }
        guard isRegular(status) else { throw .otherKind }
        return status
    }

    private static func isRegular(_ status: stat) -> Bool { status.st_mode & S_IFMT == S_IFREG }

    /// A FIFO that nobody reads and a socket cannot be opened for writing, nor a folder (open(2)).
    private static func refusal(_ code: Int32) -> Refusal {
        switch code {
        case ENXIO, ENODEV, EISDIR: .otherKind
        default: .failed(code)
        }
    }
}
