import AddressAllocator
import Registry

/// What a store is run with; read once, at start.
package struct StoreSettings: Sendable {
    /// Where virtual IPs come from where nobody ever said it.
    static let defaultServiceCIDRs = [CIDR("10.96.0.0/16")].compactMap { $0 }

    /// Where virtual IPs come from; the first one's family is the default. Without any, Services stay pending; nil stands
    /// for what the registry was last started with.
    package var serviceCIDRs: [CIDR]?
    package var nodePorts: ClosedRange<Int>
    /// How long a released address is not handed out automatically, in seconds.
    ///
    /// Five minutes unless told otherwise: longer than any resolver or client is asked to keep the answer (30 s), and
    /// than most connection pools keep a connection that nobody answers.
    package var quarantineSeconds: Int64
    /// How many changes are kept for watches that ask for what happened since a version.
    package var retainedEvents: Int
    /// How many bytes of text they have at most, with what each object was before; the newest one is kept in any case.
    package var retainedBytes: Int

    package init(
        serviceCIDRs: [CIDR]? = nil,
        nodePorts: ClosedRange<Int> = NodePortAllocator.defaultRange,
        quarantineSeconds: Int64 = 300, retainedEvents: Int = 10_000, retainedBytes: Int = 256 << 20
    ) {
        self.serviceCIDRs = serviceCIDRs
        self.nodePorts = nodePorts
        self.quarantineSeconds = quarantineSeconds
        self.retainedEvents = retainedEvents
        self.retainedBytes = retainedBytes
    }
}
