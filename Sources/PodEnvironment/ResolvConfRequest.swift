import Registry

/// What somebody asks to know of a pod's resolver configuration: `swiftlet resolv-conf`, and over HTTP.
package struct ResolvConfRequest: Sendable {
    package let namespace: String
    private let policy: DNSPolicy
    private let hostNetwork: Bool
    private let nameservers: [IPAddress]
    private let zone: String?
    private let dnsConfig: PodDNSConfig
    private let node: Node
    private let itemPrefix: String

    private enum Node {
        case unknown
        /// nil for a node without a resolver file.
        case known(NodeResolver?)
    }

    /// Reads a request out of items that are named as the options of `swiftlet resolv-conf`; other names are refused.
    ///
    /// - `nameserver` (or `cluster-dns`; several with commas between), `dns-nameserver`, `dns-search` and
    ///   `dns-option` may be repeated; `policy`, `host-network` and `zone` (or `cluster-domain`) stand once.
    /// - `node-resolv-conf` is the text of the node's file, empty for a node without one: nobody but the node has it.
    ///
    /// - Parameter itemPrefix: What stands before the name of an item in errors and warnings: `--` for options.
    package init(
        namespace: String, query: [(String, String)], itemPrefix: String = ""
    ) throws(PodRequestError) {
        var query = try PodQuery(namespace: namespace, items: query, itemPrefix: itemPrefix)
        self.itemPrefix = itemPrefix
        self.namespace = query.namespace
        policy =
            try query.value(of: "policy").map { item, value throws(PodRequestError) in
                guard let policy = DNSPolicy(rawValue: value) else {
                    let known = DNSPolicy.allCases.map(\.rawValue).joined(separator: ", ")
                    throw .invalidValue(item: item, value: value, reason: "is none of \(known)")
                }
                return policy
            } ?? .clusterFirst
        hostNetwork = try query.flag("host-network") ?? false
        let addresses = query.values(of: "nameserver", "cluster-dns").flatMap { item, value in
            value.split(separator: ",").map { (item: item, text: String($0)) }
        }
        nameservers = try addresses.map { item, text throws(PodRequestError) in
            guard let address = IPAddress(text) else {
                throw .invalidValue(item: item, value: text, reason: "is no IP address")
            }
            return address
        }
        zone = try query.value(of: "zone", "cluster-domain").map { item, value throws(PodRequestError) in
            let name = value.hasSuffix(".") ? String(value.dropLast()) : value
            guard name.isEmpty || NameRules.isSubdomain(name) else {
                throw .invalidValue(item: item, value: value, reason: "is no domain: write it as cluster.local")
            }
            return name
        }
        dnsConfig = PodDNSConfig(
            nameservers: query.values(of: "dns-nameserver").map(\.value),
            searches: query.values(of: "dns-search").map(\.value),
            options: query.values(of: "dns-option").map { ResolverOption(text: $0.value) })
        node = try query.value(of: "node-resolv-conf").map(Self.node) ?? .unknown
        try query.finish()
    }

    private static func node(item: String, text: String) throws(PodRequestError) -> Node {
        guard !text.isEmpty else { return .known(nil) }
        do {
            return .known(try NodeResolver(parsing: text))
        } catch {
            throw .invalidItem(item, reason: error.description)
        }
    }

    /// Whether the configuration is made of the cluster's DNS.
    package var usesClusterDNS: Bool {
        policy == .clusterFirstWithHostNet || (policy == .clusterFirst && !hostNetwork)
    }

    /// Whether the cluster's nameservers are still to be found out.
    package var needsNameservers: Bool { usesClusterDNS && nameservers.isEmpty }

    /// Whether the cluster's zone is still to be found out.
    package var needsZone: Bool { usesClusterDNS && zone == nil }

    /// The resolv.conf.
    ///
    /// - Parameters:
    ///   - zone: The cluster's zone without a trailing dot, where the request names none; empty for `cluster.local`.
    ///   - nameservers: The addresses of the cluster's DNS, where the request names none; without any, 127.0.0.1 is
    ///     written and a warning tells so.
    package func file(zone: String, nameservers: [IPAddress]) throws(PodRequestError) -> RequestedFile {
        var cluster = ResolverConfiguration.Cluster(nameservers: self.nameservers, zone: self.zone ?? "")
        var warnings: [String] = []
        if needsZone { cluster.zone = zone.isEmpty ? "cluster.local" : zone }
        if needsNameservers {
            cluster.nameservers = nameservers
            if nameservers.isEmpty {
                cluster.nameservers = [.v4(0x7f00_0001)]
                warnings.append(
                    "no address of the cluster's DNS is known, 127.0.0.1 is written; name it by \(itemPrefix)nameserver IP"
                )
            }
        }
        let node = try nodeResolver()
        let configuration: ResolverConfiguration
        do throws(PodEnvironmentError) {
            configuration = try ResolverConfiguration(
                policy: policy, hostNetwork: hostNetwork, namespace: namespace, cluster: cluster, node: node,
                dnsConfig: dnsConfig)
        } catch .invalidDNSConfig(let violations) {
            throw .invalidDNSConfig(violations.map(fault))
        } catch {
            throw .notMade(error)
        }
        return RequestedFile(
            text: configuration.text, warnings: warnings + configuration.warnings.map(\.description))
    }

    private func nodeResolver() throws(PodRequestError) -> NodeResolver? {
        switch node {
        case .known(let node): return node
        // The cluster's nameservers take the node's place, and without its search list the file holds all the same.
        case .unknown where usesClusterDNS || policy == .none: return NodeResolver()
        case .unknown:
            throw .invalidItem(
                itemPrefix + "node-resolv-conf",
                reason: "the policy Default is made of the node's resolv.conf, and nobody but the node has it: send it "
                    + "along, with curl by -G --data-urlencode node-resolv-conf@/etc/resolv.conf")
        }
    }

    /// A broken rule of dnsConfig under the name of the item.
    private func fault(_ violation: FieldViolation) -> PodRequestError.Fault {
        let items = ["nameservers": "dns-nameserver", "searches": "dns-search", "options": "dns-option"]
        for component in violation.path.components {
            if case .member(let field) = component, let item = items[field] {
                return PodRequestError.Fault(item: itemPrefix + item, reason: violation.message)
            }
        }
        return PodRequestError.Fault(item: "\(violation.path)", reason: violation.message)
    }
}
