import Registry

/// The aggregated form of discovery: all groups with their resources in one document
/// (`APIGroupDiscoveryList` of `apidiscovery.k8s.io`).
enum AggregatedForm: String, Sendable {
    case v2
    case v2beta1

    /// nil where plain JSON is wanted more, or the aggregated form not at all.
    init?(accept: String) {
        for range in AcceptHeader(accept).rangesOfJSON {
            guard let conversion = range.conversion else { return nil }
            guard conversion.group == "apidiscovery.k8s.io", conversion.kind == "APIGroupDiscoveryList",
                let form = Self(rawValue: conversion.version)
            else { continue }
            self = form
            return
        }
        return nil
    }

    /// By which the client recognizes the form in the answer.
    var mediaType: String { "application/json;g=apidiscovery.k8s.io;v=\(rawValue);as=APIGroupDiscoveryList" }

    func document(of groups: [APIGroupDescription]) -> JSONValue {
        .object([
            "kind": .string("APIGroupDiscoveryList"), "apiVersion": .string("apidiscovery.k8s.io/\(rawValue)"),
            "metadata": .object([:]), "items": .array(groups.map(item)),
        ])
    }

    private func item(_ group: APIGroupDescription) -> JSONValue {
        .object([
            // The core group has no name.
            "metadata": .object(group.name.isEmpty ? [:] : ["name": .string(group.name)]),
            "versions": .array([
                .object([
                    "version": .string(group.version), "freshness": .string("Current"),
                    "resources": .array(group.kinds.map(resource)),
                ])
            ]),
        ])
    }

    private func resource(_ kind: ObjectKind) -> JSONValue {
        let responseKind = JSONValue.object([
            "group": .string(kind.group), "version": .string(kind.version), "kind": .string(kind.rawValue),
        ])
        var members: [String: JSONValue] = [
            "resource": .string(kind.resource), "responseKind": responseKind,
            "scope": .string(kind.isNamespaced ? "Namespaced" : "Cluster"),
            "singularResource": .string(kind.singularName), "verbs": .strings(kind.verbs),
        ]
        if !kind.shortNames.isEmpty { members["shortNames"] = .strings(kind.shortNames) }
        if !kind.categories.isEmpty { members["categories"] = .strings(kind.categories) }
        if !kind.subresources.isEmpty {
            members["subresources"] = .array(
                kind.subresources.map { part in
                    .object([
                        "subresource": .string(part.name), "responseKind": responseKind, "verbs": .strings(part.verbs),
                    ])
                })
        }
        return .object(members)
    }
}
