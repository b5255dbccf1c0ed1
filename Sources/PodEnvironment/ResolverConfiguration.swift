import Registry

/// Whose resolver configuration a Pod gets (Kubernetes core/v1 `dnsPolicy`).
package enum DNSPolicy: String, Hashable, Sendable, CaseIterable {
    case clusterFirst = "ClusterFirst"
    case clusterFirstWithHostNet = "ClusterFirstWithHostNet"
    case `default` = "Default"
    case none = "None"
}

/// A container's resolv.conf as the kubelet makes it: a policy's base, the Pod's additions, the limits of resolvers.
package struct ResolverConfiguration: Hashable, Sendable {
    /// How many nameservers a resolver asks (glibc `MAXNS`).
    package static let nameserverLimit = 3
    package static let searchLimit = 32
    /// The longest search domain, in bytes; older glibc aborts on longer ones.
    package static let searchDomainLimit = 253
    /// The longest search line, spaces between the domains counted.
    package static let searchLineLimit = 2048

    /// The cluster's own DNS.
    package struct Cluster: Hashable, Sendable {
        package var nameservers: [IPAddress]
        /// Without a trailing dot; empty for a cluster whose names are not to be searched.
        package var zone: String

        package init(nameservers: [IPAddress], zone: String) {
            self.nameservers = nameservers
            self.zone = zone
        }
    }

    /// What the reader of the configuration ought to know; the configuration holds all the same.
    package enum Warning: Hashable, Sendable {
        /// The policy asks for the cluster's DNS, and none is known; the node's was taken.
        case clusterDNSMissing(DNSPolicy)
        case nameserversOmitted([String])
        case searchesOmitted([String])
    }

    package private(set) var nameservers: [String]
    package private(set) var searches: [String]
    package private(set) var options: [String]
    package private(set) var warnings: [Warning]

    /// Makes the configuration of a Pod of `namespace`.
    ///
    /// - Parameters:
    ///   - hostNetwork: whether the Pod shares the node's network, where ClusterFirst means Default.
    ///   - node: nil where the node is set up to have no resolver file; Default is then a loopback address, of the
    ///     first of `nodeFamilies`, and no search.
    package init(
        policy: DNSPolicy, hostNetwork: Bool = false, namespace: String, cluster: Cluster, node: NodeResolver?,
        nodeFamilies: [IPFamily] = [.ipv4], dnsConfig: PodDNSConfig = PodDNSConfig()
    ) throws(PodEnvironmentError) {
        let violations = dnsConfig.validate(policy: policy)
        guard violations.isEmpty else { throw .invalidDNSConfig(violations) }
        warnings = []
        switch Self.base(policy, hostNetwork: hostNetwork, cluster: cluster) {
        case .nothing:
            (nameservers, searches, options) = ([], [], [])
        case .cluster:
            nameservers = cluster.nameservers.map(\.description)
            let zone = cluster.zone
            let clusterSearches = zone.isEmpty ? [] : ["\(namespace).svc.\(zone)", "svc.\(zone)", zone]
            searches = Self.withoutDuplicates(clusterSearches + (node?.searches ?? []))
            options = ["ndots:5"]
        case .node(let isFallback):
            if isFallback { warnings.append(.clusterDNSMissing(policy)) }
            if let node {
                (nameservers, searches, options) = (node.nameservers, node.searches, node.options)
            } else {
                nameservers = nodeFamilies.isEmpty ? ["127.0.0.1"] : []
                nameservers += nodeFamilies.map { $0 == .ipv4 ? "127.0.0.1" : "::1" }
                (searches, options) = (["."], [])
            }
        }
        merge(dnsConfig)
        limitNameservers()
        limitSearches()
    }

    /// The file as container runtimes write it: search, nameservers, options; a part that is empty has no line.
    package var text: String {
        var lines: [String] = []
        if !searches.isEmpty { lines.append("search " + searches.joined(separator: " ")) }
        lines += nameservers.map { "nameserver \($0)" }
        if !options.isEmpty { lines.append("options " + options.joined(separator: " ")) }
        return lines.map { $0 + "\n" }.joined()
    }

    private enum Base {
        case nothing
        case cluster
        case node(isFallback: Bool)
    }

    private static func base(_ policy: DNSPolicy, hostNetwork: Bool, cluster: Cluster) -> Base {
        switch policy {
        case .none: .nothing
        case .default: .node(isFallback: false)
        case .clusterFirst where hostNetwork: .node(isFallback: false)
        case .clusterFirst, .clusterFirstWithHostNet:
            cluster.nameservers.isEmpty ? .node(isFallback: true) : .cluster
        }
    }

    private mutating func merge(_ config: PodDNSConfig) {
        nameservers = Self.withoutDuplicates(nameservers + config.nameservers)
        searches = Self.withoutDuplicates(searches + config.searches)
        for option in config.options {
            if let place = options.firstIndex(where: { ResolverOption(text: $0).name == option.name }) {
                options[place] = option.text
            } else {
                options.append(option.text)
            }
        }
    }

    private mutating func limitNameservers() {
        guard nameservers.count > Self.nameserverLimit else { return }
        warnings.append(.nameserversOmitted(Array(nameservers[Self.nameserverLimit...])))
        nameservers = Array(nameservers.prefix(Self.nameserverLimit))
    }

    private mutating func limitSearches() {
        var omitted = Array(searches.dropFirst(Self.searchLimit))
        var kept: [String] = []
        for search in searches.prefix(Self.searchLimit) {
            if search.utf8.count > Self.searchDomainLimit {
                omitted.append(search)
            } else {
                kept.append(search)
            }
        }
        var length = kept.reduce(-1) { $0 + $1.utf8.count + 1 }
        while length > Self.searchLineLimit, let last = kept.popLast() {
            length -= last.utf8.count + 1
            omitted.append(last)
        }
        if !omitted.isEmpty { warnings.append(.searchesOmitted(omitted)) }
        searches = kept
    }

    /// Compares by exact text, as the kubelet does; the first of equal ones stays.
    private static func withoutDuplicates(_ texts: [String]) -> [String] {
        var seen: Set<String> = []
        return texts.filter { seen.insert($0).inserted }
    }
}

extension ResolverConfiguration.Warning: CustomStringConvertible {
    package var description: String {
        switch self {
        case .clusterDNSMissing(let policy):
            "no cluster DNS address is known, so \(policy.rawValue) falls back to Default"
        case .nameserversOmitted(let nameservers):
            "more than \(ResolverConfiguration.nameserverLimit) nameservers; left out: "
                + nameservers.joined(separator: " ")
        case .searchesOmitted(let searches):
            "the search list goes beyond \(ResolverConfiguration.searchLimit) domains, "
                + "\(ResolverConfiguration.searchDomainLimit) bytes a domain or "
                + "\(ResolverConfiguration.searchLineLimit) bytes in all; left out: " + searches.joined(separator: " ")
        }
    }
}
