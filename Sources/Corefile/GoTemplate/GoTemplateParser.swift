/// Reads a template into its pieces.
struct GoTemplateParser {
    private static let depthLimit = 32

    private enum Word: Equatable {
        case field([String])
        case name(String)
        case text(String)
        case number(Int64)
        case open
        case close
        case pipe
    }

    private var rest: Substring

    init(_ text: String) {
        rest = text[...]
    }

    mutating func pieces() throws(GoTemplateError) -> [GoTemplatePiece] {
        var pieces: [GoTemplatePiece] = []
        var trimsNext = false
        while !rest.isEmpty {
            var text = until("{{")
            if trimsNext { text = text.drop(while: \.isWhitespace) }
            trimsNext = false
            let isAction = rest.hasPrefix("{{")
            if isAction {
                rest = rest.dropFirst(2)
                if rest.hasPrefix("-"), rest.dropFirst().first?.isWhitespace == true {
                    rest = rest.dropFirst()
                    while text.last?.isWhitespace == true { text = text.dropLast() }
                }
            }
            if !text.isEmpty { pieces.append(.text(String(text))) }
            guard isAction else { break }
            var words = try self.words(trimsNext: &trimsNext)[...]
            guard !words.isEmpty else { continue }
            pieces.append(.action(try pipeline(&words, depth: 0)))
            guard words.isEmpty else { throw GoTemplateError("closes a parenthesis that is not open") }
        }
        return pieces
    }

    /// The text up to a mark, or all that is left.
    private mutating func until(_ mark: String) -> Substring {
        var index = rest.startIndex
        while index < rest.endIndex, !rest[index...].hasPrefix(mark) { index = rest.index(after: index) }
        let text = rest[..<index]
        rest = rest[index...]
        return text
    }

    // MARK: Words

    /// The words up to `}}`, which are taken too; none for a comment.
    private mutating func words(trimsNext: inout Bool) throws(GoTemplateError) -> [Word] {
        var words: [Word] = []
        let inside = rest.drop(while: \.isWhitespace)
        if inside.hasPrefix("/*") {
            rest = inside.dropFirst(2)
            _ = until("*/")
            rest = rest.dropFirst(2).drop(while: \.isWhitespace)
            if rest.hasPrefix("-}}") {
                trimsNext = true
                rest = rest.dropFirst()
            }
            guard rest.hasPrefix("}}") else { throw GoTemplateError("has a comment that is not closed") }
            rest = rest.dropFirst(2)
            return []
        }
        while let first = rest.first {
            if rest.hasPrefix("}}") {
                rest = rest.dropFirst(2)
                guard !words.isEmpty else { throw GoTemplateError("has an empty action") }
                return words
            }
            if first.isWhitespace {
                rest = rest.dropFirst()
                if rest.hasPrefix("-}}") {
                    trimsNext = true
                    rest = rest.dropFirst()
                }
                continue
            }
            words.append(try word(first))
        }
        throw GoTemplateError("has an action that is not closed")
    }

    private mutating func word(_ first: Character) throws(GoTemplateError) -> Word {
        switch first {
        case "(":
            rest = rest.dropFirst()
            return .open
        case ")":
            rest = rest.dropFirst()
            return .close
        case "|":
            rest = rest.dropFirst()
            return .pipe
        case "\"", "`": return .text(try quoted(first))
        case ".":
            let path = rest.prefix { Self.isNamePart($0) || $0 == "." }
            rest = rest.dropFirst(path.count)
            let parts = path.dropFirst().split(separator: ".", omittingEmptySubsequences: false).map(String.init)
            guard parts.allSatisfy({ !$0.isEmpty }) else { throw GoTemplateError("has the field '\(path)'") }
            return .field(parts)
        case "$": throw GoTemplateError("has variables, which are not supported")
        default:
            let text = rest.prefix { Self.isNamePart($0) || $0 == "-" || $0 == "+" }
            rest = rest.dropFirst(text.count)
            if let number = Self.number(text) { return .number(number) }
            guard !text.isEmpty, let start = text.first, !start.isNumber else {
                throw GoTemplateError("has '\(first)', which is not supported")
            }
            return .name(String(text))
        }
    }

    private static func isNamePart(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber) || character == "_"
    }

    private static func number(_ text: Substring) -> Int64? {
        text.lowercased().hasPrefix("0x") ? Int64(text.dropFirst(2), radix: 16) : Int64(text)
    }

    private mutating func quoted(_ mark: Character) throws(GoTemplateError) -> String {
        rest = rest.dropFirst()
        var text = ""
        while let next = rest.popFirst() {
            if next == mark { return text }
            guard next == "\\", mark == "\"" else {
                text.append(next)
                continue
            }
            switch rest.popFirst() {
            case "n": text += "\n"
            case "t": text += "\t"
            case "\\": text += "\\"
            case "\"": text += "\""
            default: throw GoTemplateError("has an escape in quotes that is not supported")
            }
        }
        throw GoTemplateError("has a quote that is not closed")
    }

    // MARK: Expressions

    private func pipeline(_ words: inout ArraySlice<Word>, depth: Int) throws(GoTemplateError) -> GoTemplateExpression {
        guard depth <= Self.depthLimit else { throw GoTemplateError("nests too many parentheses") }
        var expression = try command(&words, last: nil, depth: depth)
        while words.first == .pipe {
            words = words.dropFirst()
            expression = try command(&words, last: expression, depth: depth)
        }
        return expression
    }

    /// A function with its arguments, or a single value; `last` is what a pipe adds at the end.
    private func command(
        _ words: inout ArraySlice<Word>, last: GoTemplateExpression?, depth: Int
    ) throws(GoTemplateError) -> GoTemplateExpression {
        guard let first = words.first else { throw GoTemplateError("lacks a value") }
        if case .name(let name) = first {
            words = words.dropFirst()
            guard let function = GoTemplateExpression.Function(rawValue: name) else {
                throw GoTemplateError(
                    "has '\(name)', which is not supported; there are "
                        + GoTemplateExpression.Function.allCases.map(\.rawValue).joined(separator: ", "))
            }
            let arguments = try arguments(&words, depth: depth) + (last.map { [$0] } ?? [])
            let isRight =
                switch function {
                case .index: arguments.count == 2
                case .parseInt: arguments.count == 3
                case .len: arguments.count == 1
                case .print: true
                }
            guard isRight else { throw GoTemplateError("calls \(name) with \(arguments.count) arguments") }
            return .call(function, arguments)
        }
        if first == .field(["Meta"]) {
            words = words.dropFirst()
            let arguments = try arguments(&words, depth: depth) + (last.map { [$0] } ?? [])
            guard arguments.count == 1 else { throw GoTemplateError("wants .Meta without one key") }
            return .metadata(arguments[0])
        }
        guard last == nil else { throw GoTemplateError("pipes into what is no function") }
        let all = try arguments(&words, depth: depth)
        guard all.count == 1 else { throw GoTemplateError("has \(all.count) values where one belongs") }
        return all[0]
    }

    private func arguments(
        _ words: inout ArraySlice<Word>, depth: Int
    ) throws(GoTemplateError) -> [GoTemplateExpression] {
        var arguments: [GoTemplateExpression] = []
        while let word = words.first, word != .pipe, word != .close {
            words = words.dropFirst()
            switch word {
            case .field(let path):
                guard path != ["Meta"] else {
                    throw GoTemplateError("wants .Meta as an argument; put it in parentheses")
                }
                arguments.append(.field(path))
            case .text(let text): arguments.append(.literal(.text(text)))
            case .number(let number): arguments.append(.literal(.number(number)))
            case .open:
                arguments.append(try pipeline(&words, depth: depth + 1))
                guard words.popFirst() == .close else { throw GoTemplateError("has a parenthesis that is not closed") }
            case .name(let name): throw GoTemplateError("has '\(name)' as an argument; put it in parentheses")
            case .close, .pipe: break
            }
        }
        return arguments
    }
}
