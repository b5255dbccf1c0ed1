/// A type as a table has it, before the fields of other types are taken in.
struct SchemaTypeDraft {
    private enum Item {
        case field(SchemaField)
        case inline(number: Int, type: String)
    }

    private(set) var name: String
    private var openAPIName: String
    private var description = ""
    private var isAtomic = false
    private var items: [Item] = []

    private init(line: Substring, group: String) throws(SchemaTable.Malformed) {
        var words = line.split(separator: " ")[...]
        guard let first = words.popFirst() else {
            throw SchemaTable.Malformed(line: String(line), reason: "a type needs a name")
        }
        name = String(first)
        openAPIName = "\(group).\(first)"
        while let word = words.popFirst() {
            switch word {
            case "as":
                guard let other = words.popFirst() else {
                    throw SchemaTable.Malformed(line: String(line), reason: "`as` needs a name")
                }
                openAPIName = "\(group).\(other)"
            case "kind":
                items += Self.envelope.map(Item.field)
            case "atomic":
                isAtomic = true
            default:
                throw SchemaTable.Malformed(line: String(line), reason: "unknown word `\(word)`")
            }
        }
    }

    /// What every document begins with; protobuf keeps both outside the object.
    private static let envelope = [
        SchemaField(
            "apiVersion", number: 0, .string,
            description: "Group and version of the API that the document is written for."),
        SchemaField("kind", number: 0, .string, description: "What the document describes, in CamelCase."),
    ]

    static func drafts(in table: SchemaTable) throws(SchemaTable.Malformed) -> [SchemaTypeDraft] {
        var drafts: [SchemaTypeDraft] = []
        for line in table.text.split(separator: "\n") {
            var declaration = line
            var comment: Substring?
            if let mark = line.firstRange(of: "--") {
                declaration = line[..<mark.lowerBound]
                comment = line[mark.upperBound...]
            }
            let isField = declaration.first == " "
            if declaration.contains(where: { $0 != " " }) {
                if isField {
                    guard !drafts.isEmpty else {
                        throw SchemaTable.Malformed(line: String(line), reason: "a field before any type")
                    }
                    drafts[drafts.count - 1].items.append(try item(declaration))
                } else {
                    drafts.append(try SchemaTypeDraft(line: declaration, group: table.group))
                }
            }
            if let comment { drafts.indices.last.map { drafts[$0].describe(comment) } }
        }
        return drafts
    }

    private mutating func describe(_ comment: Substring) {
        let text = comment.drop { $0 == " " }
        guard case .field(let field)? = items.last, field.number != 0 else {
            description += description.isEmpty ? String(text) : " \(text)"
            return
        }
        items[items.count - 1] = .field(field.described(by: String(text)))
    }

    private static func item(_ line: Substring) throws(SchemaTable.Malformed) -> Item {
        var words = line.split(separator: " ")[...]
        guard let name = words.popFirst(), let second = words.popFirst(), let number = Int(second), number > 0,
            let notation = words.popFirst()
        else { throw SchemaTable.Malformed(line: String(line), reason: "a field needs a name, a number and a shape") }
        if name == "inline" { return .inline(number: number, type: String(notation)) }
        var shapeText = notation
        let isRequired = shapeText.last == "!"
        if isRequired { shapeText.removeLast() }
        let isPointer = shapeText.last == "?"
        if isPointer { shapeText.removeLast() }
        guard let shape = SchemaShape(notation: shapeText) else {
            throw SchemaTable.Malformed(line: String(line), reason: "unknown shape")
        }
        var traits = FieldTraits()
        for word in words { try traits.take(word, line: line) }
        return .field(
            SchemaField(
                String(name), number: number, shape, valueName: traits.valueName, isPointer: isPointer,
                isRequired: isRequired, patchStrategy: traits.patchStrategy, listKind: traits.listKind,
                isAtomic: traits.isAtomic))
    }

    /// The type with the fields of the types it takes in.
    func type(amid drafts: [String: SchemaTypeDraft]) throws(SchemaTable.Malformed) -> SchemaType {
        var fields: [SchemaField] = []
        for item in items {
            switch item {
            case .field(let field):
                fields.append(field)
            case .inline(let number, let type):
                guard let other = drafts[type] else {
                    throw SchemaTable.Malformed(line: "\(name): inline \(number) \(type)", reason: "unknown type")
                }
                for case .field(let field) in other.items { fields.append(field.enclosed(in: number)) }
            }
        }
        return SchemaType(
            name: name, openAPIName: openAPIName, fields: fields, description: description, isAtomic: isAtomic)
    }
}

/// The words behind the shape of a field.
private struct FieldTraits {
    var valueName: String?
    var patchStrategy: SchemaField.PatchStrategy?
    var listKind = SchemaField.ListKind.atomic
    var isAtomic = false

    mutating func take(_ word: Substring, line: Substring) throws(SchemaTable.Malformed) {
        let parts = word.split(separator: "=", maxSplits: 1)
        let value = parts.count > 1 ? String(parts[1]) : nil
        switch (parts.first ?? "", value) {
        case ("named", let name?): valueName = name
        case ("merge", let key?): patchStrategy = .merge(key: key)
        case ("merge", nil): patchStrategy = .mergeSet
        case ("mergeRetainingKeys", let key?): patchStrategy = .mergeRetainingKeys(key: key)
        case ("retainKeys", nil): patchStrategy = .retainKeys
        case ("replace", nil): patchStrategy = .replace
        case ("set", nil): listKind = .set
        case ("keys", let keys?): listKind = .map(keys: keys.split(separator: ",").map(String.init))
        case ("atomic", nil): isAtomic = true
        default: throw SchemaTable.Malformed(line: String(line), reason: "unknown word `\(word)`")
        }
    }
}

extension SchemaShape {
    fileprivate init?(notation: Substring) {
        if let inner = notation.enclosed(in: "[", "]") {
            guard let shape = SchemaShape(notation: inner) else { return nil }
            self = .list(shape)
            return
        }
        if let inner = notation.enclosed(in: "{", "}") {
            guard let shape = SchemaShape(notation: inner) else { return nil }
            self = .map(shape)
            return
        }
        switch notation {
        case "string": self = .string
        case "bool": self = .boolean
        case "int32": self = .int32
        case "int64": self = .int64
        case "quantity": self = .quantity
        case "time": self = .time
        case "microTime": self = .microTime
        case "intOrString": self = .intOrString
        case "any": self = .anyObject
        default:
            guard notation.first?.isUppercase == true else { return nil }
            self = .object(String(notation))
        }
    }
}

extension Substring {
    fileprivate func enclosed(in first: Character, _ last: Character) -> Substring? {
        guard self.first == first, self.last == last, count > 2 else { return nil }
        return dropFirst().dropLast()
    }
}

extension SchemaField {
    fileprivate func described(by text: String) -> SchemaField {
        copy(enclosure: enclosure, description: description.isEmpty ? text : "\(description) \(text)")
    }

    fileprivate func enclosed(in number: Int) -> SchemaField { copy(enclosure: number, description: description) }

    private func copy(enclosure: Int?, description: String) -> SchemaField {
        SchemaField(
            name, number: number, enclosure: enclosure, shape, valueName: valueName, isPointer: isPointer,
            isRequired: isRequired, patchStrategy: patchStrategy, listKind: listKind, isAtomic: isAtomic,
            description: description)
    }
}
