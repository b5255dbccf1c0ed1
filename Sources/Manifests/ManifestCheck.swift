/// Reads manifests as a feeder would, only to say what is wrong with them.
package enum ManifestCheck {
    /// The problems of a file, or of all files of a folder, a line each.
    package static func problems(at path: String) -> [String] {
        guard ManifestFolder.isFolder(path) else { return problems(ofFileAt: path) }
        do {
            let folder = try ManifestFolder([path], watcher: nil)
            guard !folder.files.isEmpty || !folder.problems.isEmpty else {
                return ["\(path): holds no *.yaml, *.yml or *.json"]
            }
            return folder.problems.map { "\($0)" } + folder.files.flatMap(problems(ofFileAt:))
        } catch {
            return ["\(error)"]
        }
    }

    /// Whether it may be that a path does not mean manifests: it is no folder, nor named as files of theirs are.
    package static func isDoubtful(_ path: String) -> Bool {
        !ManifestFolder.isFolder(path) && !ManifestFolder.isManifest(String(path.split(separator: "/").last ?? ""))
    }

    private static func problems(ofFileAt path: String) -> [String] {
        switch ManifestFile.read(path) {
        case .missing: return ["\(path): no such file"]
        case .unchanged: return []
        case .unreadable(let reason): return ["\(path): \(reason)"]
        case .bytes(let bytes, _):
            var reader = ManifestReader(file: path)
            do {
                return try reader.read(bytes).problems.map { "\($0)" }
            } catch {
                return ["\(error)"]
            }
        }
    }
}
