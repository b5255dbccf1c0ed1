import Registry

/// The objects of one kind as they are known, and what changes for readers when another list or event comes.
///
/// Lists and events may repeat what is known, come twice or bring an older state of an object: readers are told of what
/// is new to them and of nothing else.
struct HeldObjects: Sendable {
    struct Entry: Sendable {
        /// nil for an object that is there and takes no part.
        var object: DiscoveryObject?
        /// The number of the version it came with; 0 where that is none.
        var version: UInt64
        /// The list that named it last.
        fileprivate var list: UInt32
    }

    let kind: DiscoveryKind
    private(set) var entries: [NamespacedName: Entry] = [:]
    private var list: UInt32 = 0
    /// Objects of the last list that have no name to hold them by.
    private var unnamed = 0
    /// Those of the list under way.
    private var unnamedInList = 0

    init(_ kind: DiscoveryKind) { self.kind = kind }

    /// How many objects the API has of this kind as far as is known, those that take no part included.
    var count: Int { entries.count + unnamed }

    /// How many of them take part.
    private(set) var participants = 0

    /// Begins a list: what it does not name is gone when it ends.
    mutating func beginList() {
        list &+= 1
        unnamedInList = 0
    }

    /// Takes an object of a list; what is known of it gives way, as a list is the API's present state.
    mutating func takeListed(_ decoded: DecodedObject) -> DiscoveryChange? {
        guard let id = decoded.id else {
            unnamedInList &+= 1
            return nil
        }
        return put(id, decoded)
    }

    /// Ends a list.
    ///
    /// - Returns: What has been there and is no longer.
    mutating func endList() -> [DiscoveryChange] {
        unnamed = unnamedInList
        let gone = entries.filter { $0.value.list != list }
        for id in gone.keys { entries[id] = nil }
        let changes = gone.filter { $0.value.object != nil }.map {
            DiscoveryChange.delete(DiscoveryKey(kind, $0.key))
        }
        participants -= changes.count
        return changes
    }

    /// Takes an object as an event brings it; one that is older than what is known says nothing.
    mutating func takeChanged(_ decoded: DecodedObject) -> DiscoveryChange? {
        guard let id = decoded.id, !isOutdated(decoded, id) else { return nil }
        return put(id, decoded)
    }

    /// Takes the end of an object.
    mutating func takeDeleted(_ decoded: DecodedObject) -> DiscoveryChange? {
        guard let id = decoded.id, !isOutdated(decoded, id), let entry = entries.removeValue(forKey: id),
            entry.object != nil
        else { return nil }
        participants -= 1
        return .delete(DiscoveryKey(kind, id))
    }

    /// Takes an object out of a stored state.
    mutating func restore(_ object: DiscoveryObject?, id: NamespacedName, version: UInt64) {
        if entries.updateValue(Entry(object: object, version: version, list: list), forKey: id)?.object != nil {
            participants -= 1
        }
        if object != nil { participants += 1 }
    }

    /// Takes the number of objects without names out of a stored state.
    mutating func restore(unnamed count: Int) { unnamed = count }

    var unnamedCount: Int { unnamed }

    private func isOutdated(_ decoded: DecodedObject, _ id: NamespacedName) -> Bool {
        let number = decoded.version.number
        guard number > 0, let known = entries[id] else { return false }
        return number < known.version
    }

    private mutating func put(_ id: NamespacedName, _ decoded: DecodedObject) -> DiscoveryChange? {
        let number = decoded.version.number
        let known = entries[id]
        let object: DiscoveryObject?
        switch decoded.content {
        case .object(let new): object = new
        case .nothing: object = nil
        // What was known of it before is better than nothing.
        case .skipped: object = known?.object
        }
        if let known, known.object == object {
            entries[id] = Entry(object: known.object, version: number, list: list)
            return nil
        }
        entries[id] = Entry(object: object, version: number, list: list)
        participants += (object == nil ? 0 : 1) - (known?.object == nil ? 0 : 1)
        if let object { return .put(object) }
        return known == nil ? nil : .delete(DiscoveryKey(kind, id))
    }
}
