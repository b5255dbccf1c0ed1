import Registry

/// Values as Go prints them with `%v`, which messages of Kubernetes contain: `map[name:web port:80]`.
enum GoText {
    /// Cut short beyond this length, in characters: messages repeat what a client has sent.
    static let maximumLength = 512

    static func text(of value: JSONValue) -> String {
        var text = ""
        write(value, to: &text)
        return text.utf8.count > maximumLength ? "\(text.prefix(maximumLength))…" : text
    }

    private static func write(_ value: JSONValue, to text: inout String) {
        guard text.utf8.count <= maximumLength else { return }
        switch value {
        case .null: text += "<nil>"
        case .bool(let flag): text += flag ? "true" : "false"
        case .integer(let number): text += "\(number)"
        case .number(let number): text += "\(number)"
        case .string(let string): text += string
        case .array(let elements):
            text += "["
            for (index, element) in elements.enumerated() {
                if index > 0 { text += " " }
                write(element, to: &text)
            }
            text += "]"
        case .object(let members):
            text += "map["
            for (index, name) in members.keys.sorted().enumerated() {
                if index > 0 { text += " " }
                text += "\(name):"
                write(members[name] ?? .null, to: &text)
            }
            text += "]"
        }
    }
}
