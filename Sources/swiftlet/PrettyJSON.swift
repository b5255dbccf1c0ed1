import Registry

/// JSON for people: four spaces a level, members in the order of their names, as kubectl prints it.
enum PrettyJSON {
    /// Ends with a newline.
    static func text(of value: JSONValue) -> String {
        var text = ""
        write(value, indentation: "", to: &text)
        return text + "\n"
    }

    private static func write(_ value: JSONValue, indentation: String, to text: inout String) {
        let inner = indentation + "    "
        switch value {
        case .array(let elements) where !elements.isEmpty:
            text += "[\n"
            for (index, element) in elements.enumerated() {
                text += inner
                write(element, indentation: inner, to: &text)
                text += index == elements.count - 1 ? "\n" : ",\n"
            }
            text += indentation + "]"
        case .object(let members) where !members.isEmpty:
            text += "{\n"
            for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
                text += "\(inner)\(JSONText.text(of: .string(member.key))): "
                write(member.value, indentation: inner, to: &text)
                text += index == members.count - 1 ? "\n" : ",\n"
            }
            text += indentation + "}"
        case .null, .bool, .integer, .number, .string, .array, .object:
            text += JSONText.text(of: value)
        }
    }
}
