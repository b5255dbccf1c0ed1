import Dispatch
import FileReading
import Glibc

/// Files read beside the threads that answer.
enum FileContents {
    /// Reading may take long, and must not keep a thread from other tasks.
    private static let queue = DispatchQueue(label: "files", attributes: .concurrent)

    /// Runs what waits for files on a thread of its own.
    static func perform<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: work()) }
        }
    }

    /// All bytes of a file.
    ///
    /// - Parameter limit: the most bytes there may be.
    static func bytes(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
        do {
            return try RegularFile.bytes(path, limit: limit)
        } catch {
            switch error {
            case .unreadable(let code): throw FileError(path: path, reason: .unreadable(code))
            case .notRegular: throw FileError(path: path, reason: .notRegular)
            case .tooLarge(let limit): throw FileError(path: path, reason: .tooLarge(limit: limit))
            }
        }
    }
}

/// A file that a directive cannot use.
package struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Reason: Hashable, Sendable {
        /// The system's error number.
        case unreadable(Int32)
        /// A FIFO or a device stands where the file is awaited.
        case notRegular
        /// More bytes than allowed.
        case tooLarge(limit: Int)
        /// What is in it is wrong; one line.
        case content(String)
    }

    package let path: String
    package let reason: Reason

    package var description: String {
        switch reason {
        case .unreadable(let code): "\(path): \(String(cString: strerror(code)))"
        case .notRegular: "\(path): \(RegularFile.Failure.notRegular)"
        case .tooLarge(let limit): "\(path): has more than \(limit) bytes"
        // Says the file and the line itself.
        case .content(let text): text
        }
    }
}
