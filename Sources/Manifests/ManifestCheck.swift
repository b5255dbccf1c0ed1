/// What is wrong with manifests, read as a feeder would read them.
package struct ManifestCheck {
    /// What a server would log as an error, a line each.
    package private(set) var problems: [String] = []
    /// What somebody should know though it is no error, a line each.
    package private(set) var warnings: [String] = []
    /// How many objects a server would serve, each counted once.
    package var objectCount: Int { ledger.objectCount }
    private var ledger = ManifestLedger()
    private let strictErrors: (ManifestObject) -> [String]

    /// Checks a file, or all files of a folder.
    ///
    /// - Parameter strictErrors: What of an object its kind does not know.
    package init(at path: String, strictErrors: @escaping (ManifestObject) -> [String]) {
        self.strictErrors = strictErrors
        guard ManifestFolder.isFolder(path) else {
            check(path)
            takeDuplicates()
            return
        }
        do {
            let folder = try ManifestFolder([path], watcher: nil)
            guard !folder.files.isEmpty || !folder.problems.isEmpty else {
                problems.append("\(path): holds no *.yaml, *.yml or *.json")
                return
            }
            problems += folder.problems.map { "\($0)" }
            for file in folder.files { check(file) }
            takeDuplicates()
        } catch {
            problems.append("\(error)")
        }
    }

    /// Whether it may be that a path does not mean manifests: it is no folder, nor named as files of theirs are.
    package static func isDoubtful(_ path: String) -> Bool {
        !ManifestFolder.isFolder(path) && !ManifestFolder.isManifest(String(path.split(separator: "/").last ?? ""))
    }

    private mutating func check(_ path: String) {
        switch ManifestFile.read(path) {
        case .missing: problems.append("\(path): no such file")
        case .unchanged: break
        case .unreadable(let reason): problems.append("\(path): \(reason)")
        case .bytes(let bytes, _):
            var reader = ManifestReader(file: path)
            do {
                take(try reader.read(bytes), of: path)
            } catch {
                problems.append("\(error)")
            }
        }
    }

    private mutating func take(_ contents: ManifestContents, of file: String) {
        problems += contents.problems.map { "\($0)" }
        ledger.set(contents, of: file)
        for entry in contents.entries {
            warnings += strictErrors(entry.object).map { reason in
                let place = ManifestProblem(
                    file: file, line: entry.line, document: entry.document, object: "\(entry.object.key)",
                    reason: reason)
                return "\(place)"
            }
        }
        warnings += contents.unusedKinds.asCounts.map { "\(file): passed over: \($0)".onOneLine }
    }

    private mutating func takeDuplicates() {
        problems += ledger.duplicates.map { "\($0)" }
    }
}
