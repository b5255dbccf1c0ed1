import ArgumentParser
import Glibc
import PodEnvironment
import Registry

extension DNSPolicy: ExpressibleByArgument {}

/// `swiftlet resolv-conf`: the resolver configuration of a pod.
struct ResolvConfCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resolv-conf",
        abstract: "Write the resolv.conf of a pod of a namespace.",
        discussion: """
            The cluster's nameservers are those of --nameserver, else (with a registry) the cluster IPs of the Service \
            kube-system/kube-dns, else the addresses on which a server of that registry listens, else 127.0.0.1. A \
            registry is asked where an option or $SWIFTLET_SERVER names one, and otherwise none is.
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

    func run() async throws {
        let reporter = Reporter(command: "resolv-conf")
        do {
            let request: ResolvConfRequest
            do {
                request = try ResolvConfRequest(namespace: namespace, query: try items(), itemPrefix: "--")
            } catch let error as PodRequestError {
                throw CommandFailure(error)
            }
            let (zone, nameservers) = try await cluster(for: request)
            let file: RequestedFile
            do {
                file = try request.file(zone: zone, nameservers: nameservers.addresses)
            } catch {
                throw CommandFailure(error)
            }
            (nameservers.warnings + file.warnings).forEach(reporter.report)
            try OutputFile(path: output).replace(by: file.text)
        } catch let failure as CommandFailure {
            throw reporter.exitCode(for: failure)
        }
    }

    private func items() throws(CommandFailure) -> [(String, String)] {
        var items = nameservers.map { ("nameserver", $0) } + addedNameservers.map { ("dns-nameserver", $0) }
        items += addedSearches.map { ("dns-search", $0) } + addedOptions.map { ("dns-option", $0) }
        items += [
            ("policy", policy.rawValue), ("host-network", "\(hostNetwork)"), ("node-resolv-conf", try nodeFile()),
        ]
        if let zone { items.append(("zone", zone)) }
        return items
    }

    /// What the registry tells of the cluster, as far as it is needed.
    private func cluster(
        for request: ResolvConfRequest
    ) async throws(CommandFailure) -> (zone: String, ClusterNameservers) {
        let nothing = ("", ClusterNameservers(services: [], listeners: []))
        guard registry.isNamed, request.needsNameservers || request.needsZone else { return nothing }
        return try await registry.withRegistry { registry throws(CommandFailure) in
            let server = try await registry.server()
            guard request.needsNameservers else { return (server?.zone ?? "", nothing.1) }
            return (
                server?.zone ?? "",
                ClusterNameservers(
                    services: try await registry.services(),
                    listeners: server?.listeners ?? [])
            )
        }
    }

    /// The text of the node's file; empty for a node without one.
    private func nodeFile() throws(CommandFailure) -> String {
        guard !nodeResolvConf.isEmpty else { return "" }
        guard let bytes = OutputFile.read(nodeResolvConf, limit: NodeResolver.fileLimit) else {
            throw CommandFailure(
                .badData,
                "the node's \(nodeResolvConf) cannot be read: \(CommandFailure.text(ofErrno: errno)); "
                    + "name another by --node-resolv-conf FILE")
        }
        let text = String(decoding: bytes, as: UTF8.self)
        do {
            _ = try NodeResolver(parsing: text)
        } catch {
            throw CommandFailure(.badData, "\(nodeResolvConf): \(error)")
        }
        // An empty file has no lines that matter; an empty text would mean that there is none.
        return text.isEmpty ? "\n" : text
    }
}
