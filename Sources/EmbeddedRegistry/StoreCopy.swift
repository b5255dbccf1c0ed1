import Foundation
import GRDB

/// A registry read into memory from a folder that nothing can be written to.
///
/// SQLite cannot open a database with a write-ahead log where it may write no index for it; left aside, the log's
/// transactions would be lost. So both files are copied to where there is room, and read there.
enum StoreCopy {
    static func database(of directory: String) throws -> DatabaseQueue {
        let folder = try room()
        defer { try? FileManager.default.removeItem(at: folder) }
        for name in [RegistryReader.fileName, StoreFolder.log(of: RegistryReader.fileName)] {
            let source = URL(filePath: directory).appending(path: name)
            guard FileManager.default.fileExists(atPath: source.path) else { continue }
            try FileManager.default.copyItem(at: source, to: folder.appending(path: name))
        }
        let copy = try DatabaseQueue(path: folder.appending(path: RegistryReader.fileName).path)
        let memory = try DatabaseQueue()
        try copy.backup(to: memory)
        try copy.close()
        return memory
    }

    /// A new folder that only this user reads: in memory where the system has a place for that.
    private static func room() throws -> URL {
        let places = [URL(filePath: "/dev/shm"), FileManager.default.temporaryDirectory]
        var failure: (any Error)?
        for place in places {
            let folder = place.appending(path: "swiftlet-\(UUID().uuidString)")
            do {
                try FileManager.default.createDirectory(
                    at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
                return folder
            } catch {
                failure = error
            }
        }
        throw failure ?? CocoaError(.fileWriteUnknown)
    }
}
