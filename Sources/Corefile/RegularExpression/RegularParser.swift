/// Reads a pattern of Go's `regexp` into a tree.
struct RegularParser {
    /// How deep groups may nest.
    private static let depthLimit = 100
    /// The largest number in `{n,m}`, as Go has it.
    private static let repetitionLimit = 1_000

    /// What `(?…)` switches.
    private struct Flags {
        var ignoresCase = false
        /// `^` and `$` match at lines as well.
        var isMultiLine = false
        /// `.` matches a line feed.
        var dotMatchesAll = false
        /// `x*` is what `x*?` is, and the other way round.
        var isUngreedy = false
    }

    private var rest: Substring.UnicodeScalarView
    private var flags = Flags()
    private var depth = 0
    private(set) var groupNames: [String?] = [nil]

    init(_ pattern: String) {
        rest = pattern[...].unicodeScalars
    }

    mutating func parse() throws(RegularExpressionError) -> RegularTree {
        let tree = try alternatives()
        guard rest.isEmpty else { throw fault("closes a parenthesis that is not open") }
        return tree
    }

    private func fault(_ reason: String) -> RegularExpressionError { RegularExpressionError(reason: reason) }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard rest.first == scalar else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func take(_ text: String) -> Bool {
        guard rest.starts(with: text.unicodeScalars) else { return false }
        rest.removeFirst(text.unicodeScalars.count)
        return true
    }

    private mutating func alternatives() throws(RegularExpressionError) -> RegularTree {
        var all = [try sequence()]
        while take("|") { all.append(try sequence()) }
        return all.count == 1 ? all[0] : .alternatives(all)
    }

    private mutating func sequence() throws(RegularExpressionError) -> RegularTree {
        var items: [RegularTree] = []
        while let first = rest.first, first != "|", first != ")" {
            if take("\\Q") {
                while !rest.isEmpty, !take("\\E") { items.append(literal(rest.removeFirst())) }
                // What repeats behind the quote repeats its last character.
                if let last = items.popLast() { items.append(try repeated(last)) }
                continue
            }
            guard let atom = try atom() else { continue }
            items.append(try repeated(atom))
        }
        return items.count == 1 ? items[0] : items.isEmpty ? .empty : .sequence(items)
    }

    // MARK: Repetition

    private mutating func repeated(_ atom: RegularTree) throws(RegularExpressionError) -> RegularTree {
        guard let (minimum, maximum) = try repetition() else { return atom }
        let isLazy = take("?")
        if try repetition() != nil { throw fault("repeats a repetition; put it in parentheses") }
        return .repetition(atom, minimum: minimum, maximum: maximum, isGreedy: isLazy == flags.isUngreedy)
    }

    private mutating func repetition() throws(RegularExpressionError) -> (Int, Int?)? {
        if take("*") { return (0, nil) }
        if take("+") { return (1, nil) }
        if take("?") { return (0, 1) }
        guard rest.first == "{" else { return nil }
        let start = rest
        rest.removeFirst()
        guard let minimum = number() else {
            // A brace that begins no numbers stands for itself, as it does for Go.
            rest = start
            return nil
        }
        var maximum: Int? = minimum
        if take(",") { maximum = rest.first == "}" ? nil : number() ?? -1 }
        guard take("}"), maximum != -1 else {
            rest = start
            return nil
        }
        guard max(minimum, maximum ?? 0) <= Self.repetitionLimit, maximum.map({ $0 >= minimum }) ?? true else {
            throw fault("has a repetition out of range; up to \(Self.repetitionLimit) is allowed")
        }
        return (minimum, maximum)
    }

    /// Digits as a number; too long ones as a number beyond all limits.
    private mutating func number() -> Int? {
        let digits = rest.prefix { ("0"..."9").contains($0) }
        guard !digits.isEmpty else { return nil }
        rest.removeFirst(digits.count)
        return digits.count > 9 ? Int.max : Int(String(digits))
    }

    // MARK: Atoms

    /// nil for flags, which stand for nothing.
    private mutating func atom() throws(RegularExpressionError) -> RegularTree? {
        guard let first = rest.popFirst() else { return .empty }
        switch first {
        case "(": return try group()
        case "[": return .bytes(try set())
        case ".": return .bytes(flags.dotMatchesAll ? ByteSet(0...255) : ByteSet(UInt8(ascii: "\n")).inverted)
        case "^": return .assertion(flags.isMultiLine ? .lineStart : .textStart)
        case "$": return .assertion(flags.isMultiLine ? .lineEnd : .textEnd)
        case "*", "+", "?": throw fault("repeats nothing with \(first)")
        case "\\": return try escape()
        default:
            if first == "{" {
                rest = Substring("{" + String(rest)).unicodeScalars
                if try repetition() != nil { throw fault("repeats nothing with braces") }
                rest.removeFirst()
            }
            return literal(first)
        }
    }

    private func literal(_ scalar: Unicode.Scalar) -> RegularTree {
        let bytes = Array(String(scalar).utf8)
        guard bytes.count == 1 else { return .sequence(bytes.map { .bytes(ByteSet($0)) }) }
        return .bytes(folded(ByteSet(bytes[0])))
    }

    private func folded(_ set: ByteSet) -> ByteSet { flags.ignoresCase ? set.foldingCase : set }

    private mutating func group() throws(RegularExpressionError) -> RegularTree? {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthLimit else { throw fault("nests more than \(Self.depthLimit) groups") }
        let outer = flags
        var number: Int?
        if take("?") {
            if take("P<")
                || (rest.first == "<" && !rest.starts(with: "<=".unicodeScalars)
                    && !rest.starts(with: "<!".unicodeScalars) && take("<"))
            {
                number = try name()
            } else if try !switches() {
                // `(?i)`: to the end of the group around.
                return nil
            }
        } else {
            groupNames.append(nil)
            number = groupNames.count - 1
        }
        let tree = try alternatives()
        guard take(")") else { throw fault("has a parenthesis that is not closed") }
        flags = outer
        return .group(tree, number: number)
    }

    private mutating func name() throws(RegularExpressionError) -> Int {
        let name = String(rest.prefix { $0 != ">" })
        rest.removeFirst(name.unicodeScalars.count)
        guard take(">"), !name.isEmpty, name.utf8.allSatisfy(ByteSet.wordBytes.contains) else {
            throw fault("has a group whose name is not made of letters, digits and _")
        }
        guard !groupNames.contains(name) else { throw fault("has two groups named \(name)") }
        groupNames.append(name)
        return groupNames.count - 1
    }

    /// Reads `flags:` or `flags)`; whether a group follows.
    private mutating func switches() throws(RegularExpressionError) -> Bool {
        var isOn = true
        var count = 0
        while let first = rest.popFirst() {
            switch first {
            case "i": flags.ignoresCase = isOn
            case "m": flags.isMultiLine = isOn
            case "s": flags.dotMatchesAll = isOn
            case "U": flags.isUngreedy = isOn
            case "-" where isOn:
                isOn = false
                count = -1
            case ":" where isOn || count > 0: return true
            case ")" where count > 0: return false
            case "=", "!", "<": throw fault("looks ahead or behind, which is not supported")
            default: throw fault("has (?\(first), which is not supported")
            }
            count += 1
        }
        throw fault("has a parenthesis that is not closed")
    }

    // MARK: Escapes

    private mutating func escape() throws(RegularExpressionError) -> RegularTree {
        switch rest.first {
        case "A":
            rest.removeFirst()
            return .assertion(.textStart)
        case "z":
            rest.removeFirst()
            return .assertion(.textEnd)
        case "b":
            rest.removeFirst()
            return .assertion(.wordBoundary)
        case "B":
            rest.removeFirst()
            return .assertion(.noWordBoundary)
        default:
            if let set = perlClass() { return .bytes(set) }
            return literal(try escapedScalar())
        }
    }

    /// `\d` and the like.
    private mutating func perlClass() -> ByteSet? {
        let set: ByteSet
        switch rest.first {
        case "d": set = .digits
        case "D": set = ByteSet.digits.inverted
        case "w": set = .wordBytes
        case "W": set = ByteSet.wordBytes.inverted
        case "s": set = .spaces
        case "S": set = ByteSet.spaces.inverted
        default: return nil
        }
        rest.removeFirst()
        return set
    }

    private mutating func escapedScalar() throws(RegularExpressionError) -> Unicode.Scalar {
        guard let first = rest.popFirst() else { throw fault("ends in a backslash") }
        switch first {
        case "a": return "\u{07}"
        case "f": return "\u{0c}"
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "v": return "\u{0b}"
        case "x": return try hexadecimal()
        case "1"..."7":
            guard let second = rest.first, ("0"..."7").contains(second) else {
                throw fault("refers back to a group, which is not supported")
            }
            return octal(first)
        case "0": return octal(first)
        case "p", "P": throw fault("has a Unicode class (\\\(first)), which is not supported")
        default:
            guard first.isASCII, !ByteSet.wordBytes.contains(UInt8(truncatingIfNeeded: first.value)) else {
                throw fault("has the escape \\\(first), which is not known")
            }
            return first
        }
    }

    private mutating func octal(_ first: Unicode.Scalar) -> Unicode.Scalar {
        var value = first.value - 0x30
        for _ in 0..<2 {
            guard let digit = rest.first, ("0"..."7").contains(digit) else { break }
            rest.removeFirst()
            value = value * 8 + digit.value - 0x30
        }
        return Unicode.Scalar(value) ?? "\u{fffd}"
    }

    private mutating func hexadecimal() throws(RegularExpressionError) -> Unicode.Scalar {
        let digits: String
        if take("{") {
            digits = String(rest.prefix { $0 != "}" })
            rest.removeFirst(digits.unicodeScalars.count)
            guard take("}") else { throw fault("has a brace behind \\x that is not closed") }
        } else {
            digits = String(rest.prefix(2))
            guard digits.unicodeScalars.count == 2 else { throw fault("has \\x without two digits") }
            rest.removeFirst(2)
        }
        guard (1...6).contains(digits.utf8.count), digits.allSatisfy(\.isHexDigit),
            let value = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(value)
        else { throw fault("has \\x without hexadecimal digits of a character") }
        return scalar
    }

    // MARK: Classes

    /// Reads behind `[`.
    private mutating func set() throws(RegularExpressionError) -> ByteSet {
        let isInverted = take("^")
        var set = ByteSet()
        var isFirst = true
        while isFirst || rest.first != "]" {
            isFirst = false
            guard let next = rest.first else { throw fault("has a bracket that is not closed") }
            if next == "[", rest.dropFirst().first == ":" {
                set = set.union(try posixClass())
                continue
            }
            if next == "\\" {
                rest.removeFirst()
                if let perl = perlClass() {
                    set = set.union(perl)
                    continue
                }
                try insertRange(from: try asciiByte(try escapedScalar()), into: &set)
                continue
            }
            rest.removeFirst()
            try insertRange(from: try asciiByte(next), into: &set)
        }
        rest.removeFirst()
        set = folded(set)
        return isInverted ? set.inverted : set
    }

    private mutating func insertRange(from low: UInt8, into set: inout ByteSet) throws(RegularExpressionError) {
        guard rest.first == "-", let end = rest.dropFirst().first, end != "]" else { return set.insert(low...low) }
        rest.removeFirst(2)
        let high = try asciiByte(end == "\\" ? try escapedScalar() : end)
        guard low <= high else { throw fault("has a range in brackets that runs backwards") }
        set.insert(low...high)
    }

    private func asciiByte(_ scalar: Unicode.Scalar) throws(RegularExpressionError) -> UInt8 {
        guard scalar.isASCII else { throw fault("has characters beyond ASCII in brackets, which is not supported") }
        return UInt8(truncatingIfNeeded: scalar.value)
    }

    private mutating func posixClass() throws(RegularExpressionError) -> ByteSet {
        let name = String(rest.dropFirst(2).prefix { $0 != ":" && $0 != "]" })
        let isInverted = name.hasPrefix("^")
        let set: ByteSet
        switch isInverted ? String(name.dropFirst()) : name {
        case "alnum": set = ByteSet.digits.union(.letters)
        case "alpha": set = .letters
        case "ascii": set = ByteSet(0...127)
        case "blank": set = ByteSet(9).union(ByteSet(32))
        case "cntrl": set = ByteSet(0...31).union(ByteSet(127))
        case "digit": set = .digits
        case "graph": set = ByteSet(33...126)
        case "lower": set = ByteSet(0x61...0x7a)
        case "print": set = ByteSet(32...126)
        case "punct": set = ByteSet(33...47).union(ByteSet(58...64)).union(ByteSet(91...96)).union(ByteSet(123...126))
        case "space": set = ByteSet(9...13).union(ByteSet(32))
        case "upper": set = ByteSet(0x41...0x5a)
        case "word": set = .wordBytes
        case "xdigit": set = ByteSet.digits.union(ByteSet(0x41...0x46)).union(ByteSet(0x61...0x66))
        default: throw fault("has the class [:\(name):], which is not known")
        }
        guard rest.dropFirst(2 + name.unicodeScalars.count).starts(with: ":]".unicodeScalars) else {
            throw fault("has a class [:…:] that is not closed")
        }
        rest.removeFirst(name.unicodeScalars.count + 4)
        return isInverted ? set.inverted : set
    }
}
