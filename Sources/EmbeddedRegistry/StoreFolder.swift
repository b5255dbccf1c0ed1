import Glibc

/// The folder of a registry.
enum StoreFolder {
    /// Makes the folder and those above it where they are missing; throws where it cannot be written then.
    static func make(_ path: String) throws(StoreError) {
        var made = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            made += (made.isEmpty || made == "/" ? "" : "/") + part
            guard mkdir(made, 0o700) != 0, errno != EEXIST else { continue }
            let code = errno
            // A read-only parent may say so even though the folder is there.
            guard access(made, F_OK) == 0 else {
                throw .directoryUnusable(path, reason: String(cString: strerror(code)))
            }
        }
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .directoryUnusable(path, reason: String(cString: strerror(errno))) }
        close(descriptor)
        guard access(path, W_OK | X_OK) == 0 else {
            throw .directoryUnusable(path, reason: String(cString: strerror(errno)))
        }
    }
}
