import Dispatch
import FileReading
import Glibc

/// A file that the state of a cluster is kept in between processes.
///
/// Written beside and moved over the former one, so that it is whole at any moment; the work is done on a thread of its
/// own. One process writes it.
package struct StateFile: Sendable {
    /// The largest file that is read, in bytes.
    static let limit = 1 << 30

    package struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        let path: String
        let reason: String
        package var description: String { "\(path): \(reason)" }
    }

    package let path: String
    private let queue = DispatchQueue(label: "cluster state", qos: .utility)

    package init(path: String) { self.path = path }

    /// The file's bytes; nil where there is none.
    package func read() throws(Failure) -> [UInt8]? {
        do {
            return try RegularFile.bytes(path, limit: Self.limit)
        } catch {
            if error == .unreadable(ENOENT) { return nil }
            throw Failure(path: path, reason: "\(error)")
        }
    }

    /// Replaces the file; returns when its content is on the disk.
    package func write(_ bytes: [UInt8]) async throws(Failure) {
        let result: Result<Void, Failure> = await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: Result { () throws(Failure) in try replace(bytes) }) }
        }
        try result.get()
    }

    private func replace(_ bytes: [UInt8]) throws(Failure) {
        let draft = "\(path).new"
        // A former process may have left one; nothing else that stands there is opened.
        unlink(draft)
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("cannot be written") }
        var reason: Failure?
        var done = 0
        while done < bytes.count, reason == nil {
            let count = bytes[done...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno != EINTR { reason = failure("cannot be written") }
            } else {
                done += count
            }
        }
        if reason == nil, fsync(descriptor) != 0 { reason = failure("cannot be written") }
        close(descriptor)
        if reason == nil, rename(draft, path) != 0 { reason = failure("cannot be replaced") }
        if let reason {
            unlink(draft)
            throw reason
        }
        // The name is on the disk when its folder is.
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let folderDescriptor = open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if folderDescriptor >= 0 {
            fsync(folderDescriptor)
            close(folderDescriptor)
        }
    }

    private func failure(_ what: String) -> Failure {
        Failure(path: path, reason: "\(what): \(String(cString: strerror(errno)))")
    }
}
