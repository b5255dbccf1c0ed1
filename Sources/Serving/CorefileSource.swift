import Corefile
import Glibc

/// A Corefile on disk, read with everything that it imports.
package struct CorefileSource: Sendable {
    package let path: String
    private let environment: [String: String]
    private let defaultPort: UInt16

    package init(path: String, environment: [String: String], defaultPort: UInt16 = 53) {
        self.path = path
        self.environment = environment
        self.defaultPort = defaultPort
    }

    /// What was read: the configuration, and a digest of all its text.
    package struct Reading: Sendable {
        package let corefile: Corefile
        /// The SHA-512 of the file and of all imported ones, in hexadecimal.
        package let digest: String
    }

    /// Reads and parses; says nothing yet of what the directives mean.
    package func read() throws(CorefileError) -> Reading {
        let text = try Self.bytes(of: path)
        let imports = Imports()
        let surroundings = CorefileParser.Surroundings(environment: environment) { pattern, importer in
            imports.files(pattern, importer: importer)
        }
        let corefile = try CorefileParser.corefile(text, file: path, surroundings: surroundings)
        return Reading(corefile: corefile, digest: SHA512.hexadecimal(text + imports.text))
    }

    private static func bytes(of path: String) throws(CorefileError) -> [UInt8] {
        switch SmallFile.read(path, limit: Imports.sizeLimit) {
        case .success(let bytes): return bytes
        case .failure(let error): throw CorefileError(file: path, line: 0, reason: error.reason)
        }
    }
}

/// The files that were imported while one Corefile was read.
///
/// `@unchecked Sendable`: used within one call of the parser only, by its thread.
private final class Imports: @unchecked Sendable {
    /// In bytes, of one file and of all imported ones.
    static let sizeLimit = 4 << 20
    private(set) var text: [UInt8] = []

    /// The regular files that a pattern names, seen from the folder of the importing file, in order of their names.
    func files(_ pattern: String, importer: String) -> [(path: String, text: [UInt8])] {
        let folder = importer.lastIndex(of: "/").map { String(importer[...$0]) } ?? ""
        let absolute = pattern.hasPrefix("/") ? pattern : folder + pattern
        var found = glob_t()
        defer { globfree(&found) }
        guard glob(absolute, 0, nil, &found) == 0 else { return [] }
        return (0..<Int(found.gl_pathc)).compactMap { index in
            guard let name = found.gl_pathv[index] else { return nil }
            let path = String(cString: name)
            guard text.count < Self.sizeLimit, case .success(let bytes) = SmallFile.read(path, limit: Self.sizeLimit)
            else { return nil }
            text += bytes
            return (path, bytes)
        }
    }
}

/// Files that are read whole, up to a bound.
enum SmallFile {
    struct Failure: Error {
        let reason: String
    }

    /// - Parameter limit: in bytes; a longer file is a failure.
    static func read(_ path: String, limit: Int) -> Result<[UInt8], Failure> {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return .failure(failure()) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = buffer.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count == 0 { return .success(bytes) }
            if count < 0 {
                if errno == EINTR { continue }
                return .failure(failure())
            }
            bytes += buffer.prefix(count)
            guard bytes.count <= limit else { return .failure(Failure(reason: "is longer than \(limit >> 20) MiB")) }
        }
    }

    private static func failure() -> Failure {
        Failure(reason: errno == ENOENT ? "no such file" : "cannot be read: \(String(cString: strerror(errno)))")
    }
}
