extension SchemaTable {
    /// Leases (coordination.k8s.io/v1).
    static let leases = SchemaTable(
        group: "io.k8s.api.coordination.v1",
        """
        Lease kind -- A claim that has to be renewed: who leads, or whether a node is alive.
          metadata 1 ObjectMeta -- Name, labels and history.
          spec 2 LeaseSpec -- The claim.
        LeaseSpec -- Who holds a lease, and for how long.
          holderIdentity 1 string? -- Who holds it.
          leaseDurationSeconds 2 int32? -- How long after its renewal others must wait before they take it.
          acquireTime 3 microTime? -- When the holder got it.
          renewTime 4 microTime? -- When the holder last renewed it.
          leaseTransitions 5 int32? -- How often it has changed hands.
          strategy 6 string? named=v1.CoordinatedLeaseStrategy
          -- How the next holder is chosen, in coordinated elections.
          preferredHolder 7 string? -- Who should hold it next, in coordinated elections.
        """)
}
