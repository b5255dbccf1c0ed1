import FileReading
import FileWatching
import Glibc

/// The files that some paths, of files and folders, stand for, and where to look for a change of them.
///
/// Of a folder those are all `*.yaml`, `*.yml` and `*.json` in it and in folders below; names that open with a dot are
/// passed over (a mounted ConfigMap keeps its versions under such names). A file named directly may have any name.
struct ManifestFolder: Sendable {
    /// All files, sorted by path.
    private(set) var files: [String] = []
    /// The folders whose files are meant, whatever comes into them.
    private(set) var folders: Set<String> = []
    /// Links and folders on the way to what is meant: where one comes or goes, all must be looked for again.
    private(set) var turns: Set<FileWatcher.Place> = []
    /// Files that are reached by a path of their own or by links: where they really stand.
    private(set) var targets: [FileWatcher.Place: Set<String>] = [:]
    /// Folders that cannot be read or watched.
    private(set) var problems: [ManifestProblem] = []
    /// Folders of which cannot be said at present what is in them.
    private var hidden: [String] = []

    private static let maximumDepth = 64
    private static let maximumLinks = 40

    private let watcher: FileWatcher?
    private var visited: Set<FileIdentity> = []
    private var found: Set<String> = []

    /// Looks for the files, and has everything on the way watched; throws where no watch is to be had any more.
    ///
    /// - Parameter watcher: nil where nobody follows the files.
    init(_ paths: [String], watcher: FileWatcher?) throws(FileWatcherError) {
        self.watcher = watcher
        watcher?.beginRenewal()
        defer { watcher?.endRenewal() }
        for path in paths.map(Self.normalized) {
            let isFolder = Self.isFolder(path)
            try trace(path, toFile: isFolder ? nil : path)
            if isFolder {
                try list(path, depth: 0)
            } else if access(path, F_OK) == 0 {
                found.insert(path)
            }
        }
        files = found.sorted()
    }

    /// Whether a path is a folder, links followed.
    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Whether a file of this name in a folder is read.
    static func isManifest(_ name: String) -> Bool {
        !name.hasPrefix(".") && (name.hasSuffix(".yaml") || name.hasSuffix(".yml") || name.hasSuffix(".json"))
    }

    /// Whether some folder could not be read.
    var hidesSome: Bool { !hidden.isEmpty }

    /// Whether a file may stand in a folder that could not be read.
    func mayHide(_ file: String) -> Bool {
        hidden.contains { folder in
            switch folder {
            case ".": !file.hasPrefix("/")
            case "/": file.hasPrefix("/")
            default: file.hasPrefix(folder + "/")
            }
        }
    }

    static func join(_ folder: String, _ name: String) -> String {
        switch folder {
        case ".": name
        case "/": "/" + name
        default: "\(folder)/\(name)"
        }
    }

    /// Without `.` and doubled or trailing slashes, so that one file has one path.
    static func normalized(_ path: String) -> String {
        let parts = path.split(separator: "/").filter { $0 != "." }
        let text = parts.joined(separator: "/")
        return path.hasPrefix("/") ? "/" + text : text.isEmpty ? "." : text
    }

    private mutating func list(_ folder: String, depth: Int) throws(FileWatcherError) {
        var status = stat()
        guard stat(folder, &status) == 0 else { return note(unreadable: folder, errno) }
        // A folder that links lead to again is read once, and links cannot lead in circles.
        guard visited.insert(FileIdentity(status)).inserted else { return }
        guard depth <= Self.maximumDepth else {
            problems.append(
                ManifestProblem(file: folder, reason: "is more than \(Self.maximumDepth) folders deep; passed over"))
            return
        }
        try watch(folder, .everything, isNeeded: true)
        folders.insert(folder)
        guard let stream = opendir(folder) else { return note(unreadable: folder, errno) }
        defer { closedir(stream) }
        var below: [(path: String, isLink: Bool)] = []
        while true {
            // The end and an error look alike (readdir(3)).
            errno = 0
            guard let entry = readdir(stream) else {
                note(unreadable: folder, errno)
                break
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
            }
            guard !name.hasPrefix(".") else { continue }
            let path = Self.join(folder, name)
            switch Int(entry.pointee.d_type) {
            case Int(DT_REG):
                if Self.isManifest(name) { found.insert(path) }
            case Int(DT_DIR):
                below.append((path, false))
            case Int(DT_LNK), Int(DT_UNKNOWN):
                below.append((path, true))
            default:
                break
            }
        }
        for (path, isLink) in below.sorted(by: { $0.path < $1.path }) {
            if isLink {
                try visitLink(path, depth: depth)
            } else {
                try list(path, depth: depth + 1)
            }
        }
    }

    /// Notes a folder whose entries are not known; nothing where there is none, or no error.
    private mutating func note(unreadable folder: String, _ code: Int32) {
        guard code != 0, code != ENOENT, code != ENOTDIR else { return }
        hidden.append(folder)
        problems.append(ManifestProblem(file: folder, reason: "cannot be read: \(String(cString: strerror(code)))"))
    }

    private mutating func visitLink(_ path: String, depth: Int) throws(FileWatcherError) {
        let isNamedLikeOne = path.split(separator: "/").last.map { Self.isManifest(String($0)) } ?? false
        var status = stat()
        let code = stat(path, &status) == 0 ? 0 : errno
        let exists = code == 0
        // It may lead to a folder; a circle leads nowhere.
        if !isNamedLikeOne, code != ELOOP { note(unreadable: path, code) }
        if exists, status.st_mode & S_IFMT == S_IFDIR {
            try trace(path, toFile: nil)
            try list(path, depth: depth + 1)
        } else if isNamedLikeOne {
            try trace(path, toFile: path)
            if exists { found.insert(path) }
        }
    }

    /// Walks a path part by part, links followed, and has each part watched for its coming and going.
    ///
    /// - Parameter file: The file that the last part is the content of.
    private mutating func trace(_ path: String, toFile file: String?) throws(FileWatcherError) {
        var parts = path.split(separator: "/").reversed().map(String.init)
        var folder = path.hasPrefix("/") ? "/" : "."
        var links = 0
        while let part = parts.popLast() {
            if part == "." { continue }
            let here = Self.join(folder, part)
            if part == ".." {
                folder = here
                continue
            }
            let place = FileWatcher.Place(folder: folder, name: part)
            if let target = Self.target(ofLink: here) {
                turns.insert(place)
                try watch(folder, .entries([part]))
                links += 1
                guard links <= Self.maximumLinks else { return }
                if target.hasPrefix("/") { folder = "/" }
                parts += target.split(separator: "/").reversed().map(String.init)
            } else if parts.isEmpty, let file {
                targets[place, default: []].insert(file)
                try watch(folder, .files([part]), isNeeded: true)
            } else {
                turns.insert(place)
                try watch(folder, .entries([part]))
                folder = here
            }
        }
    }

    /// - Parameter isNeeded: Whether changes of files go unnoticed without; the folders above are watched as far as
    ///   permissions reach.
    private mutating func watch(
        _ folder: String, _ interest: FileWatcher.Interest, isNeeded: Bool = false
    ) throws(FileWatcherError) {
        do {
            try watcher?.watch(folder, interest)
        } catch {
            if error.code == ENOSPC || error.code == EMFILE { throw error }
            if isNeeded, error.code != ENOENT, error.code != ENOTDIR {
                problems.append(
                    ManifestProblem(
                        file: folder, reason: "cannot be watched: \(String(cString: strerror(error.code)))"))
            }
        }
    }

    private static func target(ofLink path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = readlink(path, &buffer, buffer.count)
        guard length > 0 else { return nil }
        return String(decoding: buffer[..<length].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
