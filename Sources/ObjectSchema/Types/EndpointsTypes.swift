extension SchemaTable {
    /// Endpoints, and references to objects (core/v1).
    static let endpoints = SchemaTable(
        group: "io.k8s.api.core.v1",
        """
        Endpoints kind -- The addresses behind a Service of the same name; EndpointSlices have taken its place.
          metadata 1 ObjectMeta -- Name, labels and history.
          subsets 2 [EndpointSubset] -- Addresses, grouped by the ports that they share.
        EndpointSubset -- Addresses that all have the same ports.
          addresses 1 [EndpointAddress] -- Those that take traffic.
          notReadyAddresses 2 [EndpointAddress] -- Those that do not take traffic yet, or any longer.
          ports 3 [EndpointPort] -- The ports of each address.
        EndpointAddress atomic -- One address behind a Service.
          ip 1 string! -- The address; not of loopback and not link-local.
          hostname 3 string -- The name of the endpoint below that of the Service, in the DNS.
          nodeName 4 string? -- The node that the endpoint is on.
          targetRef 2 ObjectReference? -- The object behind the address, mostly a Pod.
        EndpointPort atomic -- One port of endpoints.
          name 1 string -- The name of the port in the Service.
          port 2 int32! -- The number.
          protocol 3 string named=v1.Protocol -- TCP, UDP or SCTP; TCP where nothing is said.
          appProtocol 4 string? -- What is spoken on the port: a name of IANA's or one with a prefix.
        ObjectReference atomic -- Points to an object, or to a part of it.
          kind 1 string -- Its kind.
          namespace 2 string -- Its Namespace.
          name 3 string -- Its name.
          uid 4 string named=types.UID -- Its UID.
          apiVersion 5 string -- Group and version of its kind.
          resourceVersion 6 string -- The version that is meant.
          fieldPath 7 string -- The part that is meant, as spec.containers{web}.
        """)
}
