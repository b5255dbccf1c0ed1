import Registry

/// The objects that every cluster has: its Namespaces, and `default/kubernetes`, which leads to this API.
///
/// Writing them again changes nothing where they are as they should be.
struct ClusterBootstrap: Sendable {
    static let namespaces = ["default", "kube-system", "kube-public", "kube-node-lease"]
    static let service = NamespacedName(namespace: "default", name: "kubernetes")
    private static let portName = "https"

    let settings: ControllerSettings

    /// Whether an object is one of those that are kept as they are, or of those they take their addresses from.
    static func concerns(_ key: ObjectKey) -> Bool {
        switch key.kind {
        case .namespace: namespaces.contains(key.id.name)
        case .service, .endpoints, .endpointSlice: key.id == service
        case .serviceCIDR: true
        case .pod, .node, .event, .ipAddress, .lease: false
        }
    }

    var writes: [ObjectWrite] {
        var writes = Self.namespaces.map(namespaceWrite)
        guard let address = settings.apiServiceAddress else { return writes }
        writes.append(serviceWrite(address))
        if let server = endpoint {
            writes += [endpointsWrite(server), sliceWrite(server)]
        } else {
            // What an earlier run left there leads nowhere.
            writes += [ObjectKind.endpoints, .endpointSlice].map(removal)
        }
        return writes
    }

    /// Where the API is reached; an address that stands for all others is none.
    private var endpoint: (address: IPAddress, port: Int)? {
        settings.apiServer.flatMap { $0.address.value == 0 ? nil : $0 }
    }

    private func namespaceWrite(_ name: String) -> ObjectWrite {
        ObjectWrite(NamespaceRemoval.key(name), feeder: RegistryControllers.feeder) { stored, _ in
            guard stored == nil else { return .keep }
            return .put(
                .object([
                    "apiVersion": .string("v1"), "kind": .string("Namespace"),
                    "metadata": .object(["labels": .map([ControllerLabels.namespaceName: name])]),
                    "spec": .object(["finalizers": .array([.string(NamespaceRemoval.finalizer)])]),
                    "status": .object(["phase": .string("Active")]),
                ]))
        }
    }

    private func serviceWrite(_ address: IPAddress) -> ObjectWrite {
        let port: JSONValue = .object([
            "name": .string(Self.portName), "protocol": .string("TCP"), "port": .integer(443),
            "targetPort": .integer(Int64(settings.apiServer?.port ?? 443)),
        ])
        return ObjectWrite(ObjectKey(.service, Self.service), feeder: RegistryControllers.feeder) { stored, _ in
            var document = try stored?.document() ?? Self.newService(address)
            var labels = document["metadata"]?.textMap("labels") ?? [:]
            labels["component"] = "apiserver"
            labels["provider"] = "kubernetes"
            var metadata = document["metadata"] ?? .object([:])
            metadata["labels"] = .map(labels)
            document["metadata"] = metadata
            var spec = document["spec"] ?? .object([:])
            spec["type"] = .string("ClusterIP")
            spec["selector"] = nil
            spec["ports"] = .array([port])
            document["spec"] = spec
            return .put(document)
        }
    }

    private static func newService(_ address: IPAddress) -> JSONValue {
        .object([
            "apiVersion": .string("v1"), "kind": .string("Service"),
            "spec": .object([
                "clusterIP": .string("\(address)"), "clusterIPs": .array([.string("\(address)")]),
                "ipFamilies": .array([.string(address.family.rawValue)]), "ipFamilyPolicy": .string("SingleStack"),
                "internalTrafficPolicy": .string("Cluster"), "sessionAffinity": .string("None"),
            ]),
            "status": .object(["loadBalancer": .object([:])]),
        ])
    }

    private func endpointsWrite(_ server: (address: IPAddress, port: Int)) -> ObjectWrite {
        let subset = EndpointSubset(
            addresses: [SubsetAddress(ip: "\(server.address)")],
            ports: [SlicePort(name: Self.portName, transport: "TCP", number: server.port)])
        return ObjectWrite(ObjectKey(.endpoints, Self.service), feeder: RegistryControllers.feeder) { stored, _ in
            var document =
                try stored?.document() ?? .object(["apiVersion": .string("v1"), "kind": .string("Endpoints")])
            var metadata = document["metadata"] ?? .object([:])
            var labels = metadata.textMap("labels")
            labels[Endpoints.skipMirrorLabel] = "true"
            metadata["labels"] = .map(labels)
            document["metadata"] = metadata
            document["subsets"] = .array([subset.document])
            return .put(document)
        }
    }

    private func sliceWrite(_ server: (address: IPAddress, port: Int)) -> ObjectWrite {
        let port = SlicePort(name: Self.portName, transport: "TCP", number: server.port).document(isSlice: true)
        let endpoint = SliceEndpoint(addresses: ["\(server.address)"], isReady: true).document
        let family = JSONValue.string(server.address.family.rawValue)
        return ObjectWrite(ObjectKey(.endpointSlice, Self.service), feeder: RegistryControllers.feeder) { stored, _ in
            let former = try stored?.document()
            // The family of a slice cannot be changed: one of the other makes room first, and is missed then.
            if let former, former["addressType"] != family { return .delete }
            var document =
                former
                ?? .object([
                    "apiVersion": .string(ObjectKind.endpointSlice.apiVersion), "kind": .string("EndpointSlice"),
                    "addressType": family,
                ])
            var metadata = document["metadata"] ?? .object([:])
            var labels = metadata.textMap("labels")
            labels[EndpointSlice.serviceNameLabel] = Self.service.name
            metadata["labels"] = .map(labels)
            document["metadata"] = metadata
            document["ports"] = .array([port])
            document["endpoints"] = .array([endpoint])
            if former != document { document.advanceGeneration() }
            return .put(document)
        }
    }

    private func removal(_ kind: ObjectKind) -> ObjectWrite {
        ObjectWrite(ObjectKey(kind, Self.service), feeder: RegistryControllers.feeder) { stored, transaction in
            guard let stored else { return .keep }
            return try ObjectRemoval.decision(for: stored, now: transaction.now)
        }
    }
}
