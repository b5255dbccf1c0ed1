import APIClient
import Glibc
import Manifests
import Registry

/// An object that a user hands to a command, and where it stands.
struct GivenObject: Sendable {
    let kind: ObjectKind
    /// Empty for kinds of the cluster's scope.
    let namespace: String
    let name: String
    let document: JSONValue
    /// `web.yaml:12`.
    let place: String

    /// As kubectl names it: `service/web`.
    var title: String { "\(kind.qualifiedName)/\(name)" }
}

/// The manifests that `-f` names: files, folders, and `-` for standard input.
struct ManifestFiles {
    /// What cannot be used, a line each; the rest is in `objects`.
    private(set) var problems: [String] = []
    private(set) var objects: [GivenObject] = []

    /// - Parameters:
    ///   - namespace: Where objects go that name none; those that name another one are refused where `isFixed`.
    init(_ paths: [String], isRecursive: Bool, namespace: String, isFixed: Bool) {
        for path in paths {
            if path == "-" {
                read("/dev/stdin", name: "standard input", namespace, isFixed)
            } else {
                for file in files(at: path, isRecursive: isRecursive) { read(file, name: file, namespace, isFixed) }
            }
        }
    }

    private mutating func files(at path: String, isRecursive: Bool) -> [String] {
        var status = stat()
        guard stat(path, &status) == 0 else {
            problems.append("\(path): \(errno == ENOENT ? "no such file" : CommandFailure.text(ofErrno: errno))")
            return []
        }
        guard status.st_mode & S_IFMT == S_IFDIR else { return [path] }
        var found: [String] = []
        list(path, isRecursive: isRecursive, depth: 0, into: &found)
        if found.isEmpty { problems.append("\(path): holds no *.yaml, *.yml or *.json") }
        return found
    }

    private mutating func list(_ folder: String, isRecursive: Bool, depth: Int, into found: inout [String]) {
        guard let stream = opendir(folder) else {
            problems.append("\(folder): cannot be read: \(CommandFailure.text(ofErrno: errno))")
            return
        }
        var names: [String] = []
        while let entry = readdir(stream) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) {
                    String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
                })
        }
        closedir(stream)
        for name in names.sorted() where !name.hasPrefix(".") {
            let path = folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
            var status = stat()
            guard stat(path, &status) == 0 else { continue }
            if status.st_mode & S_IFMT == S_IFDIR {
                // Links may lead in circles.
                if isRecursive, depth < 64 { list(path, isRecursive: true, depth: depth + 1, into: &found) }
            } else if [".yaml", ".yml", ".json"].contains(where: { name.hasSuffix($0) }) {
                found.append(path)
            }
        }
    }

    private mutating func read(_ file: String, name: String, _ namespace: String, _ isFixed: Bool) {
        guard let bytes = OutputFile.read(file, limit: ManifestReader.maximumSize) else {
            problems.append("\(name): cannot be read: \(CommandFailure.text(ofErrno: errno))")
            return
        }
        do throws(YAMLText.Malformed) {
            let found = try YAMLText.objects(of: bytes)
            for object in found {
                take(object.value, place: "\(name):\(object.line)", namespace, isFixed)
            }
            if found.isEmpty { problems.append("\(name): holds no objects") }
        } catch {
            problems.append(
                ([name, error.line.map { "\($0)" }].compactMap { $0 }).joined(separator: ":") + ": \(error.reason)")
        }
    }

    private mutating func take(_ document: JSONValue, place: String, _ namespace: String, _ isFixed: Bool) {
        guard let apiVersion = document["apiVersion"]?.string, let kindName = document["kind"]?.string else {
            problems.append("\(place): is no object: it has no apiVersion and kind")
            return
        }
        guard let kind = ObjectKind(apiVersion: apiVersion, kind: kindName) else {
            problems.append("\(place): no matches for kind \"\(kindName)\" in version \"\(apiVersion)\"")
            return
        }
        guard let name = document["metadata"]?["name"]?.string, !name.isEmpty else {
            problems.append("\(place): \(kind.qualifiedName): metadata.name: Required value: name is required")
            return
        }
        var document = document
        var target = ""
        if kind.isNamespaced {
            target = document["metadata"]?["namespace"]?.string ?? ""
            if target.isEmpty {
                target = namespace
                document["metadata"]?["namespace"] = .string(namespace)
            } else if isFixed, target != namespace {
                problems.append(
                    "\(place): \(kind.qualifiedName)/\(name) is of namespace \"\(target)\", and --namespace says "
                        + "\"\(namespace)\"")
                return
            }
        }
        objects.append(
            GivenObject(kind: kind, namespace: target, name: name, document: document, place: place))
    }
}
