import Registry

/// The items of a request about a pod, taken by name; what nobody has taken is refused in the end.
struct PodQuery {
    let namespace: String
    /// What stands before the name of an item where it is told to somebody: `--` for options.
    let itemPrefix: String
    private let items: [(name: String, value: String)]
    private var known: [String] = []

    init(namespace: String, items: [(String, String)], itemPrefix: String) throws(PodRequestError) {
        guard NameRules.isLabel(namespace) else {
            throw .invalidValue(
                item: itemPrefix + "namespace", value: namespace,
                reason: "is no namespace: use at most 63 of a-z, 0-9 and '-'")
        }
        self.namespace = namespace
        self.itemPrefix = itemPrefix
        self.items = items.map { (name: $0.0, value: $0.1) }
    }

    /// All values of an item that may be repeated, in their order.
    mutating func values(of names: String...) -> [(item: String, value: String)] {
        known += names
        return items.filter { names.contains($0.name) }.map { (itemPrefix + $0.name, $0.value) }
    }

    /// The value of an item that may stand once, under any of its names.
    mutating func value(of names: String...) throws(PodRequestError) -> (item: String, value: String)? {
        known += names
        let found = items.filter { names.contains($0.name) }
        if found.count > 1 { throw .repeatedItem(itemPrefix + found[1].name) }
        return found.first.map { (itemPrefix + $0.name, $0.value) }
    }

    /// A flag: true without a value.
    mutating func flag(_ name: String) throws(PodRequestError) -> Bool? {
        guard let (item, value) = try value(of: name) else { return nil }
        switch value {
        case "", "true", "1": return true
        case "false", "0": return false
        default: throw .invalidValue(item: item, value: value, reason: "is neither true nor false")
        }
    }

    /// Refuses the first item that none of the calls before has asked for.
    func finish() throws(PodRequestError) {
        guard let stranger = items.first(where: { !known.contains($0.name) }) else { return }
        throw .unknownItem(itemPrefix + stranger.name, known: known.sorted().map { itemPrefix + $0 })
    }
}

/// A file that was asked for, and what is to be told of it beside.
package struct RequestedFile: Hashable, Sendable {
    package let text: String
    /// One line each.
    package let warnings: [String]
}
