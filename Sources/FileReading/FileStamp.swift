import Glibc

/// Which file it is, by whatever name it goes.
package struct FileIdentity: Hashable, Sendable {
    private let device: dev_t
    private let inode: ino_t

    package init(_ status: stat) {
        (device, inode) = (status.st_dev, status.st_ino)
    }

    /// nil where there is nothing at the path, or nothing that may be looked at.
    package init?(of path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(status)
    }
}

/// What tells one state of a file from another without reading it.
package struct FileStamp: Hashable, Sendable {
    private let identity: FileIdentity
    /// In bytes.
    package let size: Int64
    /// In nanoseconds since 1970: of what it holds, and of anything about it.
    package let modified: Int64
    package let changed: Int64

    package init(_ status: stat) {
        func nanoseconds(_ time: timespec) -> Int64 { Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec) }
        identity = FileIdentity(status)
        size = Int64(status.st_size)
        (modified, changed) = (nanoseconds(status.st_mtim), nanoseconds(status.st_ctim))
    }

    /// nil where there is nothing at the path, or nothing that may be looked at.
    package init?(of path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(status)
    }
}
