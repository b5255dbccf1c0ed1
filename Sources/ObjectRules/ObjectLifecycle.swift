import Registry

/// What becomes of the parts of a document that are not the writer's to decide (the strategies of Kubernetes'
/// registry): status and specification are written apart, some metadata belongs to the server.
///
/// Called with documents that have their defaults, before they are validated.
package enum ObjectLifecycle {
    /// The document as it may be created at `now`: without what only the server sets, with the first status.
    package static func prepareForCreate(_ document: JSONValue, kind: ObjectKind, now: Timestamp) -> JSONValue {
        guard case .object = document else { return document }
        var document = document
        document.changeOrMake("metadata") { metadata in
            for field in ["deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "generation"] {
                metadata[field] = nil
            }
            metadata["creationTimestamp"] = .string(now.text)
            if kind.countsGenerations { metadata["generation"] = .integer(1) }
        }
        switch kind {
        case .namespace:
            document["status"] = .object(["phase": .string("Active")])
            addContentFinalizer(&document)
        case .service:
            document["status"] = .object(["loadBalancer": .object([:])])
        case .pod:
            document["status"] = .object([
                "phase": .string("Pending"), "qosClass": .string(PodQuality(of: document).rawValue),
            ])
        case .serviceCIDR:
            document["status"] = nil
        case .node, .endpointSlice, .endpoints, .event, .ipAddress, .lease:
            break
        }
        return document
    }

    /// An object that a manifest declares, as it is to be kept: with its defaults, and with the status it declares.
    package static func prepareForDeclaration(_ document: JSONValue, kind: ObjectKind) -> JSONValue {
        guard case .object = document else { return document }
        var document = ObjectDefaults.apply(to: document, kind: kind)
        if kind == .namespace { addContentFinalizer(&document) }
        return document
    }

    /// A Namespace goes once its content has gone.
    private static func addContentFinalizer(_ document: inout JSONValue) {
        document.changeOrMake("spec") { spec in
            let finalizers = spec.list("finalizers")
            if !finalizers.contains(.string("kubernetes")) {
                spec["finalizers"] = .array(finalizers + [.string("kubernetes")])
            }
        }
    }

    /// The document as it may replace `stored`: with the stored status, and the metadata that no writer changes.
    package static func prepareForUpdate(_ new: JSONValue, stored: JSONValue, kind: ObjectKind) -> JSONValue {
        guard case .object = new else { return new }
        var document = new
        if kind.hasStatus { document["status"] = stored["status"] }
        switch kind {
        case .namespace:
            // Finalizers of the content are changed by `finalize` alone.
            let finalizers = stored.at("spec", "finalizers")
            document.changeOrMake("spec") { $0["finalizers"] = finalizers }
        case .service:
            document.change("spec") { dropFormerTypeFields(&$0, stored: stored["spec"] ?? .null) }
            // What no load balancer serves has no place in one.
            if document.at("spec", "type") != .string("LoadBalancer"),
                stored.at("spec", "type") == .string("LoadBalancer")
            {
                document.change("status") { $0["loadBalancer"] = .object([:]) }
            }
        case .endpointSlice, .endpoints, .pod, .node, .event, .ipAddress, .serviceCIDR, .lease:
            break
        }
        keepServerMetadata(&document, stored: stored)
        guard kind.countsGenerations, hasNewGeneration(document, stored: stored, kind: kind) else { return document }
        let former = stored["metadata"]?.integer("generation") ?? 0
        document.change("metadata") { metadata in
            metadata["generation"] = .integer(Int64(former).addingReportingOverflow(1).partialValue)
        }
        return document
    }

    /// The document as a write of `/status` may store it: everything but status and metadata as it is stored.
    ///
    /// Labels and annotations of such a write count, as upstream has it; only a ServiceCIDR's do not.
    package static func prepareForStatusUpdate(_ new: JSONValue, stored: JSONValue, kind: ObjectKind) -> JSONValue {
        guard case .object = new else { return new }
        var document = stored
        document["status"] = new["status"]
        document["metadata"] = new["metadata"]
        let kept: [String] =
            switch kind {
            case .pod: ["ownerReferences"]
            case .serviceCIDR: ["labels", "annotations", "finalizers", "ownerReferences"]
            default: []
            }
        document.changeOrMake("metadata") { metadata in
            for field in kept { metadata[field] = stored["metadata"]?[field] }
            metadata["deletionTimestamp"] = nil
        }
        // What is left out of a status that the API server keeps as a whole is not absent, but empty.
        if kind == .pod, let quality = stored.at("status", "qosClass") {
            document.changeOrMake("status") { $0.setDefault("qosClass", quality) }
        }
        if kind == .service {
            document.changeOrMake("status") { $0.setDefault("loadBalancer", .object([:])) }
        }
        keepServerMetadata(&document, stored: stored)
        return document
    }

    /// Metadata that a write cannot change is taken from the stored document; names stay for validation to compare.
    private static func keepServerMetadata(_ document: inout JSONValue, stored: JSONValue) {
        let former = stored["metadata"] ?? .null
        document.changeOrMake("metadata") { metadata in
            metadata["generation"] = former["generation"]
            if let uid = former["uid"] { metadata.setDefault("uid", uid) }
            if let time = former.at("creationTimestamp") { metadata["creationTimestamp"] = time }
            if let time = former.at("deletionTimestamp") { metadata["deletionTimestamp"] = time }
            if let period = former.at("deletionGracePeriodSeconds") {
                metadata.setDefault("deletionGracePeriodSeconds", period)
            }
        }
    }

    private static func hasNewGeneration(_ document: JSONValue, stored: JSONValue, kind: ObjectKind) -> Bool {
        if kind == .pod { return document["spec"] != stored["spec"] }
        func content(_ document: JSONValue) -> JSONValue {
            var content = document
            for field in ["metadata", "apiVersion", "kind"] { content[field] = nil }
            return content
        }
        return content(document) != content(stored)
            || document["metadata"]?.members("labels") != stored["metadata"]?.members("labels")
    }

    /// Drops what only the former type of a Service had a use for, where the update has left it as it was.
    ///
    /// Addresses and node ports are no part of this: the allocator, which gives them back, drops them itself.
    private static func dropFormerTypeFields(_ spec: inout JSONValue, stored: JSONValue) {
        if spec.text("type") != "LoadBalancer", stored.text("type") == "LoadBalancer" {
            for field in ["allocateLoadBalancerNodePorts", "loadBalancerClass"] where spec[field] == stored[field] {
                spec[field] = nil
            }
        }
        if !ObjectDefaults.isExternallyAccessible(spec),
            spec["externalTrafficPolicy"] == stored["externalTrafficPolicy"]
        {
            spec["externalTrafficPolicy"] = nil
        }
    }
}

extension ObjectKind {
    /// Whether `metadata.generation` counts the changes of what the object asks for.
    package var countsGenerations: Bool { self == .endpointSlice || self == .pod }

    /// Whether a PUT of an object that is not there makes it.
    package var allowsCreateOnUpdate: Bool {
        switch self {
        case .service, .endpoints, .event, .lease: true
        case .namespace, .endpointSlice, .pod, .node, .ipAddress, .serviceCIDR: false
        }
    }

    /// Whether a PUT without a resourceVersion overwrites whatever is there.
    package var allowsUnconditionalUpdate: Bool { self != .lease }
}
