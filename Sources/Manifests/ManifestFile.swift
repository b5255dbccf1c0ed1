import FileReading
import Glibc

/// A file of manifests as it lies on disk.
enum ManifestFile {
    enum Content: Sendable {
        case missing
        /// The file is as the stamp says, unread.
        case unchanged
        case bytes([UInt8], FileStamp)
        /// There is a file, but it cannot be read, for this reason.
        case unreadable(String)
    }

    /// Reads a file, or finds that it still has the stamp `known`.
    static func read(_ path: String, unless known: FileStamp? = nil) -> Content {
        var status = stat()
        if let known, stat(path, &status) == 0, FileStamp(status) == known { return .unchanged }
        let descriptor: Int32
        do {
            (descriptor, status) = try RegularFile.open(path, O_RDONLY)
        } catch .failed(let code) {
            return failure(code)
        } catch {
            return .unreadable("\(error)")
        }
        defer { close(descriptor) }
        let stamp = FileStamp(status)
        do {
            let (size, limit) = (Int(status.st_size), ManifestReader.maximumSize)
            let bytes = try RegularFile.bytes(of: descriptor, expecting: size, limit: limit)
            // Who cuts a file holds its lock until inotify has been told, and where data are is looked for under that lock
            // (ext4, tmpfs, btrfs; XFS reads under it): behind this, a watcher knows of each cut that the bytes show.
            lseek(descriptor, 0, seekData)
            return .bytes(bytes, stamp)
        } catch .unreadable(let code) {
            return failure(code)
        } catch {
            return .unreadable("\(error)")
        }
    }

    /// `SEEK_DATA` of lseek(2), which the Glibc module does not have.
    private static let seekData: Int32 = 3

    private static func failure(_ code: Int32) -> Content {
        switch code {
        case ENOENT, ENOTDIR, ELOOP: .missing
        default: .unreadable("cannot be read: \(String(cString: strerror(code)))")
        }
    }

    /// What stands at a path, links not followed.
    enum Entry {
        case missing, link, folder, other
        /// - Parameter isLinked: Whether the name was made by link(2), so that no close of a writer announces it.
        case file(isLinked: Bool)

        init(_ path: String) {
            var status = stat()
            guard lstat(path, &status) == 0 else {
                self = .missing
                return
            }
            switch status.st_mode & S_IFMT {
            case S_IFLNK: self = .link
            case S_IFDIR: self = .folder
            case S_IFREG:
                // Of a name made by link(2) the count is above one, or the former name is gone again and the inode
                // changed after its content did.
                let stamp = FileStamp(status)
                self = .file(isLinked: status.st_nlink > 1 || stamp.changed != stamp.modified)
            default: self = .other
            }
        }
    }
}
