import Glibc

/// Files that an operator names, read whole: they may not be longer than a bound.
extension RegularFile {
    /// The most that a configuration, a certificate, a key or a list of tokens may have, in bytes.
    package static let configurationLimit = 4 << 20

    /// Why a file cannot be read; its path is for the caller to say.
    package enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
        /// The system's error number; EISDIR for a folder.
        case unreadable(Int32)
        /// A FIFO, a socket or a device.
        case notRegular
        /// The file has more bytes than this.
        case tooLarge(limit: Int)

        package var description: String {
            switch self {
            case .unreadable(ENOENT): "no such file"
            case .unreadable(let code): "cannot be read: \(String(cString: strerror(code)))"
            case .notRegular: "\(Refusal.otherKind)"
            case .tooLarge(let limit) where limit >= 1 << 20: "is longer than \(limit >> 20) MiB"
            case .tooLarge(let limit): "is longer than \(limit) bytes"
            }
        }
    }

    /// All bytes of a file. `/dev/null`, the custom for "none", has none.
    ///
    /// - Parameter limit: The most bytes that there may be; a longer file is refused unread where it says its size.
    package static func bytes(_ path: String, limit: Int) throws(Failure) -> [UInt8] {
        let (descriptor, status): (Int32, stat)
        do {
            (descriptor, status) = try open(path, O_RDONLY)
        } catch .failed(let code) {
            throw .unreadable(code)
        } catch {
            if isNull(path) { return [] }
            throw isFolder(path) ? .unreadable(EISDIR) : .notRegular
        }
        defer { close(descriptor) }
        guard status.st_size <= limit else { throw .tooLarge(limit: limit) }
        return try read(descriptor, expecting: Int(status.st_size), limit: limit)
    }

    /// Reads to the end: a file may grow meanwhile, and those of /proc say that they have no bytes.
    private static func read(_ descriptor: Int32, expecting size: Int, limit: Int) throws(Failure) -> [UInt8] {
        var bytes: [UInt8] = []
        // One byte more than there should be shows where the file ends.
        var capacity = size + 1
        while true {
            var failure: Int32?
            let piece = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
                while count < capacity {
                    let length = Glibc.read(descriptor, buffer.baseAddress.map { $0 + count }, capacity - count)
                    if length > 0 {
                        count += length
                    } else if length == 0 {
                        return
                    } else if errno != EINTR {
                        failure = errno
                        return
                    }
                }
            }
            if let failure { throw .unreadable(failure) }
            guard piece.count <= limit - bytes.count else { throw .tooLarge(limit: limit) }
            if bytes.isEmpty { bytes = piece } else { bytes += piece }
            guard piece.count == capacity else { return bytes }
            capacity = 64 << 10
        }
    }

    private static func isNull(_ path: String) -> Bool {
        var (status, null) = (stat(), stat())
        return stat(path, &status) == 0 && stat("/dev/null", &null) == 0 && status.st_mode & S_IFMT == S_IFCHR
            && status.st_rdev == null.st_rdev
    }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
