import Registry

/// Reads objects of the API from JSON straight into the compact form that answers are made of.
///
/// Only the fields that count are looked at. A field of the wrong type marks the object as one to skip; reading goes on
/// behind it, so that one odd object costs nothing but itself.
struct ObjectReader: ~Copyable {
    /// Longest texts that the API's own rules allow, in bytes.
    private enum Limit {
        static let name = 253
        static let label = 63
        static let version = 64
        /// As `clusterIP`, `hostname`, `zone` or a time may be; names that they cannot be are left out later.
        static let word = 256
        static let continuation = 64 << 10
        static let message = 4 << 10
    }

    var json: JSONPull
    private let kind: DiscoveryKind
    private let selection: DiscoverySelection
    /// What is wrong with the object under way; the first thing counts.
    private var fault: SkipCause?

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

    // MARK: Services and ServiceImports

    private struct ServiceFields {
        var type = ""
        var clusterIP = ""
        /// Of a ServiceImport its `ips`.
        var clusterIPs: [String] = []
        var externalName = ""
        var ports: [DiscoveryPort] = []
        var hasSelector = false
    }

    private mutating func readServiceSpec(_ service: inout ServiceFields) throws(JSONPull.Stop) {
        guard try enter() else { return }
        var isFirst = true
        while let name = try json.nextMember(&isFirst) {
            if json.matches(name, "type") {
                service.type = try string(Limit.word)
                let isKnown =
                    kind == .service
                    ? Service.Kind(rawValue: service.type) != nil
                    : service.type == "ClusterSetIP" || service.type == "Headless"
                if !isKnown, !service.type.isEmpty { note(.unknownValue) }
            } else if json.matches(name, "clusterIP") {
                service.clusterIP = try string(Limit.word)
            } else if json.matches(name, kind == .service ? "clusterIPs" : "ips") {
                service.clusterIPs = try strings(Limit.word)
            } else if json.matches(name, "externalName") {
                service.externalName = try string(Limit.word)
            } else if json.matches(name, "ports") {
                service.ports = try ports()
            } else if json.matches(name, "selector") {
                service.hasSelector = try hasMembers()
            } else {
                try json.skip()
            }
        }
    }

    private mutating func ports() throws(JSONPull.Stop) -> [DiscoveryPort] {
        var ports: [DiscoveryPort] = []
        guard try enterArray() else { return ports }
        var isFirst = true
        while try json.nextElement(&isFirst) {
            var name = ""
            var transport = TransportProtocol.tcp
            var number: Int?
            if try enter() {
                var isFirstMember = true
                while let member = try json.nextMember(&isFirstMember) {
                    if json.matches(member, "name") {
                        name = try string(Limit.label)
                    } else if json.matches(member, "port") {
                        number = try integer().flatMap { Int(exactly: $0) }
                    } else if json.matches(member, "protocol") {
                        let text = try string(Limit.word)
                        if let known = TransportProtocol(rawValue: text) {
                            transport = known
                        } else if !text.isEmpty {
                            note(.unknownValue)
                        }
                    } else {
                        try json.skip()
                    }
                }
            }
            ports.append(DiscoveryPort(name: name, transport: transport, number: number))
        }
        return ports
    }

    // MARK: EndpointSlices

    private mutating func addressType() throws(JSONPull.Stop) -> EndpointSlice.AddressType {
        if let type = EndpointSlice.AddressType(rawValue: try string(Limit.word)) { return type }
        note(.unknownValue)
        return .fqdn
    }

    private mutating func readEndpoints(_ slice: inout DiscoverySlice.Builder) throws(JSONPull.Stop) {
        guard try enterArray() else { return }
        var isFirst = true
        while try json.nextElement(&isFirst) {
            guard try enter() else { continue }
            var addresses: [String] = []
            var isReady = true
            var hostname = ""
            var targetName = ""
            var zone = ""
            var isFirstMember = true
            while let name = try json.nextMember(&isFirstMember) {
                if json.matches(name, "addresses") {
                    addresses = try strings(Limit.word)
                } else if json.matches(name, "conditions") {
                    isReady = try readiness()
                } else if json.matches(name, "hostname") {
                    hostname = try string(Limit.word)
                } else if selection.namesEndpointsByPod, json.matches(name, "targetRef") {
                    targetName = try referenceName()
                } else if selection.keepsZones, json.matches(name, "zone") {
                    zone = try string(Limit.word)
                } else {
                    try json.skip()
                }
            }
            slice.append(
                addresses: addresses, isReady: isReady, hostname: hostname, targetName: targetName, zone: zone)
        }
    }

    private mutating func readiness() throws(JSONPull.Stop) -> Bool {
        var isReady = true
        guard try enter() else { return isReady }
        var isFirst = true
        while let name = try json.nextMember(&isFirst) {
            if json.matches(name, "ready") {
                switch try json.shape() {
                case .bool: isReady = try json.bool() ?? true
                case .null: try json.skip()
                default: try skipWrongType()
                }
            } else {
                try json.skip()
            }
        }
        return isReady
    }

    private mutating func referenceName() throws(JSONPull.Stop) -> String {
        var result = ""
        guard try enter() else { return result }
        var isFirst = true
        while let name = try json.nextMember(&isFirst) {
            if json.matches(name, "name") { result = try string(Limit.name) } else { try json.skip() }
        }
        return result
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

    // MARK: Lists and refusals

    /// Reads `metadata` of a list.
    mutating func listMetadata() throws(JSONPull.Stop) -> ListMetadata {
        var metadata = ListMetadata()
        guard try enter() else { return metadata }
        var isFirst = true
        while let name = try json.nextMember(&isFirst) {
            if json.matches(name, "resourceVersion") {
                metadata.version = ObjectVersion(try string(Limit.version))
            } else if json.matches(name, "continue") {
                metadata.continuation = try string(Limit.continuation)
            } else if json.matches(name, "remainingItemCount") {
                metadata.remaining = try integer()
            } else {
                try json.skip()
            }
        }
        return metadata
    }

    /// Reads a Status, as ERROR events carry one.
    mutating func status() throws(JSONPull.Stop) -> WatchFailure {
        var failure = WatchFailure(code: 500, message: "")
        guard try enter() else { return failure }
        var isFirst = true
        while let name = try json.nextMember(&isFirst) {
            if json.matches(name, "code") {
                failure.code = try integer().flatMap { Int(exactly: $0) } ?? 500
            } else if json.matches(name, "message") {
                failure.message = try string(Limit.message)
            } else if json.matches(name, "details") {
                failure.retryAfter = try retryAfter()
            } else {
                try json.skip()
            }
        }
        return failure
    }

    private mutating func retryAfter() throws(JSONPull.Stop) -> Duration? {
        var result: Duration?
        guard try enter() else { return result }
        var isFirst = true
        while let name = try json.nextMember(&isFirst) {
            if json.matches(name, "retryAfterSeconds") {
                result = try integer().map { .seconds(min(max($0, 0), 3600)) }
            } else {
                try json.skip()
            }
        }
        return result
    }

    // MARK: Values

    private mutating func note(_ cause: SkipCause) { if fault == nil { fault = cause } }

    private mutating func skipWrongType() throws(JSONPull.Stop) {
        note(.wrongType)
        try json.skip()
    }

    /// Steps into an object; steps over `null`, and over anything else as over a fault.
    private mutating func enter() throws(JSONPull.Stop) -> Bool {
        switch try json.shape() {
        case .object:
            try json.beginObject()
            return true
        case .null: try json.skip()
        default: try skipWrongType()
        }
        return false
    }

    private mutating func enterArray() throws(JSONPull.Stop) -> Bool {
        switch try json.shape() {
        case .array:
            try json.beginArray()
            return true
        case .null: try json.skip()
        default: try skipWrongType()
        }
        return false
    }

    /// A text; empty where there is none.
    private mutating func string(_ limit: Int) throws(JSONPull.Stop) -> String {
        switch try json.shape() {
        case .string:
            let raw = try json.rawText()
            guard raw.count <= limit else {
                note(.tooLong)
                return ""
            }
            guard let text = json.text(raw) else {
                note(.badText)
                return ""
            }
            return text
        case .null: try json.skip()
        default: try skipWrongType()
        }
        return ""
    }

    private mutating func strings(_ limit: Int) throws(JSONPull.Stop) -> [String] {
        var texts: [String] = []
        guard try enterArray() else { return texts }
        var isFirst = true
        while try json.nextElement(&isFirst) { texts.append(try string(limit)) }
        return texts
    }

    private mutating func integer() throws(JSONPull.Stop) -> Int64? {
        switch try json.shape() {
        case .number:
            guard let number = try json.integer() else {
                note(.wrongType)
                return nil
            }
            return number
        case .null: try json.skip()
        default: try skipWrongType()
        }
        return nil
    }

    private mutating func hasMembers() throws(JSONPull.Stop) -> Bool {
        var found = false
        guard try enter() else { return found }
        var isFirst = true
        while try json.nextMember(&isFirst) != nil {
            found = true
            try json.skip()
        }
        return found
    }
}
