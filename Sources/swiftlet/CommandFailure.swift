import ArgumentParser
import Glibc

/// Why a command ends without having done its work: one line for standard error and an exit status.
struct CommandFailure: Error {
    enum Kind: Int32 {
        case other = 1
        /// EX_USAGE of sysexits.h.
        case usage = 64
        /// EX_DATAERR.
        case badData = 65
        /// EX_UNAVAILABLE: the registry is out of reach.
        case unavailable = 69
        /// As shells do for a command that is there but cannot be run.
        case notExecutable = 126
        /// As shells do for a command that is not there.
        case commandNotFound = 127
    }

    let kind: Kind
    let message: String

    init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// Ends a command whose failures have been told one by one: those of the server count before those of files.
    static func end(failures: Int, areFilesGood: Bool) throws(ExitCode) {
        guard failures == 0 else { throw ExitCode(Kind.other.rawValue) }
        guard areFilesGood else { throw ExitCode(Kind.badData.rawValue) }
    }

    /// The text of a system call's error number.
    static func text(ofErrno number: Int32) -> String { String(cString: strerror(number)) }
}
