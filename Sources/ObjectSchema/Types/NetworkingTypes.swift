extension SchemaTable {
    /// Service address ranges and the addresses handed out from them (networking.k8s.io/v1).
    static let networking = SchemaTable(
        group: "io.k8s.api.networking.v1",
        """
        IPAddress kind -- Says that an address is taken, and by whom; its name is the address.
          metadata 1 ObjectMeta -- Name, labels and history.
          spec 2 IPAddressSpec! -- Who has the address.
        IPAddressSpec -- Who has an address.
          parentRef 1 ParentReference?! -- The object that has it, mostly a Service.
        ParentReference -- The object that an address belongs to.
          group 1 string -- The API group of its kind.
          resource 2 string! -- Its kind, as it stands in URLs.
          namespace 3 string -- Its Namespace.
          name 4 string! -- Its name.
        ServiceCIDR kind -- Ranges that virtual IPs of Services are taken from.
          metadata 1 ObjectMeta -- Name, labels and history.
          spec 2 ServiceCIDRSpec -- The ranges.
          status 3 ServiceCIDRStatus -- Whether they are in use.
        ServiceCIDRSpec -- Ranges for virtual IPs.
          cidrs 1 [string] -- One range, or one of each family; they cannot be changed.
        ServiceCIDRStatus -- The state of ranges for virtual IPs.
          conditions 1 [Condition] merge=type keys=type -- Ready tells whether addresses are taken from the ranges.
        """)
}
