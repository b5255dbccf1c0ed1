/// The labels of a metric, in the order they are written.
package struct Labels: Hashable, Sendable, Comparable, ExpressibleByDictionaryLiteral, CustomStringConvertible {
    private let pairs: [String]

    package init(_ labels: [(name: String, value: String)] = []) {
        pairs = labels.flatMap { [$0.name, $0.value] }
    }

    package init(dictionaryLiteral elements: (String, String)...) {
        self.init(elements.map { (name: $0.0, value: $0.1) })
    }

    package static func < (lhs: Labels, rhs: Labels) -> Bool { lhs.pairs.lexicographicallyPrecedes(rhs.pairs) }

    /// `{name="value",…}`; empty without labels.
    package var description: String { text(with: nil) }

    /// As `description`, with one more label at the end.
    func text(with last: (name: String, value: String)?) -> String {
        let all = pairs + (last.map { [$0.name, $0.value] } ?? [])
        guard !all.isEmpty else { return "" }
        let parts = stride(from: 0, to: all.count, by: 2).map { "\(all[$0])=\"\(Self.escaped(all[$0 + 1]))\"" }
        return "{" + parts.joined(separator: ",") + "}"
    }

    private static func escaped(_ text: String) -> String {
        escapedHelp(text).replacing("\"", with: "\\\"")
    }

    static func escapedHelp(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
    }
}
