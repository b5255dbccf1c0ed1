import Registry

/// Slices as documents.
enum SliceDocument {
    /// Reads a stored slice.
    static func slice(_ document: JSONValue, name: String, version: ResourceVersion) -> ManagedSlice {
        let metadata = document["metadata"] ?? .null
        let owner = metadata.list("ownerReferences").first { $0.flag("controller") == true }
        return ManagedSlice(
            name: name, version: version, labels: metadata.textMap("labels"),
            annotations: metadata.textMap("annotations"), ownerUID: owner?.text("uid") ?? "",
            addressType: document.text("addressType"), ports: document.list("ports").map { SlicePort($0) },
            endpoints: document.list("endpoints").map { SliceEndpoint($0) })
    }

    /// A new slice of an owner.
    static func document(_ content: SliceContent, generateName: String, owner: JSONValue) -> JSONValue {
        let document: JSONValue = .object([
            "apiVersion": .string(ObjectKind.endpointSlice.apiVersion),
            "kind": .string(ObjectKind.endpointSlice.rawValue),
            "metadata": .object(["generateName": .string(generateName)]),
        ])
        return changed(document, to: content, owner: owner)
    }

    /// A stored slice with other content; what others wrote into its metadata stays.
    static func changed(_ document: JSONValue, to content: SliceContent, owner: JSONValue) -> JSONValue {
        var document = document
        var metadata = document["metadata"] ?? .object([:])
        metadata["labels"] = .map(content.labels)
        if let annotations = content.annotations {
            metadata["annotations"] = annotations.isEmpty ? nil : .map(annotations)
        }
        metadata["ownerReferences"] = .array([owner])
        document["metadata"] = metadata
        document.advanceGeneration()
        document["addressType"] = .string(content.addressType.rawValue)
        document["ports"] = .array(content.ports.map { $0.document(isSlice: true) })
        document["endpoints"] = .array(content.endpoints.map(\.document))
        return document
    }
}

extension SlicePort {
    init(_ port: JSONValue) {
        let transport = port.text("protocol")
        self.init(
            name: port.text("name"), transport: transport.isEmpty ? "TCP" : transport, number: port.integer("port"),
            appProtocol: port["appProtocol"]?.string)
    }

    /// Slices name all their ports, if by an empty text; Endpoints leave that out.
    func document(isSlice: Bool) -> JSONValue {
        var members: [String: JSONValue] = ["protocol": .string(transport)]
        if isSlice || !name.isEmpty { members["name"] = .string(name) }
        if let number { members["port"] = .integer(Int64(number)) }
        if let appProtocol { members["appProtocol"] = .string(appProtocol) }
        return .object(members)
    }
}

extension SliceEndpoint {
    init(_ endpoint: JSONValue) {
        let conditions = endpoint["conditions"] ?? .null
        addresses = endpoint.strings("addresses")
        isReady = conditions.flag("ready")
        isServing = conditions.flag("serving")
        isTerminating = conditions.flag("terminating")
        hostname = endpoint.text("hostname")
        nodeName = endpoint.text("nodeName")
        zone = endpoint.text("zone")
        target = endpoint.at("targetRef").map { Target($0) }
        hintedZones = endpoint.at("hints")?.list("forZones").map { $0.text("name") } ?? []
        hintedNodes = endpoint.at("hints")?.list("forNodes").map { $0.text("name") } ?? []
    }

    var document: JSONValue {
        var conditions: [String: JSONValue] = [:]
        for (name, flag) in [("ready", isReady), ("serving", isServing), ("terminating", isTerminating)] {
            if let flag { conditions[name] = .bool(flag) }
        }
        var document: JSONValue = .object([
            "addresses": .array(addresses.map { .string($0) }), "conditions": .object(conditions),
        ])
        document.setText("hostname", hostname)
        document.setText("nodeName", nodeName)
        document.setText("zone", zone)
        if let target { document["targetRef"] = target.document }
        var hints: [String: JSONValue] = [:]
        for (name, values) in [("forZones", hintedZones), ("forNodes", hintedNodes)] where !values.isEmpty {
            hints[name] = .array(values.map { .object(["name": .string($0)]) })
        }
        if !hints.isEmpty { document["hints"] = .object(hints) }
        return document
    }
}

extension SliceEndpoint.Target {
    init(_ reference: JSONValue) {
        kind = reference.text("kind")
        namespace = reference.text("namespace")
        name = reference.text("name")
        uid = reference.text("uid")
    }

    init(_ pod: EndpointPod) {
        kind = ObjectKind.pod.rawValue
        namespace = pod.id.namespace
        name = pod.id.name
        uid = pod.content.uid
    }

    var document: JSONValue {
        var document: JSONValue = .object([:])
        for (field, text) in [("kind", kind), ("namespace", namespace), ("name", name), ("uid", uid)] {
            document.setText(field, text)
        }
        return document
    }
}
