/// A set of fields of a document, as a tree (the sets of Kubernetes' structured-merge-diff).
///
/// A field is in the set where the tree has a node for it that says so; having fields below it does not put it in.
struct FieldSet: Hashable, Sendable {
    struct Child: Hashable, Sendable {
        let element: FieldElement
        var set: FieldSet
    }

    /// Whether the field itself is in the set; never for the root.
    var isMember = false
    /// In the order of their elements, each with something in it.
    private(set) var children: [Child] = []

    init(isMember: Bool = false) {
        self.isMember = isMember
    }

    /// The children may come in any order, but each element once.
    init(isMember: Bool = false, children: [Child]) {
        self.isMember = isMember
        self.children = children.sorted { $0.element < $1.element }
    }

    private init(isMember: Bool, sorted children: [Child]) {
        self.isMember = isMember
        self.children = children
    }

    /// The set of one field.
    init(path: some BidirectionalCollection<FieldElement>) {
        self = path.reversed().reduce(FieldSet(isMember: true)) { set, element in
            FieldSet(isMember: false, sorted: [Child(element: element, set: set)])
        }
    }

    static let empty = FieldSet()

    var isEmpty: Bool { !isMember && children.isEmpty }

    /// What the set says of a field and of the fields below it.
    subscript(element: FieldElement) -> FieldSet? {
        var low = 0
        var high = children.count
        while low < high {
            let middle = (low + high) / 2
            if children[middle].element < element { low = middle + 1 } else { high = middle }
        }
        guard low < children.count, children[low].element == element else { return nil }
        return children[low].set
    }

    /// The fields that are in one of two sets.
    func union(_ other: FieldSet) -> FieldSet {
        if other.isEmpty { return self }
        if isEmpty { return other }
        return FieldSet(
            isMember: isMember || other.isMember,
            sorted: joined(other) { one, two in
                switch (one, two) {
                case (let one?, let two?): one.union(two)
                case (let one?, nil): one
                case (nil, let two?): two
                case (nil, nil): .empty
                }
            })
    }

    /// The fields that are in both of two sets.
    func intersection(_ other: FieldSet) -> FieldSet {
        // Most sets go no further where one of them ends: what the other has below is not looked at.
        if children.isEmpty || other.children.isEmpty { return FieldSet(isMember: isMember && other.isMember) }
        return FieldSet(
            isMember: isMember && other.isMember,
            sorted: joined(other) { one, two in
                guard let one, let two else { return .empty }
                return one.intersection(two)
            })
    }

    /// The fields that are not in another set; those below a field of the other stay, unless they are in it as well.
    func subtracting(_ other: FieldSet) -> FieldSet {
        if children.isEmpty || other.children.isEmpty {
            return FieldSet(isMember: isMember && !other.isMember, sorted: children)
        }
        return FieldSet(
            isMember: isMember && !other.isMember,
            sorted: joined(other) { one, two in
                guard let one else { return .empty }
                return two.map(one.subtracting) ?? one
            })
    }

    /// The children of two sets side by side; nodes with nothing in them are dropped.
    private func joined(_ other: FieldSet, _ combine: (FieldSet?, FieldSet?) -> FieldSet) -> [Child] {
        var result: [Child] = []
        result.reserveCapacity(max(children.count, other.children.count))
        func append(_ element: FieldElement, _ set: FieldSet) {
            if !set.isEmpty { result.append(Child(element: element, set: set)) }
        }
        var ones = children[...]
        var twos = other.children[...]
        while true {
            switch (ones.first, twos.first) {
            case (let one?, let two?):
                if one.element == two.element {
                    append(one.element, combine(one.set, two.set))
                    ones.removeFirst()
                    twos.removeFirst()
                } else if one.element < two.element {
                    append(one.element, combine(one.set, nil))
                    ones.removeFirst()
                } else {
                    append(two.element, combine(nil, two.set))
                    twos.removeFirst()
                }
            case (let one?, nil):
                append(one.element, combine(one.set, nil))
                ones.removeFirst()
            case (nil, let two?):
                append(two.element, combine(nil, two.set))
                twos.removeFirst()
            case (nil, nil):
                return result
            }
        }
    }

    /// How many fields are in the set.
    var count: Int { children.reduce(isMember ? 1 : 0) { $0 + $1.set.count } }

    /// The paths of the first fields of the set, those of one object before those below it.
    func paths(limit: Int) -> [[FieldElement]] {
        var paths: [[FieldElement]] = []
        collect(below: [], limit: limit, into: &paths)
        return paths
    }

    private func collect(below prefix: [FieldElement], limit: Int, into paths: inout [[FieldElement]]) {
        for child in children where child.set.isMember && paths.count < limit {
            paths.append(prefix + [child.element])
        }
        for child in children where !child.set.children.isEmpty && paths.count < limit {
            child.set.collect(below: prefix + [child.element], limit: limit, into: &paths)
        }
    }
}
