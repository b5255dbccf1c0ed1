import DNS
import Registry

/// `kubernetes [ZONES…] { … }`: the zones of a cluster, and how its API is reached.
package struct KubernetesSettings: DirectiveSettings {
    package static let directive = "kubernetes"

    /// Which names of pods exist (`10-0-0-1.default.pod.cluster.local`).
    package enum Pods: String, Hashable, Sendable, CaseIterable {
        /// None.
        case disabled
        /// Any address, whether a pod has it or not.
        case insecure
        /// Addresses that pods of the namespace have.
        case verified
    }

    /// PEM files of the client's certificate, its key, and the authority of the API server's certificate.
    package struct ClientCertificate: Hashable, Sendable {
        package let certificateFile: String
        package let keyFile: String
        package let authorityFile: String
    }

    package struct Kubeconfig: Hashable, Sendable {
        package let file: String
        /// nil for the file's current one.
        package let context: String?
    }

    /// A choice of objects by their labels.
    package struct Labels: Hashable, Sendable {
        /// As the API's `labelSelector` takes it.
        package let text: String
        package let selector: LabelSelector
    }

    /// In the order written, reverse zones included; at least one is none.
    package let zones: [DomainName]
    /// The first zone that is no reverse zone: what PTR records point into.
    package let primaryZone: DomainName
    /// The URL of the API server; nil inside the cluster, or where the kubeconfig says it.
    package private(set) var endpoint: String?
    /// Used together with `endpoint`.
    package private(set) var clientCertificate: ClientCertificate?
    /// Goes before `endpoint`.
    package private(set) var kubeconfig: Kubeconfig?
    /// The most requests to the API in a second; nil for the client's own limit.
    package private(set) var requestsPerSecond: Double?
    /// The most requests at once beyond that rate.
    package private(set) var requestBurst: Int?
    /// The most requests that may be under way.
    package private(set) var maximumRequests: Int?
    /// The namespaces that names are answered for; empty for all.
    package private(set) var namespaces: [String] = []
    /// Chooses Services, EndpointSlices and Pods; nil for all.
    package private(set) var labels: Labels?
    /// Chooses namespaces; nil for all. Never set together with `namespaces`.
    package private(set) var namespaceLabels: Labels?
    package private(set) var pods = Pods.disabled
    /// Whether endpoints without a host name are called as their pods.
    package private(set) var usesPodNames = false
    /// Of all records, 0 to 3600 seconds.
    package private(set) var ttl: UInt32 = 5
    /// Whether there are names of headless Services and endpoints.
    package private(set) var servesEndpoints = true
    package private(set) var fallThrough = Fallthrough.never
    /// `ignore empty_service`: a ClusterIP Service without ready endpoints does not exist.
    package private(set) var ignoresEmptyServices = false
    /// Zones of the multi-cluster Services API, all of them among `zones`.
    package private(set) var multiclusterZones: [DomainName] = []
    /// How long the start waits for the first state of the cluster.
    package private(set) var startupTimeout = Duration.seconds(5)
    /// Whether endpoints of headless Services can be asked for by topology zone.
    package private(set) var servesTopologyZones = false
    package private(set) var warnings: [CorefileError] = []

    package init(_ lines: [CorefileLine], in block: ServerBlock) throws(CorefileError) {
        let line = try lines.single()
        zones = try line.zones(in: block)
        guard let primary = zones.first(where: { !ReverseZone.contains($0) }) else {
            throw line.error("has reverse zones only", wanted: "write the cluster's zone first, as cluster.local")
        }
        primaryZone = primary
        for option in line.options {
            try option.expectNoBlock()
            try read(option)
        }
        let names = line.options.map(\.name)
        if !namespaces.isEmpty, namespaceLabels != nil,
            let second = line.options.last(where: { ["namespaces", "namespace_labels"].contains($0.name) })
        {
            throw second.error("may not stand together with its twin", wanted: "write namespaces or namespace_labels")
        }
        if let last = line.options.last(where: { $0.name == "multicluster" }) {
            for zone in multiclusterZones where !zones.contains(zone) {
                throw last.error("names \(zone), which is no zone of kubernetes here", wanted: "add it to the zones")
            }
        }
        if clientCertificate != nil, endpoint == nil, let tls = line.options.first(where: { $0.name == "tls" }) {
            warnings.append(tls.error("has no effect without endpoint"))
        }
        if names.contains("kubeconfig"), let endpoint = line.options.first(where: { $0.name == "endpoint" }) {
            warnings.append(endpoint.error("has no effect beside kubeconfig"))
        }
    }

    private static let options = [
        "endpoint", "tls", "kubeconfig", "apiserver_qps", "apiserver_burst", "apiserver_max_inflight", "namespaces",
        "labels", "namespace_labels", "pods", "endpoint_pod_names", "ttl", "noendpoints", "fallthrough", "ignore",
        "multicluster", "startup_timeout", "zonal",
    ]

    private mutating func read(_ option: CorefileLine) throws(CorefileError) {
        switch option.name {
        case "endpoint", "tls", "kubeconfig", "apiserver_qps", "apiserver_burst", "apiserver_max_inflight",
            "startup_timeout":
            try readConnection(option)
        case "namespaces":
            guard !option.arguments.isEmpty else { throw option.error("needs the names of namespaces") }
            namespaces = (namespaces + option.arguments.map(\.text)).unrepeated
        case "labels": labels = try Self.labels(option)
        case "namespace_labels": namespaceLabels = try Self.labels(option)
        case "pods":
            let argument = try option.argument()
            guard let mode = Pods(rawValue: argument.text) else {
                throw argument.error("is no mode of pods", wanted: "write disabled, insecure or verified")
            }
            pods = mode
        case "endpoint_pod_names":
            try option.expect(0...0)
            usesPodNames = true
        case "ttl": ttl = UInt32(try option.argument().integer(in: 0...3600))
        case "noendpoints":
            try option.expect(0...0)
            servesEndpoints = false
        case "fallthrough": fallThrough = try Fallthrough(option)
        case "ignore":
            let argument = try option.argument()
            guard argument.text == "empty_service" else {
                throw argument.error("cannot be ignored", wanted: "write empty_service")
            }
            ignoresEmptyServices = true
        case "multicluster":
            multiclusterZones = (multiclusterZones + (try option.argumentZones())).unrepeated
        case "zonal":
            try option.expect(0...0)
            servesTopologyZones = true
        case "resyncperiod", "upstream", "transfer":
            throw option.error(
                "is an option of old versions of CoreDNS, gone from kubernetes since 1.7", wanted: "delete it")
        default:
            throw option.unknown(in: "kubernetes", known: Self.options)
        }
    }

    private mutating func readConnection(_ option: CorefileLine) throws(CorefileError) {
        switch option.name {
        case "endpoint":
            guard let first = option.arguments.first else { throw option.error("needs a URL") }
            guard first.text.hasPrefix("http://") || first.text.hasPrefix("https://"), first.text.utf8.count <= 2048
            else { throw first.error("is no URL of an API server", wanted: "write one as https://10.96.0.1:443") }
            endpoint = first.text
            if let second = option.arguments.dropFirst().first {
                warnings.append(second.error("has no effect: only the first endpoint is used, as in CoreDNS"))
            }
        case "tls":
            try option.expect(3...3)
            let files = option.arguments.map(\.text)
            clientCertificate = ClientCertificate(
                certificateFile: files[0], keyFile: files[1], authorityFile: files[2])
        case "kubeconfig":
            try option.expect(1...2)
            let words = option.arguments.map(\.text)
            kubeconfig = Kubeconfig(file: words[0], context: words.dropFirst().first)
        case "apiserver_qps":
            let argument = try option.argument()
            guard let rate = Double(argument.text), rate.isFinite, rate > 0 else {
                throw argument.error("is no rate", wanted: "write requests in a second, more than 0")
            }
            requestsPerSecond = rate
        case "apiserver_burst": requestBurst = try option.argument().integer(in: 1...1_000_000)
        case "apiserver_max_inflight": maximumRequests = try option.argument().integer(in: 1...1_000_000)
        default: startupTimeout = try option.argument().durationOrSeconds()
        }
    }

    /// Words with blanks between them are one expression: `environment in (staging, qa),application=nginx`.
    private static func labels(_ option: CorefileLine) throws(CorefileError) -> Labels {
        guard let first = option.arguments.first else { throw option.error("needs a label selector") }
        let text = option.arguments.map(\.text).joined(separator: " ")
        do throws(SelectorError) {
            return Labels(text: text, selector: try LabelSelector(parsing: text))
        } catch {
            throw first.error("begins no label selector: \(error)")
        }
    }
}
