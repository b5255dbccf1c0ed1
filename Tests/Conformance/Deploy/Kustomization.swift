import Foundation
import Yams

/// What `kubectl apply -k` would send for a folder below deploy/, object by object.
struct Kustomization {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// The folder deploy/ of the project.
    static var deployFolder: URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "deploy")
    }

    let objects: [Node]

    /// - Parameter folder: below deploy/.
    init(_ folder: String) throws {
        try self.init(at: Self.deployFolder.appending(path: folder).path)
    }

    init(at path: String) throws {
        let result = try run("kubectl", ["kustomize", path])
        guard result.status == 0 else { throw Failure(description: result.errors) }
        objects = try Array(Yams.compose_all(yaml: result.output))
    }

    /// `KIND NAME` of each object, sorted.
    var names: [String] {
        objects.map { "\($0["kind"]?.string ?? "") \($0["metadata"]?["name"]?.string ?? "")" }.sorted()
    }

    func object(_ kind: String) throws -> Node {
        let found = objects.filter { $0["kind"]?.string == kind }
        guard found.count == 1, let object = found.first else {
            throw Failure(description: "\(found.count) objects are of kind \(kind)")
        }
        return object
    }

    /// The object that makes the Pods, and the Pods' template.
    func template() throws -> Node {
        guard
            let workload = objects.first(where: { ["Deployment", "DaemonSet"].contains($0["kind"]?.string) }),
            let template = workload.at("spec.template")
        else { throw Failure(description: "nothing makes Pods") }
        return template
    }

    /// The container that serves.
    func container() throws -> Node {
        guard let container = try template().at("spec.containers")?.sequence?.first else {
            throw Failure(description: "no container")
        }
        return container
    }

    func corefile() throws -> String {
        guard let text = try object("ConfigMap").at("data.Corefile")?.string else {
            throw Failure(description: "no Corefile")
        }
        return text
    }

    /// The host and port of a page that the Corefile names, with CoreDNS's defaults.
    func page(_ directive: String) throws -> (host: String, port: Int)? {
        let defaults = ["health": 8080, "ready": 8181, "prometheus": 9153]
        for line in try corefile().split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.first.map(String.init) == directive else { continue }
            guard let address = words.dropFirst().first, let colon = address.lastIndex(of: ":") else {
                return defaults[directive].map { ("", $0) }
            }
            return Int(address[address.index(after: colon)...]).map { (String(address[..<colon]), $0) }
        }
        return nil
    }
}

extension Node {
    /// The value at a path of keys with dots between them.
    func at(_ path: String) -> Node? {
        path.split(separator: ".").reduce(Optional(self)) { node, key in node?[String(key)] }
    }

    /// The texts of a sequence, or of a mapping as `KEY=VALUE`; sorted.
    var texts: [String] {
        let pairs = mapping?.map { "\($0.key.string ?? "")=\($0.value.string ?? "")" }
        return (pairs ?? sequence?.compactMap(\.string) ?? []).sorted()
    }
}
