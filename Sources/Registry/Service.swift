/// A stable name and a stable virtual IP for a set of endpoints (Kubernetes core/v1 Service).
package struct Service: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case clusterIP = "ClusterIP"
        case nodePort = "NodePort"
        case loadBalancer = "LoadBalancer"
        case externalName = "ExternalName"
    }

    package enum FamilyPolicy: String, Hashable, Sendable, CaseIterable {
        case singleStack = "SingleStack"
        case preferDualStack = "PreferDualStack"
        case requireDualStack = "RequireDualStack"
    }

    package enum TrafficPolicy: String, Hashable, Sendable, CaseIterable {
        case cluster = "Cluster"
        case local = "Local"
    }

    package enum SessionAffinity: String, Hashable, Sendable, CaseIterable {
        case none = "None"
        case clientIP = "ClientIP"
    }

    package struct Port: Hashable, Sendable {
        /// Empty where the Service has one port without a name.
        package var name: String
        package var transport: TransportProtocol
        package var port: Int
        package var targetPort: IntegerOrString?
        /// 0 where none was asked for or given.
        package var nodePort: Int

        package init(
            name: String = "", transport: TransportProtocol = .tcp, port: Int, targetPort: IntegerOrString? = nil,
            nodePort: Int = 0
        ) {
            self.name = name
            self.transport = transport
            self.port = port
            self.targetPort = targetPort
            self.nodePort = nodePort
        }
    }

    package var metadata: ObjectMetadata
    package var kind: Kind
    /// As written: an address, `None` for a headless Service, or empty where none was asked for or given.
    package var clusterIP: String
    /// As written; the first repeats `clusterIP`.
    package var clusterIPs: [String]
    package var families: [IPFamily]
    package var familyPolicy: FamilyPolicy?
    package var ports: [Port]
    package var selector: [String: String]
    /// The target of an ExternalName Service, a name without or with a trailing dot.
    package var externalName: String
    package var externalIPs: [String]
    package var sessionAffinity: SessionAffinity?
    package var sessionAffinityTimeout: Int?
    package var internalTrafficPolicy: TrafficPolicy?
    package var externalTrafficPolicy: TrafficPolicy?
    package var healthCheckNodePort: Int
    package var allocatesLoadBalancerNodePorts: Bool?
    package var publishesNotReadyAddresses: Bool
    package var trafficDistribution: String

    package init(metadata: ObjectMetadata, kind: Kind = .clusterIP, ports: [Port] = []) {
        self.metadata = metadata
        self.kind = kind
        self.ports = ports
        clusterIP = ""
        clusterIPs = []
        families = []
        familyPolicy = nil
        selector = [:]
        externalName = ""
        externalIPs = []
        sessionAffinity = nil
        sessionAffinityTimeout = nil
        internalTrafficPolicy = nil
        externalTrafficPolicy = nil
        healthCheckNodePort = 0
        allocatesLoadBalancerNodePorts = nil
        publishesNotReadyAddresses = false
        trafficDistribution = ""
    }

    init(_ reader: FieldReader) {
        let spec = reader.object("spec")
        metadata = ObjectMetadata(reader.member("metadata"))
        kind = spec.member("type").choice(of: Kind.self) ?? .clusterIP
        clusterIP = spec.member("clusterIP").string() ?? ""
        clusterIPs = spec.member("clusterIPs").strings()
        families = spec.member("ipFamilies").elements().compactMap { $0.choice(of: IPFamily.self) }
        familyPolicy = spec.member("ipFamilyPolicy").choice(of: FamilyPolicy.self)
        ports = spec.member("ports").elements().map(Port.init)
        selector = spec.member("selector").stringMap()
        externalName = spec.member("externalName").string() ?? ""
        externalIPs = spec.member("externalIPs").strings()
        sessionAffinity = spec.member("sessionAffinity").choice(of: SessionAffinity.self)
        sessionAffinityTimeout =
            spec.object("sessionAffinityConfig").object("clientIP").member("timeoutSeconds").integer()
        internalTrafficPolicy = spec.member("internalTrafficPolicy").choice(of: TrafficPolicy.self)
        externalTrafficPolicy = spec.member("externalTrafficPolicy").choice(of: TrafficPolicy.self)
        healthCheckNodePort = spec.member("healthCheckNodePort").integer() ?? 0
        allocatesLoadBalancerNodePorts = spec.member("allocateLoadBalancerNodePorts").bool()
        publishesNotReadyAddresses = spec.member("publishNotReadyAddresses").bool() ?? false
        trafficDistribution = spec.member("trafficDistribution").string() ?? ""
    }

    /// Whether the Service asked to go without a virtual IP (first cluster IP `None`).
    package var isHeadless: Bool { kind != .externalName && (clusterIPs.first ?? clusterIP) == "None" }

    /// The virtual IPs, in the order of `clusterIPs`; empty while none was given.
    package var virtualIPs: [IPAddress] {
        guard kind != .externalName else { return [] }
        return (clusterIPs.isEmpty ? [clusterIP] : clusterIPs).compactMap { IPAddress($0) }
    }
}

extension Service.Port {
    init(_ reader: FieldReader) {
        reader.expectObject()
        name = reader.member("name").string() ?? ""
        transport = reader.member("protocol").choice(of: TransportProtocol.self) ?? .tcp
        port = reader.member("port").integer() ?? 0
        targetPort = reader.member("targetPort").integerOrString()
        nodePort = reader.member("nodePort").integer() ?? 0
    }
}

/// A transport protocol as Kubernetes spells it.
package enum TransportProtocol: String, Hashable, Sendable, CaseIterable {
    case tcp = "TCP"
    case udp = "UDP"
    case sctp = "SCTP"

    /// The spelling of environment variables' values and, behind an underscore, of SRV owner names.
    package var lowercased: String {
        switch self {
        case .tcp: "tcp"
        case .udp: "udp"
        case .sctp: "sctp"
        }
    }
}
