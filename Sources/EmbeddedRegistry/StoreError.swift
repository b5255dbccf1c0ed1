import GRDB
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
    /// A SQLite file of another program.
    case foreign(file: String)
    /// Written by a later version of this program.
    case newerSchema(file: String)
    /// SQLite failed in another way: disk full, input/output error.
    case failed(file: String, reason: String)

    case alreadyExists(ObjectKey)
    case notFound(ObjectKey)
    /// The object is not at the version that the writer had in mind.
    case conflict(ObjectKey, expected: ResourceVersion, stored: ResourceVersion)
    /// The object of this name is another one than the writer had in mind.
    case uidMismatch(ObjectKey, expected: String, stored: String)

    /// Changes since that version are no longer all there; `oldest` is the first version that can still be asked for.
    case versionTooOld(ResourceVersion, oldest: ResourceVersion)
    case versionInFuture(ResourceVersion, newest: ResourceVersion)
}

extension StoreError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .directoryUnusable(let directory, let reason):
            "data directory \(directory) cannot be used: \(reason); choose one that can be written, with --data"
        case .alreadyServed(let directory, let process):
            "data directory \(directory) is in use by another server\(process.map { " (process \($0))" } ?? ""); "
                + "stop that one or choose another directory with --data"
        case .missing(let file):
            "no registry at \(file); name the directory of a server with --data, or start one there"
        case .damaged(let file, let reason):
            "\(file) is damaged or no SQLite database (\(reason)); restore it from a backup or move it away"
        case .foreign(let file):
            "\(file) is a database of another program; choose another directory with --data"
        case .newerSchema(let file):
            "\(file) was written by a later version of swiftlet; use that version or another directory with --data"
        case .failed(let file, let reason):
            "\(file): \(reason)"
        case .alreadyExists(let key):
            "\(key) already exists"
        case .notFound(let key):
            "\(key) not found"
        case .conflict(let key, let expected, let stored):
            "\(key) has changed: it is at version \(stored.rawValue), not \(expected.rawValue); read it again"
        case .uidMismatch(let key, let expected, let stored):
            "\(key) is another object: its uid is \(stored), not \(expected)"
        case .versionTooOld(let version, let oldest):
            "version \(version.rawValue) is too old: changes are kept from version \(oldest.rawValue) on"
        case .versionInFuture(let version, let newest):
            "version \(version.rawValue) is in the future: the registry is at \(newest.rawValue)"
        }
    }
}

extension StoreError {
    /// What a failure of SQLite means for the file at hand.
    init(_ error: DatabaseError, file: String) {
        let reason = error.message ?? "SQLite error \(error.extendedResultCode.rawValue)"
        self =
            switch error.resultCode {
            case .SQLITE_NOTADB, .SQLITE_CORRUPT: .damaged(file: file, reason: reason)
            default: .failed(file: file, reason: reason)
            }
    }

    /// Runs a body and turns the errors of SQLite into errors of the store.
    static func mapping<Value>(file: String, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as DatabaseError {
            throw StoreError(error, file: file)
        }
    }
}
