import BenchmarkSupport
import Foundation
import Glibc

/// What stands between the server and the C library: `FaultShim`, told by a file that the server maps.
final class Shim {
    private let file: URL
    private let library: String
    private let data: URL
    private var clockOffset: Int64 = 0
    private var delay: Int32 = 0
    private var error: Int32 = 0

    /// - Parameter data: the folder whose disk can be slow or fail.
    init(folder: URL, data: URL) throws {
        self.data = data
        file = folder.appending(path: "shim")
        library =
            URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
            .deletingLastPathComponent().appending(path: "libFaultShim.so").path
        guard FileManager.default.fileExists(atPath: library) else { throw BenchmarkError.missingTool(library) }
        try Data(count: 16).write(to: file)
    }

    var environment: [String] { ["LD_PRELOAD=\(library)", "TORTURE_SHIM=\(file.path)", "TORTURE_DATA=\(data.path)"] }

    func setClock(offset seconds: Int64) throws {
        clockOffset = seconds
        try write()
    }

    /// - Parameter error: what writes and flushes fail with; 0 for nothing.
    func setDisk(delayMilliseconds: Int32, error: Int32) throws {
        (delay, self.error) = (delayMilliseconds, error)
        try write()
    }

    /// In place: the file is mapped. Its shape is `fault_settings`.
    private func write() throws {
        var bytes = Data()
        withUnsafeBytes(of: clockOffset) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: delay) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: error) { bytes.append(contentsOf: $0) }
        let handle = try FileHandle(forUpdating: file)
        defer { try? handle.close() }
        try handle.write(contentsOf: bytes)
    }
}
