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
            (descriptor, status) = try anything(path, O_RDONLY)
        } catch .failed(let code) {
            throw .unreadable(code)
        } catch {
            throw .notRegular
        }
        defer { close(descriptor) }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return try bytes(of: descriptor, expecting: Int(status.st_size), limit: limit)
        case S_IFDIR: throw .unreadable(EISDIR)
        default:
            guard isNull(status) else { throw .notRegular }
            return []
        }
    }

    /// All bytes of a file that is open; it may grow meanwhile, and those of /proc say that they have none.
    ///
    /// - Parameter size: How many there should be.
    package static func bytes(
        of descriptor: Int32, expecting size: Int, limit: Int
    ) throws(Failure) -> [UInt8] {
        guard size <= limit else { throw .tooLarge(limit: limit) }
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

    private static func isNull(_ status: stat) -> Bool {
        var null = stat()
        return status.st_mode & S_IFMT == S_IFCHR && stat("/dev/null", &null) == 0 && status.st_rdev == null.st_rdev
    }
}
