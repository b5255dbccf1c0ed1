import ObjectSchema
import Registry

extension OwnedShapes {
    /// A value with an applied configuration merged into it.
    ///
    /// A null in the configuration is no value, nor is a list or map of parts with none where there is none. Elements of lists come in the order of the configuration, those that
    /// it does not name staying behind their neighbours.
    func merging(_ configuration: JSONValue, into live: JSONValue?, as shape: OwnedShape) -> JSONValue {
        switch (shape, configuration) {
        case (.object, .object(let applied)), (.map, .object(let applied)), (.unknown, .object(let applied)):
            guard var members = Self.members(live) else { return configuration }
            for (name, value) in applied where value != .null {
                let part = member(name, of: shape).shape
                if members[name] == nil, Self.isWithoutParts(value, as: part) { continue }
                members[name] = merging(value, into: members[name], as: part)
            }
            return .object(members)
        case (.set, .array(let applied)), (.keyed, .array(let applied)):
            guard let elements = Self.elements(live) else { return configuration }
            return .array(mergingElements(applied, into: elements, as: shape))
        default:
            return configuration
        }
    }

    private static func isWithoutParts(_ value: JSONValue, as shape: OwnedShape) -> Bool {
        switch (shape, value) {
        case (.map, .object(let members)): members.isEmpty
        case (.set, .array(let elements)), (.keyed, .array(let elements)): elements.isEmpty
        default: false
        }
    }

    private func mergingElements(
        _ applied: [JSONValue], into live: [JSONValue], as shape: OwnedShape
    ) -> [JSONValue] {
        let part = element(of: shape).shape
        func identified(_ elements: [JSONValue]) -> [(identity: FieldElement, value: JSONValue)] {
            elements.enumerated().map { (identity(of: $1, in: shape) ?? .index($0), $1) }
        }
        let ones = identified(live)
        let others = identified(applied)
        let liveValues = Dictionary(ones.map { ($0.identity, $0.value) }) { first, _ in first }
        let appliedIdentities = Set(others.map(\.identity))
        // What both have, in the order of the configuration; the live elements before the next of it come before it.
        var shared = others.map(\.identity).filter { liveValues[$0] != nil }[...]
        var result: [JSONValue] = []
        result.reserveCapacity(ones.count + others.count)
        var rest = ones[...]
        var appliedRest = others[...]
        while true {
            if let one = rest.first {
                guard appliedIdentities.contains(one.identity) else {
                    result.append(one.value)
                    rest.removeFirst()
                    continue
                }
                guard let next = appliedRest.first else {
                    rest.removeFirst()
                    continue
                }
                if one.identity != next.identity, one.identity != shared.first {
                    rest.removeFirst()
                    continue
                }
            }
            guard let next = appliedRest.popFirst() else { return result }
            result.append(merging(next.value, into: liveValues[next.identity], as: part))
            if shared.first == next.identity { shared.removeFirst() }
            if rest.first?.identity == next.identity { rest.removeFirst() }
        }
    }
}
