import GRDB
import Glibc
import Registry

/// Why the registry on disk cannot be opened, read or written. A description is one line: what, which file, what helps.
package enum StoreError: Error, Hashable, Sendable {
    /// The directory cannot be made, entered or written.
    case directoryUnusable(String, reason: String)
    /// Another server has the directory; its process where it is known.
    case alreadyServed(directory: String, process: String?)
    /// The reader found no registry.
    case missing(file: String)
    case damaged(file: String, reason: String)
    /// A folder, FIFO, socket or device in the place of one of the registry's files.
    case notRegular(file: String)
    /// A SQLite file of another program.
    case foreign(file: String)
    /// Written by an earlier version of this program, and no server of this one has opened it yet.
    case olderSchema(file: String)
    /// Written by a later version of this program.
    case newerSchema(file: String)
    /// The disk, or the quota of the user, is full.
    case full(file: String, reason: String)
    case readOnly(file: String, reason: String)
    /// SQLite failed in another way, such as an input/output error.
    case failed(file: String, reason: String)
}

extension StoreError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .directoryUnusable(let directory, let reason):
            "data directory \(directory) cannot be used: \(LogText.line(reason)); choose one that can be written, with "
                + "--data"
        case .alreadyServed(let directory, let process):
            "data directory \(directory) is in use by another server\(process.map { " (process \($0))" } ?? ""); "
                + "stop that one or choose another directory with --data"
        case .missing(let file):
            "no registry at \(file); name the directory of a server with --data, or start one there"
        case .damaged(let file, let reason):
            "\(file) is damaged or no SQLite database (\(LogText.line(reason))); put a backup in the place of it and its "
                + "-wal, or move all registry.* files away to begin anew"
        case .notRegular(let file):
            "\(file) is no regular file; move it away, or put a backup in its place"
        case .foreign(let file):
            "\(file) is a database of another program; choose another directory with --data"
        case .olderSchema(let file):
            "\(file) was written by an earlier version of swiftlet; start a server of this one on it first"
        case .newerSchema(let file):
            "\(file) was written by a later version of swiftlet; use that version or another directory with --data"
        case .full(let file, let reason):
            "\(file) cannot grow (\(LogText.line(reason))); make room on its disk"
        case .readOnly(let file, let reason):
            "\(file) cannot be written (\(LogText.line(reason))); make its folder and file system writable"
        case .failed(let file, let reason):
            "\(file): \(LogText.line(reason))"
        }
    }
}

extension StoreError {
    /// What a failure of SQLite means for the file at hand.
    ///
    /// - Parameter systemError: The `errno` of an input/output error; 0 where it is not known. SQLite takes a quota that
    ///   is used up for any other error.
    init(_ error: DatabaseError, file: String, systemError: Int32 = 0) {
        let reason = error.message ?? "SQLite error \(error.extendedResultCode.rawValue)"
        self =
            switch error.resultCode {
            case .SQLITE_NOTADB, .SQLITE_CORRUPT: .damaged(file: file, reason: reason)
            case .SQLITE_FULL: .full(file: file, reason: reason)
            case .SQLITE_READONLY, .SQLITE_PERM: .readOnly(file: file, reason: reason)
            // The index of the log could not grow.
            case .SQLITE_IOERR where error.extendedResultCode == .SQLITE_IOERR_SHMSIZE:
                .full(file: file, reason: reason)
            case .SQLITE_IOERR where systemError == EDQUOT || systemError == ENOSPC:
                .full(file: file, reason: String(cString: strerror(systemError)))
            default: .failed(file: file, reason: reason)
            }
    }

    /// Runs a body and turns the errors of SQLite into errors of the store.
    ///
    /// - Parameter writer: Who the body writes by, so that it can be asked for the cause of an input/output error.
    static func mapping<Value>(
        file: String, writer: (any DatabaseWriter)? = nil, _ body: () throws -> Value
    ) throws -> Value {
        do {
            return try body()
        } catch let error as DatabaseError {
            var systemError: Int32 = 0
            if error.resultCode == .SQLITE_IOERR, let writer {
                systemError = writer.writeWithoutTransaction(SystemErrors.last(on:))
            }
            throw StoreError(error, file: file, systemError: systemError)
        }
    }
}

extension StoreError {
    /// What it means to those who read and write objects.
    var unavailability: ObjectStoreError {
        switch self {
        case .full: .unavailable(.full(description))
        case .readOnly, .directoryUnusable: .unavailable(.readOnly(description))
        case .damaged, .foreign, .notRegular: .unavailable(.damaged(description))
        case .alreadyServed, .missing, .olderSchema, .newerSchema, .failed: .unavailable(.other(description))
        }
    }
}
