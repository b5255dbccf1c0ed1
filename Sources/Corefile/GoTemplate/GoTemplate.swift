/// A template in the language of Go's `text/template`, as far as records need it.
///
/// Understood are text, `{{ … }}` with trimming dashes, comments, fields of the data, strings, whole numbers,
/// parentheses, pipes, and the functions `index`, `parseInt`, `len` and `print`.
/// Variables, conditions and loops are refused by name.
package struct GoTemplate: Hashable, Sendable {
    /// The most bytes of an expansion: a record of the largest size in presentation form.
    package static let outputLimit = 1 << 18

    package let text: String
    let pieces: [GoTemplatePiece]

    package init(_ text: String) throws(GoTemplateError) {
        self.text = text
        var parser = GoTemplateParser(text)
        pieces = try parser.pieces()
    }

    /// The values that a template reads, by the path of fields: `Name`, `Group.a`.
    package var fields: Set<[String]> {
        pieces.reduce(into: []) { fields, piece in
            if case .action(let expression) = piece { expression.collectFields(into: &fields) }
        }
    }

    /// Whether the template reads what `.Meta` stands for.
    package var readsMetadata: Bool {
        pieces.contains { if case .action(let expression) = $0 { expression.readsMetadata } else { false } }
    }

    /// The constant indices into a list: of `index .Match 2` the 2.
    package func indices(into field: [String]) -> [Int] {
        pieces.flatMap { piece -> [Int] in
            if case .action(let expression) = piece { expression.indices(into: field) } else { [] }
        }
    }

    /// Whether the template is text alone.
    package var isConstant: Bool {
        pieces.allSatisfy { if case .text = $0 { true } else { false } }
    }

    /// Puts values in.
    ///
    /// - Parameters:
    ///   - value: the value of a field; nil where there is none, which is an error.
    ///   - metadata: what `.Meta "key"` stands for.
    package func expanded(
        value: @escaping ([String]) -> GoTemplateValue?,
        metadata: @escaping (String) -> String = { _ in "" }
    ) throws(GoTemplateError) -> String {
        var output = ""
        for piece in pieces {
            switch piece {
            case .text(let text): output += text
            case .action(let expression):
                output += try expression.value(GoTemplateData(field: value, metadata: metadata)).text()
            }
            guard output.utf8.count <= Self.outputLimit else { throw GoTemplateError("becomes too long") }
        }
        return output
    }
}

/// A value in a template.
package enum GoTemplateValue: Hashable, Sendable {
    case text(String)
    case number(Int64)
    case unsigned(UInt64)
    case list([String])
    case map([String: String])

    /// What stands in the output.
    func text() throws(GoTemplateError) -> String {
        switch self {
        case .text(let text): text
        case .number(let number): "\(number)"
        case .unsigned(let number): "\(number)"
        case .list(let all): "[\(all.joined(separator: " "))]"
        case .map: throw GoTemplateError("prints a map")
        }
    }
}

/// Why a template cannot be read or expanded.
package struct GoTemplateError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One sentence part, as in "has an action that is not closed".
    package let reason: String

    init(_ reason: String) {
        self.reason = reason
    }

    package var description: String { reason }
}

struct GoTemplateData {
    let field: ([String]) -> GoTemplateValue?
    let metadata: (String) -> String
}

enum GoTemplatePiece: Hashable, Sendable {
    case text(String)
    case action(GoTemplateExpression)
}

indirect enum GoTemplateExpression: Hashable, Sendable {
    case literal(GoTemplateValue)
    /// `.Group.a`.
    case field([String])
    /// `.Meta "key"`.
    case metadata(GoTemplateExpression)
    case call(Function, [GoTemplateExpression])

    enum Function: String, Hashable, Sendable, CaseIterable {
        case index
        case parseInt
        case len
        case print
    }

    func collectFields(into fields: inout Set<[String]>) {
        switch self {
        case .literal: break
        case .field(let path): fields.insert(path)
        case .metadata(let key): key.collectFields(into: &fields)
        case .call(_, let arguments):
            for argument in arguments { argument.collectFields(into: &fields) }
        }
    }

    var readsMetadata: Bool {
        switch self {
        case .literal, .field: false
        case .metadata: true
        case .call(_, let arguments): arguments.contains(where: \.readsMetadata)
        }
    }

    func indices(into path: [String]) -> [Int] {
        switch self {
        case .literal, .field: return []
        case .metadata(let key): return key.indices(into: path)
        case .call(let function, let arguments):
            var found = arguments.flatMap { $0.indices(into: path) }
            if function == .index, arguments.count == 2, case .field(path) = arguments[0],
                case .literal(.number(let number)) = arguments[1]
            {
                found.append(Int(number))
            }
            return found
        }
    }

    func value(_ data: GoTemplateData) throws(GoTemplateError) -> GoTemplateValue {
        switch self {
        case .literal(let value): return value
        case .field(let path):
            guard let value = data.field(path) else { throw GoTemplateError("has no value for .\(Self.text(path))") }
            return value
        case .metadata(let key):
            guard case .text(let key) = try key.value(data) else { throw GoTemplateError("wants .Meta of no text") }
            return .text(data.metadata(key))
        case .call(let function, let arguments):
            var values: [GoTemplateValue] = []
            for argument in arguments { values.append(try argument.value(data)) }
            return try Self.call(function, values)
        }
    }

    private static func text(_ path: [String]) -> String { path.joined(separator: ".") }

    private static func call(
        _ function: Function, _ values: [GoTemplateValue]
    ) throws(GoTemplateError) -> GoTemplateValue {
        switch function {
        case .index: return try index(values)
        case .parseInt: return try parseInt(values)
        case .len:
            switch values.first {
            case .text(let text): return .number(Int64(text.utf8.count))
            case .list(let all): return .number(Int64(all.count))
            case .map(let all): return .number(Int64(all.count))
            default: throw GoTemplateError("wants the length of a number")
            }
        case .print:
            var text = ""
            for value in values { text += try value.text() }
            return .text(text)
        }
    }

    private static func index(_ values: [GoTemplateValue]) throws(GoTemplateError) -> GoTemplateValue {
        guard values.count == 2 else { throw GoTemplateError("calls index without a list and one index") }
        switch (values[0], values[1]) {
        case (.list(let all), .number(let number)):
            guard let index = Int(exactly: number), all.indices.contains(index) else {
                throw GoTemplateError("asks for number \(number) of \(all.count)")
            }
            return .text(all[index])
        case (.map(let all), .text(let key)):
            return .text(all[key] ?? "")
        default:
            throw GoTemplateError("calls index with what is no list and number")
        }
    }

    /// Go's `strconv.ParseUint`: text, base (0: by its prefix), bits (0: 64).
    private static func parseInt(_ values: [GoTemplateValue]) throws(GoTemplateError) -> GoTemplateValue {
        guard values.count == 3, case .text(let text) = values[0], case .number(let base) = values[1],
            case .number(let bits) = values[2]
        else { throw GoTemplateError("calls parseInt without a text, a base and a number of bits") }
        var digits = text[...]
        var radix = Int(base)
        if base == 0 {
            radix = 10
            for (prefix, meant) in [("0x", 16), ("0b", 2), ("0o", 8), ("0", 8)] {
                guard digits.lowercased().hasPrefix(prefix), digits.count > prefix.count else { continue }
                radix = meant
                digits = digits.dropFirst(prefix.count)
                break
            }
        }
        guard (2...36).contains(radix), (0...64).contains(bits), digits.first != "+", digits.first != "-",
            let number = UInt64(digits, radix: radix)
        else { throw GoTemplateError("cannot read '\(text.prefix(64))' as a number of base \(base)") }
        let width = bits == 0 ? 64 : UInt64(bits)
        guard width == 64 || number >> width == 0 else {
            throw GoTemplateError("reads \(number), which has more than \(bits) bits")
        }
        return .unsigned(number)
    }
}
