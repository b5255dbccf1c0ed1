/// Reads manifests as a feeder would, only to say what is wrong with them.
package enum ManifestCheck {
    /// The problems of a file, a line each.
    package static func problems(ofFileAt path: String) -> [String] {
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
