import DNS

/// Passes changes of names on, so that none disappears in between: what goes is told last, and not at all where it
/// has come again meanwhile.
struct ChangeSink {
    private let publish: (ZoneChange) -> Void
    private var removed: Set<DomainName> = []
    /// Whether anything has been told since this was last set to false.
    var hasChanged = false

    init(_ publish: @escaping (ZoneChange) -> Void) {
        self.publish = publish
    }

    /// - Parameter isFixedByName: the name says all that it answers, so that one which comes back is as it was.
    mutating func set(_ name: DomainName, zone: DomainName, answers: [TypedAnswer], isFixedByName: Bool = false) {
        if !removed.isEmpty, removed.remove(name) != nil, isFixedByName { return }
        hasChanged = true
        publish(.set(name, zone: zone, answers: answers))
    }

    mutating func remove(_ name: DomainName) {
        removed.insert(name)
    }

    /// Tells what has gone.
    mutating func finish() {
        for name in removed { publish(.remove(name)) }
        hasChanged = hasChanged || !removed.isEmpty
        removed = []
    }
}
