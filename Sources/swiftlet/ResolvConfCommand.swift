import ArgumentParser
import EmbeddedRegistry
import Glibc
import PodEnvironment
import Registry

extension DNSPolicy: ExpressibleByArgument {}

/// `swiftlet resolv-conf`: the resolver configuration of a pod.
struct ResolvConfCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resolv-conf",
        abstract: "Write the resolv.conf of a pod of a namespace.",
        discussion: """
            The cluster's nameservers are those of --nameserver, else (with --data) the cluster IPs of the Service \
            kube-system/kube-dns, else the addresses on which a server of that registry listens, else 127.0.0.1.
            """)

    @OptionGroup var registry: RegistryOptions

    @Option(name: .shortAndLong, help: ArgumentHelp("The namespace of the pod.", valueName: "ns"))
    var namespace: String

    @Option(
        help: ArgumentHelp(
            "The pod's dnsPolicy: \(DNSPolicy.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "policy"))
    var policy: DNSPolicy = .clusterFirst

    @Flag(help: "The pod shares the node's network: ClusterFirst then means Default.")
    var hostNetwork = false

    @Option(
        name: [.customLong("nameserver"), .customLong("cluster-dns")], parsing: .upToNextOption,
        help: ArgumentHelp("Addresses of the cluster's DNS.", valueName: "ip"))
    var nameservers: [String] = []

    @Option(
        name: [.customLong("zone"), .customLong("cluster-domain")],
        help: ArgumentHelp(
            "The cluster's zone. (default: the one the registry's server answers for, else cluster.local)",
            valueName: "zone"))
    var zone: String?

    @Option(name: .customLong("dns-nameserver"), help: ArgumentHelp("dnsConfig: one more nameserver.", valueName: "ip"))
    var addedNameservers: [String] = []

    @Option(name: .customLong("dns-search"), help: ArgumentHelp("dnsConfig: one more domain.", valueName: "domain"))
    var addedSearches: [String] = []

    @Option(
        name: .customLong("dns-option"),
        help: ArgumentHelp("dnsConfig: one more resolver option.", valueName: "name[:value]"))
    var addedOptions: [String] = []

    @Option(
        help: ArgumentHelp("The node's own file; empty for a node without one.", valueName: "file"))
    var nodeResolvConf: String = "/etc/resolv.conf"

    @Option(
        name: .shortAndLong, help: ArgumentHelp("The file to write, instead of standard output.", valueName: "file"))
    var output: String?

    func run() throws {
        let reporter = Reporter(command: "resolv-conf")
        do {
            guard NameRules.isLabel(namespace) else {
                throw CommandFailure(
                    .usage, "--namespace '\(namespace)' is no namespace: use at most 63 of a-z, 0-9 and '-'")
            }
            let configuration: ResolverConfiguration
            let (cluster, warnings) = try cluster()
            do {
                configuration = try ResolverConfiguration(
                    policy: policy, hostNetwork: hostNetwork, namespace: namespace, cluster: cluster, node: try node(),
                    dnsConfig: PodDNSConfig(
                        nameservers: addedNameservers, searches: addedSearches,
                        options: addedOptions.map(ResolverOption.init(text:))))
            } catch PodEnvironmentError.invalidDNSConfig(let violations) {
                throw CommandFailure(.usage, violations.map(Self.message).joined(separator: "; "))
            }
            (warnings + configuration.warnings.map(\.description)).forEach(reporter.report)
            try OutputFile(path: output).replace(by: configuration.text)
        } catch let failure as CommandFailure {
            throw reporter.exitCode(for: failure)
        }
    }

    /// Whether the configuration is made of the cluster's DNS.
    private var usesClusterDNS: Bool {
        policy == .clusterFirstWithHostNet || (policy == .clusterFirst && !hostNetwork)
    }

    private func cluster() throws(CommandFailure) -> (ResolverConfiguration.Cluster, warnings: [String]) {
        var cluster = ResolverConfiguration.Cluster(nameservers: try givenNameservers(), zone: try givenZone() ?? "")
        guard usesClusterDNS else { return (cluster, []) }
        var warnings: [String] = []
        if registry.directory != nil, cluster.nameservers.isEmpty || zone == nil {
            let reader = try registry.open()
            let server = try registry.server(of: reader)
            if zone == nil { cluster.zone = server?.zone ?? "" }
            if cluster.nameservers.isEmpty {
                cluster.nameservers =
                    try registry.services(of: reader)
                    .first { $0.metadata.id == NamespacedName(namespace: "kube-system", name: "kube-dns") }?
                    .virtualIPs ?? []
            }
            if cluster.nameservers.isEmpty, let server {
                (cluster.nameservers, warnings) = Self.nameservers(of: server)
            }
        }
        if zone == nil && cluster.zone.isEmpty { cluster.zone = "cluster.local" }
        if cluster.nameservers.isEmpty {
            cluster.nameservers = [.v4(0x7f00_0001)]
            warnings.append(
                "no address of the cluster's DNS is known, 127.0.0.1 is written; name it by --nameserver IP")
        }
        return (cluster, warnings)
    }

    /// The addresses a server listens on, and what a resolv.conf cannot say of them.
    private static func nameservers(of server: ServerRecord) -> ([IPAddress], warnings: [String]) {
        var addresses: [IPAddress] = []
        for listener in server.listeners where !addresses.contains(listener.address) {
            addresses.append(listener.address)
        }
        let others = Set(server.listeners.map(\.port)).subtracting([53]).sorted()
        guard !others.isEmpty else { return (addresses, []) }
        let ports = others.map { "\($0)" }.joined(separator: ", ")
        return (
            addresses,
            ["the server listens on port \(ports); a resolv.conf names no port and resolvers ask port 53"]
        )
    }

    private func givenNameservers() throws(CommandFailure) -> [IPAddress] {
        try nameservers.flatMap { $0.split(separator: ",") }.map { text throws(CommandFailure) in
            guard let address = IPAddress(String(text)) else {
                throw CommandFailure(.usage, "--nameserver '\(text)' is no IP address")
            }
            return address
        }
    }

    private func givenZone() throws(CommandFailure) -> String? {
        guard let zone else { return nil }
        let name = zone.hasSuffix(".") ? String(zone.dropLast()) : zone
        guard name.isEmpty || NameRules.isSubdomain(name) else {
            throw CommandFailure(.usage, "--zone '\(zone)' is no domain: write it as cluster.local")
        }
        return name
    }

    private func node() throws(CommandFailure) -> NodeResolver? {
        guard !nodeResolvConf.isEmpty else { return nil }
        guard let bytes = OutputFile.read(nodeResolvConf, limit: NodeResolver.fileLimit) else {
            throw CommandFailure(
                .other,
                "the node's \(nodeResolvConf) cannot be read: \(CommandFailure.text(ofErrno: errno)); "
                    + "name another by --node-resolv-conf FILE")
        }
        do {
            return try NodeResolver(parsing: String(decoding: bytes, as: UTF8.self))
        } catch {
            throw CommandFailure(.badData, "\(nodeResolvConf): \(error)")
        }
    }

    /// A broken rule of dnsConfig in the words of the command line.
    private static func message(_ violation: FieldViolation) -> String {
        let flags = ["nameservers": "--dns-nameserver", "searches": "--dns-search", "options": "--dns-option"]
        for component in violation.path.components {
            if case .member(let field) = component, let flag = flags[field] {
                return "\(flag): \(violation.message)"
            }
        }
        return violation.description
    }
}
