import Registry

/// The documents by which a client finds out what is served (Kubernetes API concepts, "API Discovery").
struct Discovery: Sendable {
    /// The version of Kubernetes whose API this is: `1.36.0`.
    let version: String

    init(version: String) {
        self.version = version
    }

    /// The document at a path and its media type; nil where there is none.
    ///
    /// `/api` and `/apis` are answered in the aggregated form where the header asks for it. A header that accepts no
    /// JSON is answered in JSON all the same (RFC 9110 §12.4.1).
    func answer(path: [String], accept: String) -> (document: JSONValue, contentType: String)? {
        switch path.first {
        case "api" where path.count == 1, "apis" where path.count == 1:
            let isCore = path.first == "api"
            if let form = AggregatedForm(accept: accept) {
                let groups = APIGroupDescription.all.filter { $0.name.isEmpty == isCore }
                return (form.document(of: groups), form.mediaType)
            }
            return (isCore ? Self.versions : Self.groupList, Self.json)
        default:
            return document(path: path).map { ($0, Self.json) }
        }
    }

    private static let json = "application/json"

    private func document(path: [String]) -> JSONValue? {
        let groups = APIGroupDescription.all
        switch (path.first, path.count) {
        case (nil, 0):
            return .object(["paths": .array(Self.paths.map { .string($0) })])
        case ("version", 1):
            return versionDocument
        case ("api", 2):
            return groups.first { $0.name.isEmpty }?.resourceList(version: path[1])
        case ("apis", 2):
            guard let group = groups.first(where: { $0.name == path[1] && !$0.name.isEmpty }) else { return nil }
            return group.document.merging(["kind": .string("APIGroup"), "apiVersion": .string("v1")])
        case ("apis", 3):
            return groups.first { $0.name == path[1] && !$0.name.isEmpty }?.resourceList(version: path[2])
        default:
            return nil
        }
    }

    /// What is served besides objects, in the order of the alphabet.
    private static let paths: [String] = {
        let groups = APIGroupDescription.all.flatMap { group in
            group.name.isEmpty
                ? ["/api", "/api/\(group.version)"] : ["/apis/\(group.name)", "/apis/\(group.groupVersion)"]
        }
        return
            (groups + [
                "/apis", "/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/swiftlet/v1/server",
                "/version",
            ]).sorted()
    }()

    /// Clients reach the server as they did for this document, so it names no other addresses.
    private static let versions = JSONValue.object([
        "kind": .string("APIVersions"), "versions": .array([.string("v1")]), "serverAddressByClientCIDRs": .array([]),
    ])

    private static let groupList = JSONValue.object([
        "kind": .string("APIGroupList"), "apiVersion": .string("v1"),
        "groups": .array(APIGroupDescription.all.filter { !$0.name.isEmpty }.map(\.document)),
    ])

    private var versionDocument: JSONValue {
        let numbers = version.split(separator: ".").map { String($0.prefix(while: \.isNumber)) }
        return .object([
            "major": .string(numbers.first ?? ""), "minor": .string(numbers.dropFirst().first ?? ""),
            "gitVersion": .string("v\(version)+swiftlet"), "gitCommit": .string(""), "gitTreeState": .string(""),
            "buildDate": .string("1970-01-01T00:00:00Z"), "goVersion": .string("none"), "compiler": .string("swiftc"),
            "platform": .string(Self.platform),
        ])
    }

    private static var platform: String {
        #if arch(x86_64)
            "linux/amd64"
        #elseif arch(arm64)
            "linux/arm64"
        #else
            "linux/unknown"
        #endif
    }
}
