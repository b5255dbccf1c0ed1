import ObjectSchema
import Registry

/// How a strategic merge patch merges and orders one list.
struct StrategicList {
    private let merger: StrategicMerger
    /// The shape of an element.
    private let element: SchemaShape?
    /// The member by which elements are told apart; nil for lists of scalars and lists that are replaced.
    private let key: String?
    private let isMerged: Bool

    /// How often a patch may name elements that it has named already: each time costs what has become of the element.
    private static let maximumRepetitions = 100
    /// How many values the elements may hold in all that are named again.
    private static let maximumRepeatedValues = 20_000

    init(_ merger: StrategicMerger, _ shape: StrategicMerger.FieldShape, of field: String) {
        self.merger = merger
        if case .list(let element)? = shape.shape { self.element = element } else { element = nil }
        switch shape.strategy {
        case .merge(let key), .mergeRetainingKeys(let key):
            self.key = key
            isMerged = true
        case .mergeSet:
            key = nil
            isMerged = true
        case .replace, .retainKeys, nil:
            key = nil
            isMerged = false
        }
    }

    /// A list with the elements of a patch merged into it; the order is that of `order`, or else of the patch,
    /// elements that only the original has keeping their places among their neighbours.
    func merged(
        _ original: [JSONValue]?, with patch: [JSONValue], order: [JSONValue]?
    ) throws(PatchError) -> [JSONValue] {
        if let order { try check(order: order, covers: patch) }
        guard isMerged else {
            guard let order else { return patch }
            return try ordered(patch, by: order, formerly: original ?? [])
        }
        guard let key else {
            try checkElements((original ?? []) + patch, areObjects: false)
            var seen: Set<JSONValue> = []
            let all = ((original ?? []) + patch).filter { seen.insert($0).inserted }
            return try ordered(all, by: order ?? patch, formerly: original ?? [])
        }
        try checkElements((original ?? []) + patch, areObjects: true)
        var elements = original ?? []
        let changes = try withoutDirectives(patch, key: key, original: &elements)
        let former = elements
        var places: [JSONValue: Int] = [:]
        for (place, value) in elements.enumerated() {
            if let identity = value[key], places[identity] == nil { places[identity] = place }
        }
        var changed: Set<JSONValue> = []
        var repetitions = 0
        var repeatedValues = 0
        for change in changes {
            let identity = try identity(of: change)
            let isRepeated = !changed.insert(identity).inserted
            if isRepeated { repetitions += 1 }
            guard repetitions <= Self.maximumRepetitions else {
                throw PatchError(
                    .tooManyOperations,
                    "The patch names elements of a list more than once, \(Self.maximumRepetitions) times is the limit")
            }
            let place = places[identity]
            if isRepeated, let place {
                repeatedValues += Self.valueCount(elements[place])
                guard repeatedValues <= Self.maximumRepeatedValues else {
                    throw PatchError(.tooManyOperations, "The patch names elements of a list again that are too large")
                }
            }
            var members: [String: JSONValue] = [:]
            if let place, case .object(let existing) = elements[place] { members = existing }
            guard case .object(let changed) = change else { continue }
            let value = JSONValue.object(
                try merger.merged(members, with: changed, as: merger.members(of: element)))
            if let place {
                elements[place] = value
            } else {
                places[identity] = elements.count
                elements.append(value)
            }
        }
        return try ordered(elements, by: order ?? changes, formerly: former)
    }

    /// The elements in the order of a list that names some of them; the others stand before the first of those that
    /// they formerly stood before.
    func ordered(
        _ elements: [JSONValue], by order: [JSONValue], formerly former: [JSONValue]
    ) throws(PatchError) -> [JSONValue] {
        let places = try self.places(in: order)
        let formerPlaces = try self.places(in: former)
        var named: [(place: Int, former: Int?, value: JSONValue)] = []
        var others: [(former: Int?, value: JSONValue)] = []
        for value in elements {
            let identity = try identity(of: value)
            if let place = places[identity] {
                named.append((place, formerPlaces[identity], value))
            } else {
                others.append((formerPlaces[identity], value))
            }
        }
        Self.sortStably(&named) { $0.place }
        Self.sortStably(&others) { $0.former ?? .max }
        var result: [JSONValue] = []
        result.reserveCapacity(elements.count)
        var rest = others[...]
        for item in named {
            while let other = rest.first, let place = other.former, let bound = item.former, place < bound {
                result.append(other.value)
                rest.removeFirst()
            }
            result.append(item.value)
        }
        return result + rest.map(\.value)
    }

    private static func sortStably<Item>(_ items: inout [Item], by place: (Item) -> Int) {
        items = items.enumerated()
            .sorted { (place($0.element), $0.offset) < (place($1.element), $1.offset) }
            .map(\.element)
    }

    private func places(in list: [JSONValue]) throws(PatchError) -> [JSONValue: Int] {
        var places: [JSONValue: Int] = [:]
        for (place, value) in list.enumerated() {
            let identity = try identity(of: value)
            if places[identity] == nil { places[identity] = place }
        }
        return places
    }

    /// What an element is told apart by: the value of its key, or itself.
    private func identity(of value: JSONValue) throws(PatchError) -> JSONValue {
        guard let key else { return value }
        guard let identity = value[key] else {
            throw .notApplicable(
                "map: \(GoText.text(of: value)) does not contain declared merge key: \(key)")
        }
        return identity
    }

    /// The elements of a patch without those that are directives, which are carried out on the original.
    private func withoutDirectives(
        _ patch: [JSONValue], key: String, original: inout [JSONValue]
    ) throws(PatchError) -> [JSONValue] {
        var changes: [JSONValue] = []
        var removed: Set<JSONValue> = []
        var isReplaced = false
        for value in patch {
            switch value[StrategicMerger.directive] {
            case nil: changes.append(value)
            case .string("delete"): removed.insert(try identity(of: value))
            case .string("replace"): isReplaced = true
            case .string("merge"): throw .notApplicable("merging lists cannot yet be specified in the patch")
            case let directive?:
                guard case .object(let members) = value else { continue }
                throw StrategicMerger.unknownDirective(directive, in: members)
            }
        }
        if isReplaced {
            original = []
        } else if !removed.isEmpty {
            original.removeAll { value in value[key].map(removed.contains) ?? false }
        }
        return changes
    }

    /// The number of values in a value, itself included; as deep as it nests, which its readers bound.
    private static func valueCount(_ value: JSONValue) -> Int {
        switch value {
        case .array(let elements): elements.reduce(1) { $0 + valueCount($1) }
        case .object(let members): members.values.reduce(1) { $0 + valueCount($1) }
        default: 1
        }
    }

    /// An order must name all elements of the patch, in the same order; those that are removed do not count.
    private func check(order: [JSONValue], covers patch: [JSONValue]) throws(PatchError) {
        guard !order.isEmpty else { return }
        var named = order[...]
        for value in patch where value[StrategicMerger.directive] == nil {
            let wanted = try identity(of: value)
            var isNamed = false
            while !isNamed, let next = named.popFirst() { isNamed = try identity(of: next) == wanted }
            guard isNamed else {
                throw .notApplicable(
                    "The order in patch list:\n\(GoText.text(of: .array(patch)))\n doesn't match "
                        + "\(StrategicMerger.elementOrder) list:\n\(GoText.text(of: .array(order)))\n")
            }
        }
    }

    private func checkElements(_ elements: [JSONValue], areObjects: Bool) throws(PatchError) {
        for value in elements {
            switch value {
            case .array:
                throw .notApplicable("lists of lists are not supported")
            case .object:
                guard areObjects else { throw .notApplicable("cannot merge lists without merge key for type struct") }
            default:
                guard !areObjects else {
                    throw .notApplicable("list element types are not identical: \(GoText.text(of: .array(elements)))")
                }
            }
        }
    }
}
