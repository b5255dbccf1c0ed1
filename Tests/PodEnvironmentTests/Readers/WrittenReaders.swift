/// What a reader makes of an environment file: bytes by name, the last of equal names.
typealias ReadVariables = [String: [UInt8]]

/// A file that a reader refuses.
struct UnreadableFile: Error {
    let reason: String
}

/// Readers written after what their originals say of themselves, to run where the originals are not installed.
enum WrittenReaders {
    /// systemd.exec(5), `EnvironmentFile=`: the automaton of systemd 252's env-file.c.
    static func systemd(_ text: String) throws -> ReadVariables {
        enum State {
            case beforeName, name, comment, commentEscape, beforeValue, value, valueEscape, single, double, doubleEscape
        }
        var state = State.beforeName
        var variables: ReadVariables = [:]
        var name: [UInt8] = []
        var value: [UInt8] = []
        var trailingSpace = 0
        func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0a, 0x0d].contains(byte) }
        func isNewline(_ byte: UInt8) -> Bool { byte == 0x0a || byte == 0x0d }
        func finish() {
            while let last = name.last, isSpace(last) { name.removeLast() }
            variables[String(decoding: name, as: UTF8.self)] = Array(value.dropLast(trailingSpace))
            (name, value, trailingSpace) = ([], [], 0)
            state = .beforeName
        }
        for byte in text.utf8 {
            switch state {
            case .beforeName:
                if byte == UInt8(ascii: "#") || byte == UInt8(ascii: ";") {
                    state = .comment
                } else if !isSpace(byte) {
                    name.append(byte)
                    state = .name
                }
            case .name:
                if isNewline(byte) {
                    name = []
                    state = .beforeName
                } else if byte == UInt8(ascii: "=") {
                    state = .beforeValue
                } else {
                    name.append(byte)
                }
            case .comment:
                if byte == UInt8(ascii: "\\") {
                    state = .commentEscape
                } else if isNewline(byte) {
                    state = .beforeName
                }
            case .commentEscape: state = .comment
            case .beforeValue:
                switch byte {
                case 0x0a, 0x0d: finish()
                case UInt8(ascii: "'"): state = .single
                case UInt8(ascii: "\""): state = .double
                case UInt8(ascii: "\\"): state = .valueEscape
                case _ where isSpace(byte): break
                default:
                    value.append(byte)
                    state = .value
                }
            case .value:
                if isNewline(byte) {
                    finish()
                } else if byte == UInt8(ascii: "\\") {
                    trailingSpace = 0
                    state = .valueEscape
                } else {
                    trailingSpace = isSpace(byte) ? trailingSpace + 1 : 0
                    value.append(byte)
                }
            case .valueEscape:
                if !isNewline(byte) { value.append(byte) }
                state = .value
            case .single:
                if byte == UInt8(ascii: "'") { state = .beforeValue } else { value.append(byte) }
            case .double:
                if byte == UInt8(ascii: "\"") {
                    state = .beforeValue
                } else if byte == UInt8(ascii: "\\") {
                    state = .doubleEscape
                } else {
                    value.append(byte)
                }
            case .doubleEscape:
                if Array("\"\\`$".utf8).contains(byte) {
                    value.append(byte)
                } else if byte != 0x0a {
                    value += [UInt8(ascii: "\\"), byte]
                }
                state = .double
            }
        }
        switch state {
        case .beforeValue, .value, .valueEscape, .single, .double, .doubleEscape: finish()
        case .beforeName, .name, .comment, .commentEscape: break
        }
        return variables
    }

    /// `docker run --env-file`: lines, `#` comments, everything behind the first `=` raw (docker/cli kvfile).
    static func docker(_ text: String) throws -> ReadVariables {
        var variables: ReadVariables = [:]
        let lines = text.utf8.split(separator: 0x0a, omittingEmptySubsequences: false)
        for line in lines {
            guard line.count < 65_536 else { throw UnreadableFile(reason: "token too long") }
            let unterminated = line.last == 0x0d ? line.dropLast() : line
            let content = unterminated.drop { $0 == 0x20 || (0x09...0x0d).contains($0) }
            guard let first = content.first, first != UInt8(ascii: "#") else { continue }
            let name = content.prefix { $0 != UInt8(ascii: "=") }
            guard !name.isEmpty, !name.contains(where: { $0 == 0x20 || (0x09...0x0d).contains($0) }) else {
                throw UnreadableFile(reason: "name '\(String(decoding: name, as: UTF8.self))'")
            }
            guard name.endIndex < content.endIndex else { continue }
            variables[String(decoding: name, as: UTF8.self)] = Array(content.dropFirst(name.count + 1))
        }
        return variables
    }

    /// `.env` as python-dotenv reads it without interpolation: universal newlines, then its parser's grammar.
    static func dotenv(_ text: String) throws -> ReadVariables {
        var rest = [UInt8](text.utf8)[...]
        // A carriage return never reaches the parser.
        rest = normalised(rest)[...]
        var variables: ReadVariables = [:]
        while let first = rest.first {
            if first == 0x0a {
                rest = rest.dropFirst()
                continue
            }
            let name = rest.prefix { $0 != UInt8(ascii: "=") && $0 > 0x20 && $0 != UInt8(ascii: "#") }
            rest = rest.dropFirst(name.count)
            guard !name.isEmpty, rest.first == UInt8(ascii: "=") else { throw UnreadableFile(reason: "no '='") }
            rest = rest.dropFirst()
            let value: [UInt8]
            switch rest.first {
            case UInt8(ascii: "'"): value = try quoted(&rest, by: UInt8(ascii: "'"), escapes: ["'": 0x27, "\\": 0x5c])
            case UInt8(ascii: "\""):
                value = try quoted(
                    &rest, by: UInt8(ascii: "\""),
                    escapes: [
                        "\\": 0x5c, "'": 0x27, "\"": 0x22, "a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11,
                    ])
            default:
                let line = rest.prefix { $0 != 0x0a }
                guard !line.contains(UInt8(ascii: "#")) else { throw UnreadableFile(reason: "comment") }
                guard let edge = line.first, edge > 0x20, line.last.map({ $0 > 0x20 }) == true else {
                    throw UnreadableFile(reason: "white space at an edge")
                }
                value = Array(line)
                rest = rest.dropFirst(line.count)
            }
            guard rest.first == nil || rest.first == 0x0a else { throw UnreadableFile(reason: "text behind a quote") }
            variables[String(decoding: name, as: UTF8.self)] = value
        }
        return variables
    }

    private static func normalised(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        var former: UInt8 = 0
        for byte in bytes {
            if byte == 0x0d || byte == 0x0a {
                if !(byte == 0x0a && former == 0x0d) { result.append(0x0a) }
            } else {
                result.append(byte)
            }
            former = byte
        }
        return result
    }

    /// The text up to the next quote that no backslash stands before, its escapes then undone from the left.
    private static func quoted(
        _ rest: inout ArraySlice<UInt8>, by quote: UInt8, escapes: [String: UInt8]
    ) throws -> [UInt8] {
        rest = rest.dropFirst()
        var body: [UInt8] = []
        while let byte = rest.first, byte != quote {
            body.append(byte)
            rest = rest.dropFirst()
            if byte == UInt8(ascii: "\\"), rest.first == quote {
                body.append(quote)
                rest = rest.dropFirst()
            }
        }
        guard rest.first == quote else { throw UnreadableFile(reason: "no end of a quotation") }
        rest = rest.dropFirst()
        var value: [UInt8] = []
        var remaining = body[...]
        while let byte = remaining.popFirst() {
            if byte == UInt8(ascii: "\\"), let next = remaining.first,
                let meaning = escapes[String(decoding: [next], as: UTF8.self)]
            {
                value.append(meaning)
                remaining = remaining.dropFirst()
            } else {
                value.append(byte)
            }
        }
        return value
    }
}
