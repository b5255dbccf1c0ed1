import Registry

/// Reads objects of the API from JSON straight into the compact form that answers are made of.
///
/// Only the fields that count are looked at. A field of the wrong type marks the object as one to skip; reading goes on
/// behind it, so that one odd object costs nothing but itself.
struct ObjectReader: ~Copyable {
    /// Longest texts that the API's own rules allow, in bytes.
    enum Limit {
        static let name = 253
        static let label = 63
        static let version = 64
        /// As `clusterIP`, `hostname`, `zone` or a time may be; names that they cannot be are left out later.
        static let word = 256
        static let continuation = 64 << 10
        static let message = 4 << 10
    }

    var json: JSONPull
    let kind: DiscoveryKind
    let selection: DiscoverySelection
    /// What is wrong with the object under way; the first thing counts.
    private(set) var fault: SkipCause?

    init(_ bytes: UnsafeBufferPointer<UInt8>, from offset: Int = 0, kind: DiscoveryKind, selection: DiscoverySelection)
    {
        json = JSONPull(bytes, from: offset)
        self.kind = kind
        self.selection = selection
    }

    // MARK: Objects

    /// Reads one object of the reader's kind.
    mutating func object() throws(JSONPull.Stop) -> DecodedObject {
        fault = nil
        if kind == .endpoints { return try endpoints() }
        var metadata = Metadata()
        var service = ServiceFields()
        var slice = DiscoverySlice.Builder(selection)
        var pod = PodFields()
        if try enter() {
            var isFirst = true
            while let name = try json.nextMember(&isFirst) {
                if json.matches(name, "metadata") {
                    try readMetadata(&metadata)
                } else if kind == .endpointSlice, json.matches(name, "endpoints") {
                    try readEndpoints(&slice)
                } else if kind == .endpointSlice, json.matches(name, "ports") {
                    slice.ports = try ports()
                } else if kind == .endpointSlice, json.matches(name, "addressType") {
                    slice.addressType = try addressType()
                } else if kind == .service || kind == .serviceImport, json.matches(name, "spec") {
                    try readServiceSpec(&service)
                } else if kind == .pod, json.matches(name, "status") {
                    try readPodStatus(&pod)
                } else {
                    try json.skip()
                }
            }
        }
        return finish(metadata) { id in
            switch kind {
            case .namespace: return .namespace(id.name)
            case .service:
                return .service(
                    DiscoveryService(
                        id, type: service.type, clusterIP: service.clusterIP, clusterIPs: service.clusterIPs,
                        externalName: service.externalName, ports: service.ports, hasSelector: service.hasSelector))
            case .serviceImport:
                return .serviceImport(
                    DiscoveryService(
                        importing: id, type: service.type, addresses: service.clusterIPs, ports: service.ports))
            case .endpointSlice:
                slice.id = id
                slice.service = metadata.service
                slice.importedService = metadata.importedService
                slice.sourceCluster = metadata.sourceCluster
                slice.lastChangeTrigger = Timestamp(rfc3339: metadata.lastChangeTrigger)
                return .endpointSlice(slice.build())
            case .pod: return DiscoveryPod(id, phase: pod.phase, podIP: pod.podIP).map { .pod($0) }
            case .endpoints: return nil
            }
        }
    }

    /// Reads a bookmark, which has the kind of its watch and nothing but `metadata`.
    mutating func bookmark() throws(JSONPull.Stop) -> (version: ObjectVersion, endsInitialEvents: Bool) {
        var metadata = Metadata()
        if try enter() {
            var isFirst = true
            while let name = try json.nextMember(&isFirst) {
                if json.matches(name, "metadata") { try readMetadata(&metadata) } else { try json.skip() }
            }
        }
        return (ObjectVersion(metadata.version), metadata.endsInitialEvents)
    }

    /// What an object comes to once all of it has been read.
    private func finish(_ metadata: Metadata, _ make: (NamespacedName) -> DiscoveryObject?) -> DecodedObject {
        var decoded = DecodedObject()
        decoded.version = ObjectVersion(metadata.version)
        guard !metadata.name.isEmpty, kind == .namespace || !metadata.namespace.isEmpty else {
            decoded.content = .skipped(fault ?? .unnamed)
            return decoded
        }
        let id = NamespacedName(namespace: kind == .namespace ? "" : metadata.namespace, name: metadata.name)
        decoded.id = id
        if let fault {
            decoded.content = .skipped(fault)
        } else if !hasLegalName(id) {
            decoded.content = .skipped(.badName)
        } else if selection.includes(namespace: kind == .namespace ? id.name : id.namespace), let object = make(id) {
            decoded.content = .object(object)
        }
        return decoded
    }

    private func hasLegalName(_ id: NamespacedName) -> Bool {
        guard id.namespace.isEmpty || NameRules.isLabel(id.namespace) else { return false }
        return switch kind {
        case .namespace, .service, .serviceImport: NameRules.isLabel(id.name)
        case .endpointSlice, .endpoints, .pod: NameRules.isSubdomain(id.name)
        }
    }

    /// An Endpoints object, by way of the registry's own reading of it: clusters without slices are few.
    private mutating func endpoints() throws(JSONPull.Stop) -> DecodedObject {
        // White space before the object is no part of it.
        _ = try json.peek()
        let start = json.offset
        try json.skip()
        let raw = JSONPull.RawText(start: start, count: json.offset - start, hasEscapes: false)
        guard let text = json.text(raw), let document = try? JSONText.value(of: text) else {
            return DecodedObject(content: .skipped(.badText))
        }
        var decoded = DecodedObject()
        let metadata = document["metadata"]
        decoded.version = ObjectVersion(metadata?["resourceVersion"]?.string ?? "")
        guard let name = metadata?["name"]?.string, let namespace = metadata?["namespace"]?.string, !name.isEmpty,
            !namespace.isEmpty
        else {
            decoded.content = .skipped(.unnamed)
            return decoded
        }
        guard name.utf8.count <= Limit.name, namespace.utf8.count <= Limit.label else {
            decoded.content = .skipped(.tooLong)
            return decoded
        }
        let id = NamespacedName(namespace: namespace, name: name)
        decoded.id = id
        guard hasLegalName(id) else {
            decoded.content = .skipped(.badName)
            return decoded
        }
        guard let object = try? RegistryObject(document, kind: .endpoints) else {
            decoded.content = .skipped(.wrongType)
            return decoded
        }
        if case .put(let reduced)? = DiscoveryChange(.put(object), selection) { decoded.content = .object(reduced) }
        return decoded
    }

    /// Notes what is wrong with the object under way.
    mutating func note(_ cause: SkipCause) { if fault == nil { fault = cause } }

    // MARK: Metadata

    private struct Metadata {
        var name = ""
        var namespace = ""
        var version = ""
        var service = ""
        var importedService = ""
        var sourceCluster = ""
        var lastChangeTrigger = ""
        var endsInitialEvents = false
    }

    private mutating func readMetadata(_ metadata: inout Metadata) throws(JSONPull.Stop) {
        guard try enter() else { return }
        var isFirst = true
        while let name = try json.nextMember(&isFirst) {
            if json.matches(name, "name") {
                metadata.name = try string(Limit.name)
            } else if json.matches(name, "namespace") {
                metadata.namespace = try string(Limit.label)
            } else if json.matches(name, "resourceVersion") {
                metadata.version = try string(Limit.version)
            } else if kind == .endpointSlice, json.matches(name, "labels") {
                try readLabels(&metadata)
            } else if json.matches(name, "annotations") {
                try readAnnotations(&metadata)
            } else {
                try json.skip()
            }
        }
    }

    private mutating func readLabels(_ metadata: inout Metadata) throws(JSONPull.Stop) {
        guard try enter() else { return }
        var isFirst = true
        while let name = try json.nextMember(&isFirst) {
            if json.matches(name, "kubernetes.io/service-name") {
                metadata.service = try string(Limit.label)
            } else if json.matches(name, "multicluster.kubernetes.io/service-name") {
                metadata.importedService = try string(Limit.label)
            } else if json.matches(name, "multicluster.kubernetes.io/source-cluster") {
                metadata.sourceCluster = try string(Limit.name)
            } else {
                try json.skip()
            }
        }
    }

    private mutating func readAnnotations(_ metadata: inout Metadata) throws(JSONPull.Stop) {
        guard try enter() else { return }
        var isFirst = true
        while let name = try json.nextMember(&isFirst) {
            if kind == .endpointSlice, json.matches(name, "endpoints.kubernetes.io/last-change-trigger-time") {
                metadata.lastChangeTrigger = try string(Limit.word)
            } else if json.matches(name, "k8s.io/initial-events-end") {
                metadata.endsInitialEvents = try string(Limit.word) == "true"
            } else {
                try json.skip()
            }
        }
    }

    // MARK: Pods

    private struct PodFields {
        var phase = ""
        var podIP = ""
    }

    private mutating func readPodStatus(_ pod: inout PodFields) throws(JSONPull.Stop) {
        guard try enter() else { return }
        var isFirst = true
        while let name = try json.nextMember(&isFirst) {
            if json.matches(name, "phase") {
                pod.phase = try string(Limit.word)
                if !pod.phase.isEmpty, Pod.Phase(rawValue: pod.phase) == nil { note(.unknownValue) }
            } else if json.matches(name, "podIP") {
                pod.podIP = try string(Limit.word)
            } else {
                try json.skip()
            }
        }
    }
}
