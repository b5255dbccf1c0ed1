import DNS
import Registry

/// What becomes of names.
package enum ZoneChange: Hashable, Sendable {
    /// The name exists in the zone, with these answers and no others; none at all is an empty non-terminal.
    case set(DomainName, zone: DomainName, answers: [TypedAnswer])
    /// The name does not exist any more.
    case remove(DomainName)
    /// A Service's name and all below it that are told with it answer like this, at once. Addresses refer to it by the
    /// number, where it has one.
    case setService(ServiceRecords, zone: DomainName, number: UInt32?)
    /// A Service's name and all that were told with it do not exist any more.
    case removeService(DomainName, number: UInt32?)
    /// The name of an address, in this zone, leads there.
    case setAddress(IPAddress, AddressLead, zone: DomainName)
    /// The name of an address does not exist any more, but for what `set` told of it.
    case removeAddress(IPAddress)
}

/// What the name of an address leads to.
package enum AddressLead: Hashable, Sendable {
    /// The Service with this number.
    case service(UInt32)
    /// The first endpoint with the address of the Service with this number.
    case endpoint(UInt32)
    /// What `set` has told of the address's name before.
    case name
}

/// How a zone tells its changes.
package enum ChangeForm: Sendable {
    /// Name by name.
    case names
    /// Services as a whole with the names below them, and where addresses lead; all else name by name.
    case services
}

/// The sort of Service that a change of endpoints was for, by the names of CoreDNS's label `service_kind`.
package enum ServiceSort: String, Hashable, Sendable, CaseIterable {
    case clusterIP = "cluster_ip"
    case headlessWithSelector = "headless_with_selector"
    case headlessWithoutSelector = "headless_without_selector"
}

/// A slice whose names have changed, and when what it tells of happened.
package struct ProgrammedChange: Hashable, Sendable {
    package let sort: ServiceSort
    /// `endpoints.kubernetes.io/last-change-trigger-time`.
    package let trigger: Timestamp

    package init(sort: ServiceSort, trigger: Timestamp) {
        self.sort = sort
        self.trigger = trigger
    }
}

/// What an event comes to.
package struct ZoneUpdate: Hashable, Sendable {
    /// Empty where the event changes nothing that DNS could see.
    package var changes: [ZoneChange] = []
    /// For the latency of programming; of the slices that came after the first list.
    package var programmed: [ProgrammedChange] = []
}
