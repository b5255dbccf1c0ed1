extension SchemaTable {
    /// EndpointSlices (discovery.k8s.io/v1).
    static let endpointSlices = SchemaTable(
        group: "io.k8s.api.discovery.v1",
        """
        EndpointSlice kind -- Some of the endpoints of a Service, which the label kubernetes.io/service-name names.
          metadata 1 ObjectMeta -- Name, labels and history.
          addressType 4 string! named=v1.AddressType
          -- IPv4, IPv6 or FQDN: what the addresses are; it never changes.
          endpoints 2 [Endpoint]! -- The endpoints, a thousand at most.
          ports 3 [EndpointSlicePort] -- The ports of each endpoint, a hundred at most.
        Endpoint -- One backend of a Service.
          addresses 1 [string]! set -- Its addresses, all alike; only the first one is used.
          conditions 2 EndpointConditions -- Whether it takes traffic.
          hostname 3 string? -- The name of the endpoint below that of the Service, in the DNS.
          targetRef 4 ObjectReference? -- The object behind the endpoint, mostly a Pod.
          deprecatedTopology 5 {string} -- Labels of the node, from an older version; cannot be written.
          nodeName 6 string? -- The node that it is on.
          zone 7 string? -- The zone that it is in.
          hints 8 EndpointHints? -- Who should use it.
        EndpointConditions -- Whether an endpoint takes traffic.
          ready 1 bool? -- Whether it takes traffic; true where nothing is said.
          serving 2 bool? -- Whether it could take traffic, be it ending or not; as ready where nothing is said.
          terminating 3 bool? -- Whether it is ending; false where nothing is said.
        EndpointHints -- Who should use an endpoint.
          forZones 1 [ForZone] -- Clients in these zones.
          forNodes 2 [ForNode] -- Clients on these nodes.
        ForZone -- A zone whose clients should use an endpoint.
          name 1 string! -- The name of the zone.
        ForNode -- A node whose clients should use an endpoint.
          name 1 string! -- The name of the node.
        EndpointSlicePort as EndpointPort atomic -- One port of the endpoints of a slice.
          name 1 string? -- The name of the port in the Service; unique in the slice.
          protocol 2 string? named=v1.Protocol -- TCP, UDP or SCTP; TCP where nothing is said.
          port 3 int32? -- The number; all ports are meant where there is none.
          appProtocol 4 string? -- What is spoken on the port: a name of IANA's or one with a prefix.
        """)
}
