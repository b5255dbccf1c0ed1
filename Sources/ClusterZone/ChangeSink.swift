import DNS

/// Passes changes of names on, so that none disappears in between: what goes is told last, and not at all where it
/// has come again meanwhile.
struct ChangeSink {
    private let publish: (ZoneChange) -> Void
    private var removed: Set<DomainName> = []
    /// What has gone by a list and has not been told.
    private(set) var held: Set<DomainName>
    /// Whether anything has been told.
    private(set) var hasChanged = false

    /// - Parameter held: what has gone by a list before.
    init(held: Set<DomainName>, _ publish: @escaping (ZoneChange) -> Void) {
        self.held = held
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
            held = []
        case .own: break
        case .none:
            held.formUnion(removed)
            removed = []
        }
        for name in removed { publish(.remove(name)) }
        hasChanged = hasChanged || !removed.isEmpty
        removed = []
    }
}
