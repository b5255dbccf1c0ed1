import Registry

/// The objects of one kind as they are known, and what changes for readers when another list or event comes.
///
/// Lists and events may repeat what is known, come twice or bring an older state of an object: readers are told of what
/// is new to them and of nothing else. That takes no more than a digest of each object: readers have the objects, and
/// they are held here a second time only where they are to be written to a file.
struct HeldObjects: Sendable {
    struct Entry: Sendable {
        /// nil for an object that is there and takes no part.
        fileprivate var digest: ObjectDigest?
        /// The number of the version it came with; 0 where that is none.
        let version: UInt64
        /// The list that named it last.
        fileprivate let list: UInt32
        fileprivate let copy: Copy?

        /// nil for an object that takes no part, and where objects are not kept.
        var object: DiscoveryObject? { copy?.object }
    }

    /// Beside the table, whose places are moved as it grows, and of which up to half are empty.
    fileprivate final class Copy: Sendable {
        let object: DiscoveryObject

        init(_ object: DiscoveryObject) { self.object = object }
    }

    let kind: DiscoveryKind
    /// Whether the objects themselves are kept.
    let keepsObjects: Bool
    private(set) var entries: [NamespacedName: Entry] = [:]
    private var list: UInt32 = 0
    /// Objects of the last list that have no name to hold them by.
    private var unnamed = 0
    /// Those of the list under way.
    private var unnamedInList = 0

    init(_ kind: DiscoveryKind, keepsObjects: Bool = false) {
        self.kind = kind
        self.keepsObjects = keepsObjects
    }

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
        let changes = gone.filter { $0.value.digest != nil }.map {
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
            entry.digest != nil
        else { return nil }
        participants -= 1
        return .delete(DiscoveryKey(kind, id))
    }

    /// Takes an object out of a stored state.
    mutating func restore(_ object: DiscoveryObject?, id: NamespacedName, version: UInt64) {
        set(id, object, digest: object.map(ObjectDigest.init), version: version)
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
        let known = entries[id]
        let version = decoded.version.number
        let object: DiscoveryObject?
        switch decoded.content {
        case .object(let new): object = new
        case .nothing: object = nil
        case .skipped:
            // What was known of it before is better than nothing.
            entries[id] = Entry(digest: known?.digest, version: version, list: list, copy: known?.copy)
            return nil
        }
        let digest = object.map(ObjectDigest.init)
        if let known, known.digest == digest {
            entries[id] = Entry(digest: digest, version: version, list: list, copy: known.copy)
            return nil
        }
        set(id, object, digest: digest, version: version)
        if let object { return .put(object) }
        return known == nil ? nil : .delete(DiscoveryKey(kind, id))
    }

    private mutating func set(
        _ id: NamespacedName, _ object: DiscoveryObject?, digest: ObjectDigest?, version: UInt64
    ) {
        let copy = keepsObjects ? object.map(Copy.init) : nil
        let former = entries.updateValue(Entry(digest: digest, version: version, list: list, copy: copy), forKey: id)
        participants += (digest == nil ? 0 : 1) - (former?.digest == nil ? 0 : 1)
    }
}
