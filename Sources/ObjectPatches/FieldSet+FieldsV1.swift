import Registry

extension FieldSet {
    /// Deeper sets are not read: no document nests so deeply.
    /// Far below what the text of an object may be nested: fields of objects are some ten deep.
    private static let maximumDepth = 64

    /// The set as `FieldsV1` of meta/v1 writes it: an object with a member for each field, empty for a field without
    /// fields below it that are in the set; `.` says that a field with such is in the set itself.
    var fieldsV1: JSONValue {
        guard !children.isEmpty else { return .object([:]) }
        var members: [String: JSONValue] = Dictionary(minimumCapacity: children.count + 1)
        if isMember { members["."] = .object([:]) }
        for child in children { members[child.element.spelling] = child.set.fieldsV1 }
        return .object(members)
    }

    /// The set that `FieldsV1` describes; nil for what is none.
    init?(fieldsV1 value: JSONValue) {
        guard let set = Self.read(value, depth: 0) else { return nil }
        self = set
        // The root is no field.
        isMember = false
    }

    private static func read(_ value: JSONValue, depth: Int) -> FieldSet? {
        guard depth < maximumDepth, case .object(let members) = value else { return nil }
        guard !members.isEmpty else { return FieldSet(isMember: true) }
        var isMember = false
        var children: [Child] = []
        children.reserveCapacity(members.count)
        for (spelling, value) in members {
            if spelling == "." {
                isMember = true
                continue
            }
            guard let element = FieldElement(spelling: spelling), let set = read(value, depth: depth + 1) else {
                return nil
            }
            children.append(Child(element: element, set: set))
        }
        guard let set = FieldSet(isMember: isMember, unique: children) else { return nil }
        return set
    }

    /// Nil where an element stands there twice, in two spellings.
    private init?(isMember: Bool, unique children: [Child]) {
        self.init(isMember: isMember, children: children)
        for (one, next) in zip(self.children, self.children.dropFirst()) where one.element == next.element {
            return nil
        }
    }
}
