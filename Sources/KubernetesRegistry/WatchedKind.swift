import APIClient
import KeptState
import Registry

/// How the API is asked for objects of a kind.
struct WatchedKind: Hashable, Sendable {
    let kind: DiscoveryKind
    private let selectors: [String: String]

    init(_ kind: DiscoveryKind, selection: DiscoverySelection) {
        self.kind = kind
        var selectors: [String: String] = [:]
        let labels = kind == .namespace ? selection.namespaceLabels : selection.labels
        if !labels.isEverything { selectors["labelSelector"] = labels.text }
        // Finished Pods hold no address.
        if kind == .pod {
            selectors["fieldSelector"] = "status.phase!=Succeeded,status.phase!=Failed,status.phase!=Unknown"
        }
        self.selectors = selectors
    }

    /// Whether the server counts what remains of a list: it does not where it selects.
    var isCounted: Bool { selectors.isEmpty }

    /// Whether a server may lack the kind.
    var isOptional: Bool { kind == .endpointSlice || kind == .serviceImport }

    func call(_ request: Reflector.Request) -> APICall {
        var query = selectors.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
        switch request {
        case .streamingList(let timeout):
            query += [
                ("watch", "true"), ("sendInitialEvents", "true"), ("resourceVersionMatch", "NotOlderThan"),
                ("allowWatchBookmarks", "true"), ("timeoutSeconds", "\(timeout)"),
            ]
        case .list(let version, let page):
            query.append(("limit", "\(Reflector.pageSize)"))
            if !page.isEmpty {
                // The continuation says of which version.
                query.append(("continue", page))
            } else if !version.isEmpty {
                query.append(("resourceVersion", version))
            }
        case .watch(let version, let timeout):
            query += [
                ("watch", "true"), ("allowWatchBookmarks", "true"), ("resourceVersion", version),
                ("timeoutSeconds", "\(timeout)"),
            ]
        }
        return APICall(.get, kind.path, query: query)
    }

    /// Asks how many objects there are, as cheaply as can be: the newest state, one object of it.
    var countingCall: APICall { APICall(.get, kind.path, query: [("limit", "1")]) }
}

extension DiscoveryKind {
    /// Where the API keeps objects of the kind.
    var path: ResourcePath {
        switch self {
        case .namespace: ResourcePath(.namespace)
        case .service: ResourcePath(.service)
        case .endpointSlice: ResourcePath(.endpointSlice)
        case .endpoints: ResourcePath(.endpoints)
        case .pod: ResourcePath(.pod)
        case .serviceImport: ResourcePath("/apis/multicluster.x-k8s.io/v1alpha1/serviceimports")
        }
    }

    /// The name in messages and labels: plural, lower case.
    package var resource: String {
        switch self {
        case .namespace: "namespaces"
        case .service: "services"
        case .endpointSlice: "endpointslices"
        case .endpoints: "endpoints"
        case .pod: "pods"
        case .serviceImport: "serviceimports"
        }
    }
}
