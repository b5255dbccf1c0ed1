import Registry

/// Which objects a list or a watch asks for.
package struct APISelection: Sendable {
    package var kind: ObjectKind
    /// nil for all namespaces.
    package var namespace: String?
    package var labelSelector: String
    package var fieldSelector: String

    package init(
        _ kind: ObjectKind, namespace: String? = nil, labelSelector: String = "", fieldSelector: String = ""
    ) {
        self.kind = kind
        self.namespace = namespace
        self.labelSelector = labelSelector
        self.fieldSelector = fieldSelector
    }

    package var path: ResourcePath { ResourcePath(kind, namespace: namespace) }

    package var query: [(name: String, value: String)] {
        (labelSelector.isEmpty ? [] : [("labelSelector", labelSelector)])
            + (fieldSelector.isEmpty ? [] : [("fieldSelector", fieldSelector)])
    }
}

/// All objects of a selection at one moment.
package struct APIList: Sendable {
    /// Each with its `kind` and `apiVersion`, which servers leave out in lists.
    package var items: [JSONValue]
    /// The version to watch from.
    package var version: String
}

extension APIClient {
    /// Under whose name fields are written (`managedFields`).
    package static let fieldManager = "swiftlet"

    /// How many objects a page of a list has at most.
    package static let pageSize = 500

    package func object(
        _ kind: ObjectKind, namespace: String? = nil, name: String
    ) async throws(APIClientError) -> JSONValue {
        try await send(APICall(.get, ResourcePath(kind, namespace: namespace, name: name))).document()
    }

    /// Lists in pages; where the pages' version expires meanwhile, all is asked for anew at once.
    package func list(_ selection: APISelection) async throws(APIClientError) -> APIList {
        do throws(APIClientError) {
            return try await pages(selection)
        } catch {
            guard error.isExpired else { throw error }
        }
        return try await page(selection, limit: nil, token: "").list
    }

    private func pages(_ selection: APISelection) async throws(APIClientError) -> APIList {
        var (list, token) = try await page(selection, limit: Self.pageSize, token: "")
        var seen: Set<String> = []
        while !token.isEmpty {
            // A server that begins anew would be asked for ever.
            guard seen.insert(token).inserted else {
                throw APIClientError(
                    .malformed, "the list does not go on: a page names one as the next that has been read",
                    method: "GET", url: selection.path.description)
            }
            let next = try await page(selection, limit: Self.pageSize, token: token)
            list.items += next.list.items
            list.version = next.list.version
            token = next.token
        }
        return list
    }

    private func page(
        _ selection: APISelection, limit: Int?, token: String
    ) async throws(APIClientError) -> (list: APIList, token: String) {
        var query = selection.query
        if let limit { query.append(("limit", "\(limit)")) }
        if !token.isEmpty { query.append(("continue", token)) }
        let answer = try await send(APICall(.get, selection.path, query: query))
        let document = try answer.document()
        let elements: [JSONValue]
        switch document["items"] {
        case .array(let list)?: elements = list
        // A list without elements may be written as null.
        case .null?: elements = []
        default: throw APIClientError(.malformed, "the answer is no list", method: answer.method, url: answer.url)
        }
        let items = elements.map { element in
            var item = element
            item["kind"] = .string(selection.kind.rawValue)
            item["apiVersion"] = .string(selection.kind.apiVersion)
            return item
        }
        let metadata = document["metadata"]
        return (
            APIList(items: items, version: metadata?["resourceVersion"]?.string ?? ""),
            metadata?["continue"]?.string ?? ""
        )
    }

    /// Makes an object; its name may be left to the server (`generateName`).
    package func create(
        _ kind: ObjectKind, namespace: String? = nil, _ document: JSONValue
    ) async throws(APIClientError) -> JSONValue {
        try await send(
            APICall(
                .post, ResourcePath(kind, namespace: namespace), query: [("fieldManager", Self.fieldManager)],
                body: document)
        ).document()
    }

    /// What applying a document did.
    package enum Applied: String, Sendable {
        case created, configured, unchanged
    }

    /// Server-side apply of a document under the field manager `swiftlet`.
    ///
    /// - Parameter force: Takes over fields that another manager holds, which is otherwise a conflict.
    package func apply(
        _ kind: ObjectKind, namespace: String? = nil, name: String, _ document: JSONValue, force: Bool = false
    ) async throws(APIClientError) -> (object: JSONValue, outcome: Applied, warnings: [String]) {
        let path = ResourcePath(kind, namespace: namespace, name: name)
        var former: JSONValue?
        do throws(APIClientError) {
            former = try await send(APICall(.get, path)).document()
        } catch {
            guard error.isNotFound else { throw error }
        }
        let answer = try await send(
            APICall(
                .patch, path,
                query: [
                    ("fieldManager", Self.fieldManager), ("fieldValidation", "Strict"), ("force", "\(force)"),
                ], body: document, contentType: .applyPatch))
        let object = try answer.document()
        let isUnchanged =
            former?["metadata"]?["resourceVersion"] == object["metadata"]?["resourceVersion"]
            && former?["metadata"]?["uid"] == object["metadata"]?["uid"]
        return (object, answer.code == 201 ? .created : isUnchanged ? .unchanged : .configured, answer.warnings)
    }

    /// Changes the members that a patch names; null removes one (RFC 7396).
    package func mergePatch(
        _ kind: ObjectKind, namespace: String? = nil, name: String, _ patch: JSONValue
    ) async throws(APIClientError) -> JSONValue {
        try await send(
            APICall(
                .patch, ResourcePath(kind, namespace: namespace, name: name),
                query: [("fieldManager", Self.fieldManager)], body: patch, contentType: .mergePatch)
        ).document()
    }

    /// Deletes an object; what comes back is the object while finalizers hold it, else a Status.
    @discardableResult
    package func delete(
        _ kind: ObjectKind, namespace: String? = nil, name: String
    ) async throws(APIClientError) -> JSONValue {
        try await send(
            APICall(
                .delete, ResourcePath(kind, namespace: namespace, name: name),
                body: .object([
                    "kind": .string("DeleteOptions"), "apiVersion": .string("v1"),
                    "propagationPolicy": .string("Background"),
                ]))
        ).document()
    }

    /// Watches a selection from a version on; ends where the server ends it, which it does every few minutes.
    ///
    /// - Parameters:
    ///   - version: Empty for all objects there are, as ADDED, and what follows.
    ///   - seconds: How long the server is to let it last; nil leaves that to the server.
    package func watch(
        _ selection: APISelection, from version: String, seconds: Int? = nil
    ) async throws(APIClientError) -> WatchEvents {
        var query = selection.query + [("watch", "true"), ("allowWatchBookmarks", "true")]
        if !version.isEmpty { query.append(("resourceVersion", version)) }
        if let seconds { query.append(("timeoutSeconds", "\(seconds)")) }
        let call = APICall(.get, selection.path, query: query)
        return WatchEvents(
            lines: try await lines(call), method: call.method.rawValue, url: "\(access.server)\(call.path)")
    }
}
