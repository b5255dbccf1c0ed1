/// Reads the text form of label selectors, with the leniency and the error texts of Kubernetes' parser.
struct LabelSelectorParser {
    private enum Token: Hashable {
        case end, closing, opening, comma, not, equals, doubleEquals, notEquals, greater, less, isIn, isNotIn
        case identifier
        /// Symbols that stand for nothing.
        case malformed
    }

    private struct Item {
        let token: Token
        let text: String
    }

    private static let symbols: [String: Token] = [
        ")": .closing, "(": .opening, ",": .comma, "!": .not, "=": .equals, "==": .doubleEquals, "!=": .notEquals,
        ">": .greater, "<": .less,
    ]
    private static let words: [String: Token] = ["in": .isIn, "notin": .isNotIn]

    private let items: [Item]
    private var position = 0

    init(_ text: String) {
        items = Self.items(of: text)
    }

    mutating func requirements() throws(SelectorError) -> [LabelSelector.Requirement] {
        var requirements: [LabelSelector.Requirement] = []
        while true {
            switch nextValue.token {
            case .identifier, .not:
                do throws(SelectorError) {
                    requirements.append(try requirement())
                } catch {
                    throw SelectorError("unable to parse requirement: \(error)")
                }
                let item = takeValue()
                switch item.token {
                case .end: return requirements
                case .comma:
                    guard nextValue.token == .identifier || nextValue.token == .not else {
                        throw SelectorError("found '\(nextValue.text)', expected: identifier after ','")
                    }
                default: throw SelectorError("found '\(item.text)', expected: ',' or 'end of string'")
                }
            case .end: return requirements
            default: throw SelectorError("found '\(nextValue.text)', expected: !, identifier, or 'end of string'")
            }
        }
    }

    private mutating func requirement() throws(SelectorError) -> LabelSelector.Requirement {
        var item = takeValue()
        let isNegated = item.token == .not
        if isNegated { item = takeValue() }
        guard item.token == .identifier else { throw SelectorError("found '\(item.text)', expected: identifier") }
        let key = item.text
        let faults = NameRules.qualifiedNameFaults(key)
        guard faults.isEmpty else { throw Self.malformed("<nil>", key, faults.joined(separator: "; ")) }
        if isNegated { return LabelSelector.Requirement(key: key, .isAbsent) }
        if nextValue.token == .end || nextValue.token == .comma {
            return LabelSelector.Requirement(key: key, .exists)
        }
        return LabelSelector.Requirement(key: key, try relation(of: key))
    }

    private mutating func relation(of key: String) throws(SelectorError) -> LabelSelector.Requirement.Relation {
        let sign = take()
        switch sign.token {
        case .isIn: return .isAmong(try checked(try list(), of: key))
        case .isNotIn: return .isNotAmong(try checked(try list(), of: key))
        case .equals, .doubleEquals: return .isAmong(try checked([try exactValue()], of: key))
        case .notEquals: return .isNotAmong(try checked([try exactValue()], of: key))
        case .greater: return .isGreater(try number(of: key))
        case .less: return .isLess(try number(of: key))
        default: throw SelectorError("found '\(sign.text)', expected: in, notin, =, ==, !=, gt, lt")
        }
    }

    private func checked(_ values: Set<String>, of key: String) throws(SelectorError) -> Set<String> {
        for value in values.sorted() {
            let faults = NameRules.labelValueFaults(value)
            guard faults.isEmpty else {
                throw Self.malformed("values[0][\(key)]", value, faults.joined(separator: "; "))
            }
        }
        return values
    }

    private mutating func number(of key: String) throws(SelectorError) -> Int64 {
        let text = try exactValue()
        guard let number = Int64(text) else {
            throw Self.malformed("values[0]", text, "for 'Gt', 'Lt' operators, the value must be an integer")
        }
        return number
    }

    private mutating func exactValue() throws(SelectorError) -> String {
        if nextValue.token == .end || nextValue.token == .comma { return "" }
        let item = takeValue()
        guard item.token == .identifier else { throw SelectorError("found '\(item.text)', expected: identifier") }
        return item.text
    }

    private mutating func list() throws(SelectorError) -> Set<String> {
        let opening = takeValue()
        guard opening.token == .opening else { throw SelectorError("found '\(opening.text)' expected: '('") }
        switch nextValue.token {
        case .closing:
            _ = takeValue()
            return [""]
        case .identifier, .comma:
            let values = try identifiers()
            _ = takeValue()
            return values
        default:
            throw SelectorError("found '\(nextValue.text)', expected: ',', ')' or identifier")
        }
    }

    /// The values up to the closing parenthesis, which stays; nothing between commas is an empty value.
    private mutating func identifiers() throws(SelectorError) -> Set<String> {
        var values: Set<String> = []
        while true {
            let item = takeValue()
            switch item.token {
            case .identifier:
                values.insert(item.text)
                switch nextValue.token {
                case .comma: continue
                case .closing: return values
                default: throw SelectorError("found '\(nextValue.text)', expected: ',' or ')'")
                }
            case .comma:
                if values.isEmpty { values.insert("") }
                switch nextValue.token {
                case .closing:
                    values.insert("")
                    return values
                case .comma: values.insert("")
                default: break
                }
            default:
                throw SelectorError("found '\(item.text)', expected: ',', or identifier")
            }
        }
    }

    private static func malformed(_ place: String, _ value: String, _ detail: String) -> SelectorError {
        let violation = FieldViolation(FieldPath(), .invalid, value: value, detail)
        return SelectorError("\(place): \(violation.message)")
    }

    // Where a value may stand, `in` and `notin` are values.
    private var nextValue: Item { asValue(items[min(position, items.count - 1)]) }

    private mutating func take() -> Item {
        let item = items[min(position, items.count - 1)]
        position += 1
        return item
    }

    private mutating func takeValue() -> Item { asValue(take()) }

    private func asValue(_ item: Item) -> Item {
        switch item.token {
        case .isIn, .isNotIn: Item(token: .identifier, text: item.text)
        default: item
        }
    }
}

// From the text to its tokens; the last one is the end.
extension LabelSelectorParser {
    private static func items(of text: String) -> [Item] {
        var items: [Item] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.first {
            if isSpace(byte) {
                rest.removeFirst()
            } else if isSymbol(byte) {
                items.append(symbol(&rest))
            } else {
                let word = rest.prefix { !isSpace($0) && !isSymbol($0) }
                rest = rest.dropFirst(word.count)
                let text = String(decoding: word, as: UTF8.self)
                items.append(Item(token: words[text] ?? .identifier, text: text))
            }
        }
        return items + [Item(token: .end, text: "")]
    }

    /// The longest run of symbols that stands for something.
    private static func symbol(_ rest: inout ArraySlice<UInt8>) -> Item {
        var text = ""
        var found: Item?
        while let byte = rest.first, isSymbol(byte) {
            text.unicodeScalars.append(Unicode.Scalar(byte))
            if let token = symbols[text] {
                found = Item(token: token, text: text)
            } else if found != nil {
                break
            }
            rest.removeFirst()
        }
        return found ?? Item(token: .malformed, text: "error expected: keyword found '\(text)'")
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
            || byte == UInt8(ascii: "\n")
    }

    private static func isSymbol(_ byte: UInt8) -> Bool { "=!(),><".utf8.contains(byte) }
}
