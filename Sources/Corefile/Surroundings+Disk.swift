import FileReading
import Glibc

extension CorefileParser.Surroundings {
    /// The process's own environment variables, and files on disk.
    package static func process(environment: [String: String]) -> CorefileParser.Surroundings {
        CorefileParser.Surroundings(environment: environment) { pattern, importer in
            try ImportedFiles.read(pattern, from: importer)
        }
    }
}

/// Files on disk that `import` names.
private enum ImportedFiles {
    /// The most files that one pattern may name.
    private static let fileLimit = 1000

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    static func read(_ pattern: String, from importer: String) throws -> [(path: String, text: [UInt8])] {
        var files: [(path: String, text: [UInt8])] = []
        for path in try paths(full(pattern, from: importer)) {
            if let text = try contents(of: path) { files.append((path, text)) }
        }
        return files
    }

    /// A path that is not absolute begins at the folder of the file that imports it.
    private static func full(_ pattern: String, from importer: String) -> String {
        guard !pattern.hasPrefix("/"), let slash = importer.lastIndex(of: "/") else { return pattern }
        return importer[...slash] + pattern
    }

    /// The paths that a pattern names, sorted by bytes, names with a leading dot included as in CoreDNS.
    private static func paths(_ pattern: String) throws -> [String] {
        var found = glob_t()
        defer { globfree(&found) }
        let status = glob(pattern, GLOB_PERIOD | GLOB_NOSORT, nil, &found)
        guard status != GLOB_NOMATCH else { return [] }
        guard status == 0 else { throw Failure(description: "the files cannot be listed") }
        guard found.gl_pathc <= fileLimit else { throw Failure(description: "more than \(fileLimit) files match") }
        var paths: [String] = []
        for index in 0..<Int(found.gl_pathc) {
            if let path = found.gl_pathv?[index] { paths.append(String(cString: path)) }
        }
        return paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// A file's bytes; nil for the hidden folders that a mounted ConfigMap has beside its files.
    private static func contents(of path: String) throws -> [UInt8]? {
        do {
            return try RegularFile.bytes(path, limit: CorefileLexer.sizeLimit)
        } catch .unreadable(EISDIR) {
            if path.split(separator: "/").last?.hasPrefix(".") == true { return nil }
            throw Failure(description: "\(path) is a folder")
        } catch {
            throw Failure(description: "\(path): \(error)")
        }
    }
}
