/// Requirements on labels, all of which an object must meet: `a=b,c!=d,e in (x,y),f notin (z),g,!h`.
package struct LabelSelector: Hashable, Sendable {
    /// What one key must be like.
    package struct Requirement: Hashable, Sendable {
        package enum Relation: Hashable, Sendable {
            /// The value is one of these; `=` names one.
            case isAmong(Set<String>)
            /// The value is none of these, or the key is absent.
            case isNotAmong(Set<String>)
            case exists
            case isAbsent
            /// The value is an integer above this one.
            case isGreater(Int64)
            /// The value is an integer below this one.
            case isLess(Int64)
        }

        package let key: String
        package let relation: Relation

        package init(key: String, _ relation: Relation) {
            self.key = key
            self.relation = relation
        }

        func matches(_ labels: [String: String]) -> Bool {
            let value = labels[key]
            return switch relation {
            case .isAmong(let values): value.map(values.contains) ?? false
            case .isNotAmong(let values): !(value.map(values.contains) ?? false)
            case .exists: value != nil
            case .isAbsent: value == nil
            case .isGreater(let bound): value.flatMap { Int64($0) }.map { $0 > bound } ?? false
            case .isLess(let bound): value.flatMap { Int64($0) }.map { $0 < bound } ?? false
            }
        }
    }

    package let requirements: [Requirement]

    /// Matches everything without requirements.
    package init(_ requirements: [Requirement] = []) {
        self.requirements = requirements
    }

    /// Reads the text form; an empty text selects everything.
    package init(parsing text: String) throws(SelectorError) {
        var parser = LabelSelectorParser(text)
        requirements = try parser.requirements()
    }

    package var isEverything: Bool { requirements.isEmpty }

    package func matches(_ labels: [String: String]) -> Bool {
        requirements.allSatisfy { $0.matches(labels) }
    }
}
