import DNS
import Registry

/// The records of one type at one name, with what goes along in the additional section.
package struct TypedAnswer: Hashable, Sendable {
    package let type: RecordType
    /// Those that a message can hold, and one more where there are more.
    package let records: [Record]
    package let additionals: [Record]
    /// The record is a CNAME, to be followed for this type.
    package let isAlias: Bool

    package init(type: RecordType, records: [Record], additionals: [Record] = [], isAlias: Bool = false) {
        self.type = type
        self.records = records
        self.additionals = additionals
        self.isAlias = isAlias
    }
}

/// What becomes of one name.
package enum ZoneChange: Hashable, Sendable {
    /// The name exists in the zone, with these answers and no others; none at all is an empty non-terminal.
    case set(DomainName, zone: DomainName, answers: [TypedAnswer])
    /// The name does not exist any more.
    case remove(DomainName)
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
