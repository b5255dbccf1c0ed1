import BenchmarkSupport
import Foundation
import Glibc

/// The disk that a folder lies on.
struct Disk {
    /// The kernel's name of the file system, such as `ext4`.
    let fileSystem: String
    /// What it is mounted from, such as `/dev/vda`.
    let source: String

    /// Whether nothing written there ever reaches a disk.
    var isInMemory: Bool { fileSystem == "tmpfs" || fileSystem == "ramfs" }

    /// Looks the folder up in `/proc/self/mountinfo` (proc(5)): the mount with the longest path above it.
    init(holding folder: URL) {
        let path = folder.resolvingSymlinksInPath().path + "/"
        var best = (length: -1, fileSystem: "unknown", source: "unknown")
        let mounts = FileManager.default.contents(atPath: "/proc/self/mountinfo") ?? Data()
        for line in String(decoding: mounts, as: UTF8.self).split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard let dash = fields.firstIndex(of: "-"), fields.count > dash + 2, fields.count > 4 else { continue }
            let point = fields[4] == "/" ? "/" : fields[4] + "/"
            if path.hasPrefix(point), point.count >= best.length {
                best = (point.count, String(fields[dash + 1]), String(fields[dash + 2]))
            }
        }
        (fileSystem, source) = (best.fileSystem, best.source)
    }
}

/// How often a second one thread can write a page and have it on the disk: what durable writes that are not flushed
/// together with others cannot exceed.
struct FlushFloor {
    static let pageSize = 4096
    /// Pages of the file that is written over and over, as a log is that is used again.
    private static let pages = 1024

    /// Pages added to a growing file, a second: the file system has its new size to write, too.
    let appendsPerSecond: Double
    /// Pages written over in a file that has its size, a second. Logs that are made in advance or used again need no
    /// more than this.
    let overwritesPerSecond: Double

    /// Writes and flushes (fdatasync) for a number of seconds in each way, in files that are removed.
    init(in folder: URL, secondsEach seconds: Double) throws(BenchmarkError) {
        appendsPerSecond = try Self.flushesPerSecond(in: folder, seconds: seconds, pagesThere: 0)
        overwritesPerSecond = try Self.flushesPerSecond(in: folder, seconds: seconds, pagesThere: Self.pages)
    }

    /// - Parameter pagesThere: the size of the file before; the pages are written one after the other, round and round.
    ///   0 for a file that grows.
    private static func flushesPerSecond(
        in folder: URL, seconds: Double, pagesThere: Int
    ) throws(BenchmarkError) -> Double {
        let path = folder.appending(path: "flush-\(UUID().uuidString)").path
        let descriptor = open(path, O_CREAT | O_EXCL | O_WRONLY, 0o600)
        guard descriptor >= 0 else { throw .system(call: "open \(path)", errorNumber: errno) }
        defer {
            close(descriptor)
            unlink(path)
        }
        let page = [UInt8](repeating: 0x5A, count: pageSize)
        func write(_ number: Int) throws(BenchmarkError) {
            guard pwrite(descriptor, page, page.count, number * pageSize) == page.count else {
                throw .system(call: "pwrite \(path)", errorNumber: errno)
            }
        }
        for number in 0..<pagesThere { try write(number) }
        guard fsync(descriptor) == 0 else { throw .system(call: "fsync", errorNumber: errno) }

        let start = ContinuousClock.now
        var (count, elapsed) = (0, 0.0)
        while elapsed < seconds {
            try write(pagesThere == 0 ? count : count % pagesThere)
            guard fdatasync(descriptor) == 0 else { throw .system(call: "fdatasync", errorNumber: errno) }
            count += 1
            elapsed = (ContinuousClock.now - start) / .seconds(1)
            try Interruption.check()
        }
        return Double(count) / elapsed
    }
}
