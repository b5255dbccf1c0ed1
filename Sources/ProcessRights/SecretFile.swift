import Glibc

/// Files that hold a key, a token or another secret: other users of the host must not be able to read them.
package enum SecretFile {
    /// A file of secrets that everybody can read or write.
    package struct Exposed: Error, Hashable, Sendable, CustomStringConvertible {
        package let path: String
        /// The permission bits.
        package let mode: UInt32

        package init(path: String, mode: UInt32) {
            self.path = path
            self.mode = mode
        }

        /// What is wrong with the file, without its name.
        package var reason: String {
            "holds a secret, and every user of this host may \(mode & 0o002 == 0 ? "read" : "write") it "
                + "(mode 0\(String(mode, radix: 8))): chmod o= \(path)"
        }

        package var description: String { "\(path): \(reason)" }
    }

    /// Refuses a file that others than its owner and its group may read or write.
    ///
    /// A file that is not there is for its reader to tell. What a kubelet mounts is let through: Secrets and tokens of
    /// a Pod have mode 0644 unless told otherwise, in a file system that none but the Pod's own containers see.
    package static func check(_ path: String) throws(Exposed) {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & 0o006 != 0 else { return }
        // What is no regular file is for its reader to refuse.
        guard status.st_mode & S_IFMT == S_IFREG, !isMountedByKubelet(path) else { return }
        throw Exposed(path: path, mode: status.st_mode & 0o777)
    }

    /// Whether a path is one of a volume that a kubelet keeps up to date: each entry is a link through `..data`, which
    /// leads to a folder named after a time (Kubernetes, `AtomicWriter`).
    private static func isMountedByKubelet(_ path: String) -> Bool {
        var target = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = readlink(path, &target, target.count)
        guard length > 0 else { return false }
        return target.prefix(length).map(UInt8.init(bitPattern:)).starts(with: "..data/".utf8)
    }
}
