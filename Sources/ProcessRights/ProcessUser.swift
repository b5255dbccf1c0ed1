import CRights
import Glibc

/// The user that a process started by root goes on as.
package struct ProcessUser: Hashable, Sendable {
    /// Why this process cannot be that user's.
    package struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        package let user: String
        package let reason: String

        package var description: String { "\(user): \(reason)" }
    }

    package let uid: UInt32
    package let gid: UInt32
    /// As it was asked for.
    private let text: String

    /// Reads `NAME`, `NAME:GROUP`, `UID` or `UID:GID`; a user without a group is taken with its own.
    ///
    /// A number needs no entry in passwd(5) where a group is given beside it. Root is no such user.
    package init(_ text: String) throws(Failure) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let name = parts.first, !parts.contains(""), !text.utf8.contains(0) else {
            throw Failure(user: text, reason: "write USER or USER:GROUP")
        }
        let user = try Self.user(name, of: text)
        guard parts.count == 2 || user.gid != nil else {
            throw Failure(user: text, reason: "this host knows no such user; write USER:GROUP")
        }
        let gid = parts.count == 2 ? try Self.group(parts[1], of: text) : user.gid
        guard user.uid != 0, let gid, gid != 0 else {
            throw Failure(user: text, reason: "is root, or of root's group; name another")
        }
        self.text = text
        uid = user.uid
        self.gid = gid
    }

    private static func user(_ name: String, of text: String) throws(Failure) -> (uid: UInt32, gid: UInt32?) {
        if let number = UInt32(name) {
            // The largest number stands for "unchanged" in the kernel.
            guard number != .max else { throw Failure(user: text, reason: "no such user") }
            let entry = getpwuid(number)?.pointee
            return (number, entry?.pw_gid)
        }
        guard let entry = getpwnam(name)?.pointee else {
            throw Failure(user: text, reason: "this host knows no user \(name)")
        }
        return (entry.pw_uid, entry.pw_gid)
    }

    private static func group(_ name: String, of text: String) throws(Failure) -> UInt32 {
        if let number = UInt32(name), number != .max { return number }
        guard let entry = getgrnam(name)?.pointee else {
            throw Failure(user: text, reason: "this host knows no group \(name)")
        }
        return entry.gr_gid
    }

    /// Has the program go on as this user: with its group alone, without any capability but that for ports below 1024,
    /// and unable to get more. Returns where that is so already; otherwise the program begins anew, as one thread.
    ///
    /// It begins anew because capabilities are those of single threads (capabilities(7)), of which there may be some by
    /// now, and before it opens anything: what it could open as root alone it could not open again on a reload.
    package func become() throws(Failure) {
        if geteuid() == uid, getuid() == uid, getegid() == gid, getgid() == gid { return }
        guard geteuid() == 0 else { throw Failure(user: text, reason: "only root can go on as another user") }
        guard rights_become(uid, gid) == 0 else {
            throw Failure(user: text, reason: "cannot go on as this user: \(String(cString: strerror(errno)))")
        }
        var arguments: [UnsafeMutablePointer<CChar>?] = CommandLine.arguments.map { strdup($0) }
        arguments.append(nil)
        execv("/proc/self/exe", arguments)
        let reason = String(cString: strerror(errno))
        for argument in arguments { free(argument) }
        throw Failure(user: text, reason: "cannot begin anew as this user: \(reason)")
    }
}
