import Glibc

/// Files of credentials and kubeconfigs: small, read whole.
enum AccessFile {
    /// The largest file that is read, in bytes.
    static let limit = 4 << 20

    static func bytes(_ path: String) throws(APIAccessError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw unreadable(path) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count == 0 { return bytes }
            if count < 0 {
                if errno == EINTR { continue }
                throw unreadable(path)
            }
            bytes += buffer.prefix(count)
            guard bytes.count <= limit else { throw APIAccessError(path, "is longer than \(limit >> 20) MiB") }
        }
    }

    /// The text of a file without white space at both ends; empty ones and such as are no UTF-8 are refused.
    static func word(_ path: String) throws(APIAccessError) -> String {
        guard let text = String(validating: try bytes(path), as: UTF8.self) else {
            throw APIAccessError(path, "is not UTF-8 text")
        }
        let word = text.trimmed
        guard !word.isEmpty else { throw APIAccessError(path, "is empty") }
        return word
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    private static func unreadable(_ path: String) -> APIAccessError {
        APIAccessError(path, errno == ENOENT ? "no such file" : "cannot be read: \(String(cString: strerror(errno)))")
    }
}

extension String {
    /// Without white space at both ends.
    var trimmed: String {
        let scalars = unicodeScalars.drop { $0.properties.isWhitespace }
        guard let last = scalars.lastIndex(where: { !$0.properties.isWhitespace }) else { return "" }
        return String(scalars[...last])
    }
}
