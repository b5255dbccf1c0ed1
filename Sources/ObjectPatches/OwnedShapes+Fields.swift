import ObjectSchema
import Registry

extension OwnedShapes {
    /// The fields that a document has; a null is none.
    ///
    /// - Parameter isStrict: whether elements that stand in a list twice, or lack its keys, are errors; they are
    ///   passed over otherwise.
    func fields(of value: JSONValue, as shape: OwnedShape, isStrict: Bool) throws(PatchError) -> FieldSet {
        try fields(of: value, as: shape, at: [], isStrict: isStrict)
    }

    private func fields(
        of value: JSONValue, as shape: OwnedShape, at path: [FieldElement], isStrict: Bool
    ) throws(PatchError) -> FieldSet {
        var children: [FieldSet.Child] = []
        switch (shape, value) {
        case (.object, .object(let members)), (.map, .object(let members)), (.unknown, .object(let members)):
            for (name, value) in members where value != .null {
                let element = FieldElement.field(name)
                let part = member(name, of: shape)
                var set = try fields(of: value, as: part.shape, at: path + [element], isStrict: isStrict)
                // Members of maps are fields of their own, and so is what has nothing in it.
                if !part.isDeclared || value == .object([:]) { set.isMember = true }
                if !set.isEmpty { children.append(FieldSet.Child(element: element, set: set)) }
            }
        case (.set, .array(let elements)), (.keyed, .array(let elements)):
            var seen: Set<FieldElement> = []
            for (index, value) in elements.enumerated() {
                guard let element = identity(of: value, in: shape) else {
                    guard isStrict else { continue }
                    throw .malformed("\(Self.text(of: path)): element \(index): \(Self.complaint(shape))")
                }
                guard seen.insert(element).inserted else {
                    guard isStrict else { continue }
                    throw .malformed("\(Self.text(of: path)): duplicate entries for key \(element)")
                }
                let shape = self.element(of: shape).shape
                var set = try fields(of: value, as: shape, at: path + [element], isStrict: isStrict)
                set.isMember = true
                children.append(FieldSet.Child(element: element, set: set))
            }
        default:
            return FieldSet(isMember: true)
        }
        return FieldSet(children: children)
    }

    static func text(of path: [FieldElement]) -> String { path.map(\.description).joined() }

    private static func complaint(_ shape: OwnedShape) -> String {
        guard case .keyed(let keys, _) = shape else { return "a list of scalars has an element that is none" }
        return "associative list with keys has an element that omits all keys \(keys)"
    }

    /// The set with the declared fields that have fields of the set below them.
    func withDeclaredParents(_ set: FieldSet, as shape: OwnedShape) -> FieldSet {
        let children = set.children.map { child in
            let part = part(child.element, of: shape)
            var inner = withDeclaredParents(child.set, as: part.shape)
            if part.isDeclared { inner.isMember = true }
            return FieldSet.Child(element: child.element, set: inner)
        }
        return FieldSet(isMember: set.isMember, children: children)
    }

    /// A value without the fields of a set; nil where nothing is left of what there was.
    func removing(_ fields: FieldSet, from value: JSONValue, as shape: OwnedShape) -> JSONValue? {
        switch (shape, value) {
        case (.object, .object(let members)), (.map, .object(let members)), (.unknown, .object(let members)):
            var kept = members
            for child in fields.children {
                guard case .field(let name) = child.element, let value = members[name] else { continue }
                kept[name] =
                    child.set.isMember ? nil : removing(child.set, from: value, as: member(name, of: shape).shape)
            }
            return kept.isEmpty ? nil : .object(kept)
        case (.set, .array(let elements)), (.keyed, .array(let elements)):
            let kept = elements.compactMap { value -> JSONValue? in
                guard let identity = identity(of: value, in: shape), let set = fields[identity] else { return value }
                return set.isMember ? nil : removing(set, from: value, as: element(of: shape).shape)
            }
            return kept.isEmpty ? nil : .array(kept)
        default:
            // A whole has no fields of its own to remove.
            return value
        }
    }
}
