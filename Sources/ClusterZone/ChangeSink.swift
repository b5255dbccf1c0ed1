import DNS
import Registry

/// Passes changes of names on, so that none disappears in between: what goes is told last, and not at all where it
/// has come again meanwhile.
struct ChangeSink {
    private let publish: (ZoneChange) -> Void
    private var removed: Set<DomainName> = []
    /// What has gone by a list and has not been told.
    private(set) var held: Set<DomainName>
    private var removedServices: [(owner: DomainName, number: UInt32?)] = []
    private var removedAddresses: Set<IPAddress> = []
    /// The same of addresses.
    private(set) var heldAddresses: Set<IPAddress>
    /// Whether anything has been told.
    private(set) var hasChanged = false

    /// - Parameters:
    ///   - held: names that have gone by a list before.
    ///   - addresses: the same of addresses.
    init(held: Set<DomainName>, addresses: Set<IPAddress> = [], _ publish: @escaping (ZoneChange) -> Void) {
        self.held = held
        heldAddresses = addresses
        self.publish = publish
    }

    /// - Parameter isFixedByName: the name says all that it answers, so that one which comes back is as it was.
    mutating func set(_ name: DomainName, zone: DomainName, answers: [TypedAnswer], isFixedByName: Bool = false) {
        let isBack = !removed.isEmpty && removed.remove(name) != nil || !held.isEmpty && held.remove(name) != nil
        if isBack, isFixedByName { return }
        hasChanged = true
        publish(.set(name, zone: zone, answers: answers))
    }

    mutating func remove(_ name: DomainName) {
        if !held.contains(name) { removed.insert(name) }
    }

    /// Tells a change at once.
    mutating func tell(_ change: ZoneChange) {
        hasChanged = true
        publish(change)
    }

    /// Tells at once that a name is gone: something else answers for it from now on.
    mutating func replace(_ name: DomainName) {
        removed.remove(name)
        held.remove(name)
        tell(.remove(name))
    }

    mutating func setAddress(_ address: IPAddress, _ lead: AddressLead, zone: DomainName) {
        removedAddresses.remove(address)
        heldAddresses.remove(address)
        tell(.setAddress(address, lead, zone: zone))
    }

    mutating func removeService(_ owner: DomainName, _ number: UInt32?) {
        removedServices.append((owner, number))
    }

    mutating func removeAddress(_ address: IPAddress) {
        if !heldAddresses.contains(address) { removedAddresses.insert(address) }
    }

    /// When what has gone is told.
    enum Ending {
        /// At once, and what was held back before as well.
        case all
        /// At once, but for what was held back.
        case own
        /// Later: the list that takes names away may bring them back.
        case none
    }

    /// Tells what has gone.
    mutating func finish(_ ending: Ending) {
        switch ending {
        case .all:
            removed.formUnion(held)
            removedAddresses.formUnion(heldAddresses)
            held = []
            heldAddresses = []
        case .own: break
        case .none:
            held.formUnion(removed)
            heldAddresses.formUnion(removedAddresses)
            removed = []
            removedAddresses = []
        }
        for service in removedServices { tell(.removeService(service.owner, number: service.number)) }
        removedServices = []
        for address in removedAddresses { publish(.removeAddress(address)) }
        for name in removed { publish(.remove(name)) }
        hasChanged = hasChanged || !removed.isEmpty || !removedAddresses.isEmpty
        removed = []
        removedAddresses = []
    }
}
