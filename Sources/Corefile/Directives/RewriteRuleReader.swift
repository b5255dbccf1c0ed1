import DNS

/// Reads one `rewrite`: in a line, or over several lines in braces that count as one.
struct RewriteRuleReader {
    private typealias Rewrite = RewriteSettings

    private let line: CorefileLine
    private var words: ArraySlice<Token>

    static func rule(_ line: CorefileLine) throws(CorefileError) -> RewriteSettings.Rule {
        var reader = RewriteRuleReader(line: line, words: line.arguments)
        if let block = line.block {
            guard line.arguments.count < 2 else { throw line.error("has a rule both in the line and in braces") }
            for option in block {
                try option.expectNoBlock()
                reader.words += option.tokens
            }
        }
        return try reader.rule()
    }

    private init(line: CorefileLine, words: ArraySlice<Token>) {
        self.line = line
        self.words = words
    }

    private mutating func next(_ what: String) throws(CorefileError) -> Token {
        guard let word = words.popFirst() else { throw line.error("lacks \(what)") }
        return word
    }

    private func end() throws(CorefileError) {
        if let word = words.first { throw word.error("is one argument too many for rewrite") }
    }

    private mutating func rule() throws(CorefileError) -> RewriteSettings.Rule {
        var continues = false
        if let mode = words.first?.text.lowercased(), mode == "continue" || mode == "stop" {
            continues = mode == "continue"
            words = words.dropFirst()
        }
        let field = try next("what to rewrite")
        let change: RewriteSettings.Change
        switch field.text.lowercased() {
        case "name": change = .name(try name())
        case "type":
            change = .type(from: try type(), to: try type())
            try end()
        case "class":
            change = .recordClass(from: try recordClass(), to: try recordClass())
            try end()
        case "ttl": change = try ttl()
        case "rcode": change = try code()
        case "cname": change = try aliasTarget()
        case "edns0": change = .edns(try edns())
        case "answer": throw field.error("stands alone", wanted: "write it behind a name rule")
        default:
            throw field.error(
                "is unknown in rewrite", wanted: "write one of name, type, class, ttl, rcode, cname, edns0")
        }
        return RewriteSettings.Rule(continues: continues, change: change)
    }

    // MARK: Codes

    private mutating func type() throws(CorefileError) -> RecordType {
        let word = try next("a record type")
        guard let type = Mnemonic.type(word.text) else { throw word.error("is no record type") }
        return type
    }

    private mutating func recordClass() throws(CorefileError) -> RecordClass {
        let word = try next("a class")
        guard let recordClass = Mnemonic.recordClass(word.text) else { throw word.error("is no class") }
        return recordClass
    }

    private mutating func code() throws(CorefileError) -> RewriteSettings.Change {
        let pattern = try pattern(followers: 2)
        var codes: [ResponseCode] = []
        for _ in 0..<2 {
            let word = try next("a response code")
            guard let code = Mnemonic.responseCode(word.text) else { throw word.error("is no response code") }
            codes.append(code)
        }
        try end()
        return .code(pattern, from: codes[0], to: codes[1])
    }

    private mutating func ttl() throws(CorefileError) -> RewriteSettings.Change {
        let pattern = try pattern(followers: 1)
        let word = try next("a TTL")
        let ends = word.text.split(separator: "-", omittingEmptySubsequences: false)
        let numbers = ends.map { $0.utf8.allSatisfy { (0x30...0x39).contains($0) } ? UInt32($0) : nil }
        guard ends.count <= 2, ends.contains(where: { !$0.isEmpty }),
            let low = ends[0].isEmpty ? 0 : numbers[0],
            let high = ends.count == 1 ? low : ends[1].isEmpty ? UInt32(Int32.max) : numbers[1], low <= high
        else { throw word.error("is no range of TTLs", wanted: "write seconds: 30, 30-300, 30- or -300") }
        try end()
        return .ttl(pattern, low...high)
    }

    // MARK: Names

    private static let kinds = ["exact", "prefix", "suffix", "substring", "regex"]

    /// A pattern with its kind, which may be left out where `followers` further words and no more follow.
    private mutating func pattern(followers: Int) throws(CorefileError) -> RewriteSettings.NamePattern {
        let kind = words.count > followers + 1 ? try self.kind() : "exact"
        return try pattern(kind)
    }

    private mutating func kind() throws(CorefileError) -> String {
        let word = try next("a kind of match")
        let kind = word.text.lowercased()
        guard Self.kinds.contains(kind) else {
            throw word.error("is no kind of match", wanted: "write one of \(Self.kinds.joined(separator: ", "))")
        }
        return kind
    }

    private mutating func pattern(_ kind: String) throws(CorefileError) -> RewriteSettings.NamePattern {
        let word = try next("a name to match")
        switch kind {
        case "regex": return .regex(try word.regularExpression())
        case "prefix": return .prefix(Array(Self.absolute(word.text).utf8))
        case "suffix": return .suffix(Array(Self.absolute(word.text).utf8))
        case "substring": return .substring(Array(Self.absolute(word.text).utf8))
        default: return .exact(Array(try word.name().lowercased.description.utf8))
        }
    }

    /// In lower case and with a dot at the end, which CoreDNS puts behind patterns of all kinds but `regex`.
    private static func absolute(_ text: String) -> String {
        let lower = text.lowercased()
        return lower.hasSuffix(".") ? lower : lower + "."
    }

    private mutating func name() throws(CorefileError) -> RewriteSettings.NameRewrite {
        let kind = words.count > 2 ? try self.kind() : "exact"
        let pattern = try pattern(kind)
        let target = try next("a name to put in place")
        let replacement = try Self.replacement(target, pattern: pattern)
        if kind == "exact" { _ = try target.name() }
        var rewrite = RewriteSettings.NameRewrite(
            pattern: pattern, replacement: replacement, isReverted: kind == "exact", answers: [])
        try answers(into: &rewrite)
        return rewrite
    }

    /// `answer (auto | name FROM TO | value FROM TO) …`; the word `answer` may be left out but for the first.
    private mutating func answers(into rewrite: inout RewriteSettings.NameRewrite) throws(CorefileError) {
        var isFirst = true
        var auto: Token?
        while var word = words.popFirst() {
            if word.text == "answer" {
                word = try next("auto, name or value")
            } else if isFirst {
                throw word.error(
                    "is one argument too many for rewrite", wanted: "write answer before auto, name or value")
            }
            isFirst = false
            switch word.text {
            case "auto": auto = word
            case "name" where words.first?.text == "auto":
                // As CoreDNS's documentation writes it.
                auto = words.popFirst()
            case "name", "value":
                let from = try next("a pattern").regularExpression()
                let replacement = try Self.replacement(try next("a name to put in place"), pattern: .regex(from))
                rewrite.answers.append(
                    RewriteSettings.AnswerRewrite(
                        part: word.text == "name" ? .name : .value, pattern: from, replacement: replacement))
            default: throw word.error("is unknown behind answer", wanted: "write one of auto, name, value")
            }
        }
        guard let auto else { return }
        guard !rewrite.answers.contains(where: { $0.part == .name }) else {
            throw auto.error("does not go with answer name")
        }
        rewrite.isReverted = true
    }

    /// A word with `{n}` for groups; without groups outside of regular expressions.
    private static func replacement(
        _ word: Token, pattern: RewriteSettings.NamePattern
    ) throws(CorefileError) -> RewriteSettings.NameReplacement {
        var rest = absolute(word.text)[...]
        guard case .regex(let pattern) = pattern else {
            return RewriteSettings.NameReplacement(pieces: [.text(String(rest))])
        }
        var pieces: [RewriteSettings.NameReplacement.Piece] = []
        var literal = ""
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            let digits = rest[rest.index(after: open)..<close]
            literal += rest[..<open]
            guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
                literal += "{"
                rest = rest[rest.index(after: open)...]
                continue
            }
            guard let number = Int(digits), number <= pattern.groupCount else {
                throw word.error("names group \(digits), but its pattern has \(pattern.groupCount)")
            }
            if !literal.isEmpty { pieces.append(.text(literal)) }
            literal = ""
            pieces.append(.group(number))
            rest = rest[rest.index(after: close)...]
        }
        literal += rest
        if !literal.isEmpty { pieces.append(.text(literal)) }
        return RewriteSettings.NameReplacement(pieces: pieces)
    }

    private mutating func aliasTarget() throws(CorefileError) -> RewriteSettings.Change {
        let pattern = try pattern(followers: 1)
        let replacement = try Self.replacement(try next("a name to put in place"), pattern: pattern)
        try end()
        return .aliasTarget(pattern, replacement)
    }

    // MARK: EDNS

    private mutating func edns() throws(CorefileError) -> RewriteSettings.EDNSRewrite {
        let kind = try next("a kind of EDNS option")
        let verb = try next("set, append, replace or unset")
        guard let action = RewriteSettings.EDNSRewrite.Action(rawValue: verb.text.lowercased()) else {
            throw verb.error("is unknown in rewrite edns0", wanted: "write one of set, append, replace, unset")
        }
        let option: RewriteSettings.EDNSRewrite.Option
        switch kind.text.lowercased() {
        case "local":
            let code = try optionCode()
            option = .local(code: code, action == .unset ? .bytes([]) : try localData())
        case "nsid": option = .nsid
        case "subnet":
            option =
                action == .unset
                ? .subnet(v4: 0, v6: 0) : .subnet(v4: try prefixLength(32), v6: try prefixLength(128))
        default: throw kind.error("is unknown in rewrite edns0", wanted: "write one of local, nsid, subnet")
        }
        var isReverted = false
        if action != .unset, words.first?.text.lowercased() == "revert" {
            words = words.dropFirst()
            isReverted = true
        }
        try end()
        return RewriteSettings.EDNSRewrite(option: option, action: action, isReverted: isReverted)
    }

    private mutating func prefixLength(_ limit: Int) throws(CorefileError) -> UInt8 {
        UInt8(try next("a length of a prefix in bits").integer(in: 0...limit))
    }

    /// A number as Go reads it: `65518`, `0xffee`, `0b1`, `0o17`.
    private mutating func optionCode() throws(CorefileError) -> UInt16 {
        let word = try next("a code")
        let text = word.text.lowercased()
        let code: UInt16? =
            if text.hasPrefix("0x") {
                UInt16(text.dropFirst(2), radix: 16)
            } else if text.hasPrefix("0b") {
                UInt16(text.dropFirst(2), radix: 2)
            } else if text.hasPrefix("0o") {
                UInt16(text.dropFirst(2), radix: 8)
            } else if text.hasPrefix("0") {
                UInt16(text, radix: 8)
            } else {
                UInt16(text)
            }
        guard let code else { throw word.error("is no code of an EDNS option", wanted: "write one as 0xffee") }
        return code
    }

    private mutating func localData() throws(CorefileError) -> RewriteSettings.EDNSRewrite.LocalData {
        let word = try next("data")
        if word.text.hasPrefix("{"), word.text.hasSuffix("}") {
            let name = String(word.text.dropFirst().dropLast())
            if let variable = RewriteSettings.EDNSRewrite.Variable(rawValue: name) { return .variable(variable) }
            // A label of metadata has a slash inside.
            let parts = name.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else {
                throw word.error(
                    "is no variable",
                    wanted: "write one of {"
                        + RewriteSettings.EDNSRewrite.Variable.allCases.map(\.rawValue).joined(separator: "}, {")
                        + "}, or metadata as {plugin/label}")
            }
            return .metadata(name)
        }
        guard word.text.hasPrefix("0x") else { return .bytes(Array(word.text.utf8)) }
        let digits = Array(word.text.utf8.dropFirst(2)).map { Character(UnicodeScalar($0)).hexDigitValue }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard index + 1 < digits.count, let high = digits[index], let low = digits[index + 1] else {
                throw word.error("is no hexadecimal data", wanted: "write two digits for each byte")
            }
            bytes.append(UInt8(high << 4 | low))
        }
        return .bytes(bytes)
    }
}
