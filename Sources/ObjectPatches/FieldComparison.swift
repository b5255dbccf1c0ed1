import ObjectSchema
import Registry

/// What differs between two documents.
struct FieldComparison {
    /// Fields that were added or have another value.
    var changed = FieldSet.empty
    /// Fields that are no longer there.
    var removed = FieldSet.empty

    var isSame: Bool { changed.isEmpty && removed.isEmpty }
}

extension OwnedShapes {
    /// Compares two states of a value, nil where there is none.
    func compare(_ old: JSONValue?, _ new: JSONValue?, as shape: OwnedShape) -> FieldComparison {
        var result = FieldComparison()
        switch shape {
        case .whole:
            return Self.compareWhole(old, new)
        case .object, .map, .unknown:
            guard let former = Self.members(old), let current = Self.members(new),
                !(former.isEmpty && current.isEmpty)
            else { return Self.compareWhole(old, new) }
            result = compareMembers(
                former, current, as: shape, isFormerThere: old != nil, isCurrentThere: new != nil)
        case .set, .keyed:
            guard let former = Self.elements(old), let current = Self.elements(new),
                !(former.isEmpty && current.isEmpty)
            else { return Self.compareWhole(old, new) }
            if former != current { result = compareElements(former, current, as: shape) }
        }
        if old == nil { result.changed.isMember = true }
        if new == nil { result.removed.isMember = true }
        return result
    }

    private static func compareWhole(_ old: JSONValue?, _ new: JSONValue?) -> FieldComparison {
        switch (old, new) {
        case (nil, nil): FieldComparison()
        case (_?, nil): FieldComparison(removed: FieldSet(isMember: true))
        case (nil, _?): FieldComparison(changed: FieldSet(isMember: true))
        case (let old?, let new?): FieldComparison(changed: FieldSet(isMember: old != new))
        }
    }

    private func compareMembers(
        _ former: [String: JSONValue], _ current: [String: JSONValue], as shape: OwnedShape, isFormerThere: Bool,
        isCurrentThere: Bool
    ) -> FieldComparison {
        var differences = Differences()
        for (name, value) in current {
            let part = member(name, of: shape)
            let absence = isFormerThere ? part.absence : nil
            differences.append(.field(name), compare(former[name] ?? absence, value, as: part.shape))
        }
        for (name, value) in former where current[name] == nil {
            let part = member(name, of: shape)
            differences.append(
                .field(name), compare(value, isCurrentThere ? part.absence : nil, as: part.shape))
        }
        return differences.comparison
    }

    private func compareElements(
        _ former: [JSONValue], _ current: [JSONValue], as shape: OwnedShape
    ) -> FieldComparison {
        let part = element(of: shape)
        // An element that stands there again counts once, one that cannot be told apart not at all.
        let formerByIdentity = Dictionary(
            former.compactMap { value in identity(of: value, in: shape).map { ($0, value) } }
        ) { first, _ in first }
        var differences = Differences()
        var seen: Set<FieldElement> = []
        for value in current {
            guard let identity = identity(of: value, in: shape), seen.insert(identity).inserted else { continue }
            differences.append(identity, compare(formerByIdentity[identity], value, as: part.shape))
        }
        for (identity, value) in formerByIdentity where !seen.contains(identity) {
            differences.append(identity, compare(value, nil, as: part.shape))
        }
        return differences.comparison
    }

    private struct Differences {
        private var changed: [FieldSet.Child] = []
        private var removed: [FieldSet.Child] = []

        mutating func append(_ element: FieldElement, _ difference: FieldComparison) {
            if !difference.changed.isEmpty {
                changed.append(FieldSet.Child(element: element, set: difference.changed))
            }
            if !difference.removed.isEmpty {
                removed.append(FieldSet.Child(element: element, set: difference.removed))
            }
        }

        var comparison: FieldComparison {
            FieldComparison(changed: FieldSet(children: changed), removed: FieldSet(children: removed))
        }
    }

    /// The members of an object, none for what is absent; nil for anything else.
    static func members(_ value: JSONValue?) -> [String: JSONValue]? {
        switch value {
        case nil, .null?: [:]
        case .object(let members)?: members
        default: nil
        }
    }

    /// The elements of a list, none for what is absent; nil for anything else.
    static func elements(_ value: JSONValue?) -> [JSONValue]? {
        switch value {
        case nil, .null?: []
        case .array(let elements)?: elements
        default: nil
        }
    }
}
