extension SchemaTable {
    /// Every type that the kinds served are made of.
    static let all: [SchemaTable] = [
        .metadata,
        .namespaces,
        .services,
        .endpoints,
        .endpointSlices,
        .networking,
        .leases,
        .events,
        .nodes,
        .pods,
        .podStatus,
        .scheduling,
        .containers,
        .environment,
        .probes,
        .containerStatus,
        .security,
        .volumes,
        .projectedVolumes,
        .storageVolumes,
    ]
}
