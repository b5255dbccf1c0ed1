import Registry
import Yams

extension YAMLText {
    /// A tree as YAML, members in the order of their names, as kubectl writes objects.
    ///
    /// Texts that YAML 1.1 or 1.2 would read as something else stand in quotes, those of several lines as blocks.
    package static func text(of value: JSONValue) -> String {
        // Yams fails only where libyaml has no memory left.
        (try? serialize(node: node(of: value), width: -1, allowUnicode: true)) ?? ""
    }

    private static func node(of value: JSONValue) -> Node {
        switch value {
        case .null: return plain("null")
        case .bool(let flag): return plain(flag ? "true" : "false")
        case .integer(let number): return plain("\(number)")
        case .number: return plain(JSONText.text(of: value))
        case .string(let text): return node(of: text)
        case .array(let elements):
            return .sequence(
                Node.Sequence(elements.map(node(of:)), Tag(.seq), elements.isEmpty ? .flow : .block))
        case .object(let members):
            let pairs = members.sorted { $0.key < $1.key }.map { (node(of: $0.key), node(of: $0.value)) }
            return .mapping(Node.Mapping(pairs, Tag(.map), pairs.isEmpty ? .flow : .block))
        }
    }

    private static func plain(_ text: String) -> Node { .scalar(Node.Scalar(text, Tag(.implicit), .plain)) }

    private static func node(of text: String) -> Node {
        let isText = if case .string? = ManifestScalar.resolve(text) { true } else { false }
        let style: Node.Scalar.Style =
            if !isText || isAmbiguous(text) {
                .doubleQuoted
            } else if text.contains("\n") && text.unicodeScalars.allSatisfy(isPrintable) {
                .literal
            } else {
                .any
            }
        return .scalar(Node.Scalar(text, Tag(.str), style))
    }

    /// What is a boolean, a number or a sign to some readers of YAML, texts of nothing, and marks of the byte order.
    private static func isAmbiguous(_ text: String) -> Bool {
        if text.isEmpty || ["y", "n", "yes", "no", "on", "off", "<<", "="].contains(text.lowercased()) { return true }
        if text.unicodeScalars.contains("\u{feff}") { return true }
        guard let first = text.utf8.first, (0x30...0x39).contains(first) else { return false }
        // Such as 0o17, 1_000, 12:30:00, dates and times.
        let marks = Set("_:-".utf8)
        return text.utf8.contains { marks.contains($0) }
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || marks.contains($0) || "TtZz+. ".utf8.contains($0) }
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "\n" || scalar.properties.generalCategory != .control
    }
}
