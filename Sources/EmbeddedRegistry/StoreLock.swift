import FileReading
import Glibc

/// The right to serve a data directory, held by one process at a time, until this is freed or the process ends.
///
/// The lock file stays behind: removing it would let a third process lock a file that the second no longer sees.
final class StoreLock: Sendable {
    private let descriptor: Int32

    init(directory: String) throws(StoreError) {
        let file = "\(directory)/registry.lock"
        let descriptor: Int32
        do {
            descriptor = try RegularFile.open(file, O_RDWR | O_CREAT).descriptor
        } catch {
            throw .directoryUnusable(directory, reason: error == .otherKind ? "\(file) \(error)" : "\(error)")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            var buffer = [UInt8](repeating: 0, count: 16)
            let count = max(0, read(descriptor, &buffer, buffer.count))
            close(descriptor)
            guard code == EWOULDBLOCK else {
                throw .directoryUnusable(directory, reason: String(cString: strerror(code)))
            }
            let holder = String(decoding: buffer[..<count].prefix { (0x30...0x39).contains($0) }, as: UTF8.self)
            throw .alreadyServed(directory: directory, process: holder.isEmpty ? nil : holder)
        }
        let process = Array("\(getpid())\n".utf8)
        if ftruncate(descriptor, 0) == 0 { _ = write(descriptor, process, process.count) }
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }
}
