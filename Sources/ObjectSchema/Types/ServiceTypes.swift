extension SchemaTable {
    /// Services (core/v1).
    static let services = SchemaTable(
        group: "io.k8s.api.core.v1",
        """
        Service kind -- A name and mostly a virtual IP, by which the Pods that a selector finds are reached.
          metadata 1 ObjectMeta -- Name, labels and history.
          spec 2 ServiceSpec -- What the Service is to do.
          status 3 ServiceStatus -- What is the case; written by the system.
        ServiceSpec -- What a Service is to do.
          ports 1 [ServicePort] merge=port keys=port,protocol -- The ports that clients may use.
          selector 2 {string} atomic
          -- Labels of the Pods behind the Service; without it others supply the endpoints, and ExternalName has
          -- none.
          clusterIP 3 string
          -- The first of clusterIPs: a virtual IP, None for a headless Service; assigned by the server where it is
          -- empty.
          clusterIPs 18 [string] -- The virtual IPs, one for each family, or None alone.
          type 4 string named=v1.ServiceType
          -- ClusterIP, NodePort, LoadBalancer or ExternalName; ClusterIP where nothing is said.
          externalIPs 5 [string]
          -- Further addresses that nodes take traffic for; who routes them there is the administrator's affair.
          sessionAffinity 7 string named=v1.ServiceAffinity
          -- ClientIP sends the connections of one client to one Pod; None, the default, does not.
          loadBalancerIP 8 string -- The address that is asked for from a load balancer; deprecated.
          loadBalancerSourceRanges 9 [string] -- The ranges whose addresses may use the load balancer.
          externalName 10 string -- For type ExternalName, the name that the Service is an alias of.
          externalTrafficPolicy 11 string named=v1.ServiceExternalTrafficPolicy
          -- Local keeps traffic from outside on the node where it comes in; Cluster spreads it.
          healthCheckNodePort 12 int32
          -- The port at which nodes tell a load balancer whether they have Pods of the Service; for Local only.
          publishNotReadyAddresses 13 bool
          -- Whether Pods that are not ready count as ready endpoints, in the DNS as well.
          sessionAffinityConfig 14 SessionAffinityConfig? -- The particulars of sessionAffinity.
          ipFamilies 19 [string] named=v1.IPFamily -- The families of clusterIPs in their order: IPv4, IPv6.
          ipFamilyPolicy 17 string? named=v1.IPFamilyPolicy -- SingleStack, PreferDualStack or RequireDualStack.
          allocateLoadBalancerNodePorts 20 bool?
          -- Whether a LoadBalancer gets node ports; true where nothing is said.
          loadBalancerClass 21 string?
          -- Which load balancer serves the Service; none of the system's own where it is set.
          internalTrafficPolicy 22 string? named=v1.ServiceInternalTrafficPolicy
          -- Local keeps traffic from Pods on their node; Cluster, the default, spreads it.
          trafficDistribution 23 string?
          -- Which endpoints are preferred: PreferSameZone, PreferSameNode or PreferClose.
        ServicePort -- One port of a Service.
          name 1 string
          -- The name, unique in the Service; needed where there are several ports, and by SRV records.
          protocol 2 string named=v1.Protocol -- TCP, UDP or SCTP; TCP where nothing is said.
          appProtocol 6 string? -- What is spoken on the port: a name of IANA's or one with a prefix.
          port 3 int32! -- The number at which clients reach the Service.
          targetPort 4 intOrString
          -- The port of the Pods, by its number or name; the same as port where nothing is said.
          nodePort 5 int32
          -- The port of every node, for NodePort and LoadBalancer; assigned by the server where it is 0.
        SessionAffinityConfig -- The particulars of sessionAffinity.
          clientIP 1 ClientIPConfig? -- Those of ClientIP.
        ClientIPConfig -- How connections of one client are held together.
          timeoutSeconds 1 int32? -- How long a client is remembered, in seconds; up to a day.
        ServiceStatus -- What is the case for a Service.
          loadBalancer 1 LoadBalancerStatus -- Where the load balancer is, if there is one.
          conditions 2 [Condition] merge=type keys=type -- Aspects of its state.
        LoadBalancerStatus -- Where a load balancer is reached.
          ingress 1 [LoadBalancerIngress] -- Its addresses and names.
        LoadBalancerIngress -- One way in.
          ip 1 string -- The address.
          hostname 2 string -- The name.
          ipMode 3 string? named=v1.LoadBalancerIPMode
          -- VIP leaves the destination of packets as it is, Proxy replaces it by a node or Pod.
          ports 4 [PortStatus] -- What is the case for single ports.
        PortStatus -- What is the case for one port of a load balancer.
          port 1 int32! -- The number of the port.
          protocol 2 string! named=v1.Protocol -- TCP, UDP or SCTP.
          error 3 string? -- What is wrong, as a CamelCase word.
        """)
}
