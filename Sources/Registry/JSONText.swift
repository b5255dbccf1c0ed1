/// JSON texts as stores keep them and APIs send them (RFC 8259): compact, members in the order of their names.
///
/// Equal values have equal texts. Reads about twenty times as fast as decoding through `Codable`, which the start of a
/// server with thousands of objects is made of.
package enum JSONText {
    /// The levels of a text, its own included; deeper nesting is refused, so that no text can exhaust the stack.
    package static let maximumDepth = 256

    /// Why a text is no JSON.
    package struct Malformed: Error, Hashable, CustomStringConvertible {
        /// The place in bytes.
        package let offset: Int
        package var description: String { "malformed JSON at byte \(offset)" }
    }

    package static func text(of value: JSONValue) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(1024)
        write(value, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    package static func value(of text: String) throws(Malformed) -> JSONValue {
        try parsed(text, notesDuplicates: false).value.get()
    }

    /// The value of a text, and the members that stand twice in it: `duplicate field "spec.type"`, each one once, a
    /// hundred at most. The last value of such a member counts.
    package static func value(
        of text: String, notingDuplicates duplicates: inout [String]
    ) throws(Malformed) -> JSONValue {
        let result = parsed(text, notesDuplicates: true)
        duplicates += result.duplicates
        return try result.value.get()
    }

    private static func parsed(
        _ text: String, notesDuplicates: Bool
    ) -> (value: Result<JSONValue, Malformed>, duplicates: [String]) {
        var text = text
        // The closure of `withUTF8` cannot carry a typed error.
        return text.withUTF8 { bytes in
            var parser = JSONTextParser(bytes: bytes, notesDuplicates: notesDuplicates)
            do throws(Malformed) {
                return (.success(try parser.document()), parser.duplicates)
            } catch {
                return (.failure(error), parser.duplicates)
            }
        }
    }

    private static func write(_ value: JSONValue, to bytes: inout [UInt8]) {
        switch value {
        case .null: bytes += "null".utf8
        case .bool(let flag): bytes += (flag ? "true" : "false").utf8
        case .integer(let number): bytes += "\(number)".utf8
        case .number(let number): bytes += (number.isFinite ? "\(number)" : "null").utf8
        case .string(let text): write(text, to: &bytes)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                write(element, to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            for (index, name) in members.keys.sorted().enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                write(name, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                write(members[name] ?? .null, to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    private static func write(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                bytes += "\\u00".utf8
                bytes.append(digits[Int(byte >> 4)])
                bytes.append(digits[Int(byte & 15)])
            default:
                bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}

/// Reads one JSON text; no input makes it trap.
private struct JSONTextParser {
    private static let maximumDuplicates = 100

    /// Borrowed from a `withUTF8` that the parser does not outlive: valid as long as it is; compared with its end before
    /// each read.
    let bytes: UnsafeBufferPointer<UInt8>
    private var offset = 0
    private let notesDuplicates: Bool
    private(set) var duplicates: [String] = []
    /// How many were met; looking at each one would make hostile texts costly.
    private var duplicatesMet = 0
    /// The place of the value being read, if duplicates are noted.
    private var path = FieldPath()

    init(bytes: UnsafeBufferPointer<UInt8>, notesDuplicates: Bool) {
        self.bytes = bytes
        self.notesDuplicates = notesDuplicates
    }

    mutating func document() throws(JSONText.Malformed) -> JSONValue {
        let value = try value(depth: 0)
        skipSpace()
        guard offset == bytes.count else { throw malformed }
        return value
    }

    private var malformed: JSONText.Malformed { JSONText.Malformed(offset: offset) }

    private var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { offset += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        offset += 1
        return true
    }

    private mutating func expect(_ word: StaticString) throws(JSONText.Malformed) {
        for index in 0..<word.utf8CodeUnitCount {
            guard take(word.utf8Start[index]) else { throw malformed }
        }
    }

    private mutating func value(depth: Int) throws(JSONText.Malformed) -> JSONValue {
        guard depth < JSONText.maximumDepth else { throw malformed }
        skipSpace()
        switch next {
        case UInt8(ascii: "\""):
            return .string(try string())
        case UInt8(ascii: "{"):
            return .object(try members(depth: depth))
        case UInt8(ascii: "["):
            return .array(try elements(depth: depth))
        case UInt8(ascii: "t"):
            try expect("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try expect("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try expect("null")
            return .null
        default:
            return try number()
        }
    }

    private mutating func members(depth: Int) throws(JSONText.Malformed) -> [String: JSONValue] {
        offset += 1
        var members: [String: JSONValue] = [:]
        skipSpace()
        if take(UInt8(ascii: "}")) { return members }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw malformed }
            let name = try string()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw malformed }
            if notesDuplicates {
                path.components.append(.member(name))
                if members[name] != nil { noteDuplicate() }
            }
            members[name] = try value(depth: depth + 1)
            if notesDuplicates { path.components.removeLast() }
            skipSpace()
            if take(UInt8(ascii: "}")) { return members }
            guard take(UInt8(ascii: ",")) else { throw malformed }
        }
    }

    private mutating func noteDuplicate() {
        duplicatesMet += 1
        guard duplicatesMet <= Self.maximumDuplicates else { return }
        let note = "duplicate field \"\(path.beginning)\""
        if !duplicates.contains(note) { duplicates.append(note) }
    }

    private mutating func elements(depth: Int) throws(JSONText.Malformed) -> [JSONValue] {
        offset += 1
        var elements: [JSONValue] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return elements }
        while true {
            if notesDuplicates { path.components.append(.element(elements.count)) }
            elements.append(try value(depth: depth + 1))
            if notesDuplicates { path.components.removeLast() }
            skipSpace()
            if take(UInt8(ascii: "]")) { return elements }
            guard take(UInt8(ascii: ",")) else { throw malformed }
        }
    }

    private mutating func number() throws(JSONText.Malformed) -> JSONValue {
        let start = offset
        var isInteger = true
        _ = take(UInt8(ascii: "-"))
        while let byte = next {
            switch byte {
            case 0x30...0x39: break
            case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"), UInt8(ascii: "+"), UInt8(ascii: "-"):
                isInteger = false
            default:
                return try number(from: start, isInteger: isInteger)
            }
            offset += 1
        }
        return try number(from: start, isInteger: isInteger)
    }

    private func number(from start: Int, isInteger: Bool) throws(JSONText.Malformed) -> JSONValue {
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        if isInteger, let number = Int64(text) { return .integer(number) }
        guard let number = Double(text), number.isFinite else { throw JSONText.Malformed(offset: start) }
        return .number(number)
    }

    private mutating func string() throws(JSONText.Malformed) -> String {
        let text = try unescaped()
        guard StreamSafeText.isSafe(text) else { throw malformed }
        return text
    }

    private mutating func unescaped() throws(JSONText.Malformed) -> String {
        offset += 1
        let start = offset
        while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { offset += 1 }
        if next == UInt8(ascii: "\"") {
            defer { offset += 1 }
            return String(decoding: bytes[start..<offset], as: UTF8.self)
        }
        var text = Array(bytes[start..<offset])
        while let byte = next {
            offset += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): try appendEscape(to: &text)
            case 0..<0x20: throw malformed
            default: text.append(byte)
            }
        }
        throw malformed
    }

    private mutating func appendEscape(to text: inout [UInt8]) throws(JSONText.Malformed) {
        guard let byte = next else { throw malformed }
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0c)
        case UInt8(ascii: "n"): text.append(0x0a)
        case UInt8(ascii: "r"): text.append(0x0d)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var code = try hexadecimal()
            if (0xd800..<0xdc00).contains(code) {
                // The low half of a pair must follow (RFC 8259 §7).
                guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw malformed }
                let low = try hexadecimal()
                guard (0xdc00..<0xe000).contains(low) else { throw malformed }
                code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw malformed }
            text += Array(String(Character(scalar)).utf8)
        default:
            throw malformed
        }
    }

    private mutating func hexadecimal() throws(JSONText.Malformed) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { throw malformed }
            code = code << 4 | UInt32(digit)
            offset += 1
        }
        return code
    }
}
