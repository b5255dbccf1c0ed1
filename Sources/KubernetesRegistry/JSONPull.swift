/// Reads JSON from bytes value by value, in one pass and without building anything (RFC 8259).
///
/// What the caller does not want is stepped over without looking closely; what it takes is checked. Nothing recurses,
/// so that depth costs nothing, and every read is within the bytes.
///
/// The pointer is valid because a `JSONPull` lives only inside the closure of `withUnsafeBytes` that makes it; every
/// offset is compared with `count` before it is read.
struct JSONPull: ~Copyable {
    /// Why reading cannot go on.
    enum Stop: Error, Hashable, Sendable {
        /// The bytes end within a value: more may make it whole.
        case incomplete
        /// This is no JSON, whatever may follow.
        case malformed(offset: Int)
    }

    /// What a value is, by its first byte.
    enum Shape: Hashable, Sendable {
        case object, array, string, number, bool, null
    }

    /// Bytes of a string between its quotes, escapes not replaced.
    struct RawText {
        let start: Int
        let count: Int
        let hasEscapes: Bool
    }

    private let bytes: UnsafeBufferPointer<UInt8>
    private let count: Int
    /// How far has been read.
    private(set) var offset: Int

    init(_ buffer: UnsafeBufferPointer<UInt8>, from offset: Int = 0) {
        bytes = buffer
        count = buffer.count
        self.offset = offset
    }

    private func stop() -> Stop { .malformed(offset: offset) }

    /// The next byte that is no white space; stays before it.
    @inline(__always)
    mutating func peek() throws(Stop) -> UInt8 {
        while offset < count {
            let byte = bytes[offset]
            if byte > 0x20 { return byte }
            guard byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 else { throw stop() }
            offset &+= 1
        }
        throw .incomplete
    }

    @inline(__always)
    private mutating func expect(_ byte: UInt8) throws(Stop) {
        guard try peek() == byte else { throw stop() }
        offset &+= 1
    }

    /// What the next value is.
    mutating func shape() throws(Stop) -> Shape {
        switch try peek() {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
        case UInt8(ascii: "n"): return .null
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        default: throw stop()
        }
    }

    /// Steps into an object.
    mutating func beginObject() throws(Stop) { try expect(UInt8(ascii: "{")) }

    /// Steps into an array.
    mutating func beginArray() throws(Stop) { try expect(UInt8(ascii: "[")) }

    /// The next member's name, with the reader before its value; nil where the object ends.
    ///
    /// - Parameter isFirst: set to false.
    mutating func nextMember(_ isFirst: inout Bool) throws(Stop) -> RawText? {
        var byte = try peek()
        if byte == UInt8(ascii: "}") {
            offset &+= 1
            return nil
        }
        if !isFirst {
            guard byte == UInt8(ascii: ",") else { throw stop() }
            offset &+= 1
            byte = try peek()
        }
        isFirst = false
        guard byte == UInt8(ascii: "\"") else { throw stop() }
        offset &+= 1
        let name = try restOfText()
        try expect(UInt8(ascii: ":"))
        return name
    }

    /// Whether another element comes, with the reader before it.
    mutating func nextElement(_ isFirst: inout Bool) throws(Stop) -> Bool {
        let byte = try peek()
        if byte == UInt8(ascii: "]") {
            offset &+= 1
            return false
        }
        if !isFirst {
            guard byte == UInt8(ascii: ",") else { throw stop() }
            offset &+= 1
        }
        isFirst = false
        return true
    }

    /// Whether a member's name is this one. Names that are written with escapes, which no API server does, are others.
    @inline(__always)
    func matches(_ text: RawText, _ name: StaticString) -> Bool {
        guard text.count == name.utf8CodeUnitCount else { return false }
        let other = name.utf8Start
        for index in 0..<text.count where bytes[text.start &+ index] != other[index] { return false }
        return true
    }

    /// The bytes of the string that comes next.
    mutating func rawText() throws(Stop) -> RawText {
        try expect(UInt8(ascii: "\""))
        return try restOfText()
    }

    /// The bytes of a string up to its closing quote, with the reader behind the opening one.
    @inline(__always)
    private mutating func restOfText() throws(Stop) -> RawText {
        let start = offset
        var hasEscapes = false
        var place = endOfPlainText(from: start)
        while place < count, bytes[place] == UInt8(ascii: "\\") {
            hasEscapes = true
            guard place &+ 1 < count else { throw .incomplete }
            place = endOfPlainText(from: place &+ 2)
        }
        guard place < count else { throw .incomplete }
        offset = place &+ 1
        return RawText(start: start, count: place &- start, hasEscapes: hasEscapes)
    }

    /// Where the first quote or backslash stands, eight bytes at a time; `count` where there is none.
    @inline(__always)
    private func endOfPlainText(from start: Int) -> Int {
        var place = start
        while place &+ 8 <= count {
            let word = UInt64(
                littleEndian: UnsafeRawBufferPointer(bytes).loadUnaligned(fromByteOffset: place, as: UInt64.self))
            let marks = Self.marks(word, UInt8(ascii: "\"")) | Self.marks(word, UInt8(ascii: "\\"))
            if marks != 0 { return place &+ marks.trailingZeroBitCount &>> 3 }
            place &+= 8
        }
        while place < count, bytes[place] != UInt8(ascii: "\""), bytes[place] != UInt8(ascii: "\\") { place &+= 1 }
        return place
    }

    /// Has the upper bit of each of eight bytes that is this one, up to the first; what is above that says nothing.
    @inline(__always)
    private static func marks(_ word: UInt64, _ byte: UInt8) -> UInt64 {
        let others = word ^ (0x0101_0101_0101_0101 &* UInt64(byte))
        return (others &- 0x0101_0101_0101_0101) & ~others & 0x8080_8080_8080_8080
    }

    /// Steps over a value of any kind.
    mutating func skip() throws(Stop) {
        var depth = 0
        repeat {
            let byte = try peek()
            switch byte {
            case UInt8(ascii: "\""):
                offset &+= 1
                _ = try restOfText()
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth &+= 1
                offset &+= 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth &-= 1
                guard depth >= 0 else { throw stop() }
                offset &+= 1
            case UInt8(ascii: ","), UInt8(ascii: ":"):
                guard depth > 0 else { throw stop() }
                offset &+= 1
            default: try skipWord()
            }
        } while depth > 0
    }

    /// Steps over a number, `true`, `false` or `null`.
    private mutating func skipWord() throws(Stop) {
        var place = offset
        while place < count {
            guard Self.isWordByte(bytes[place]) else {
                guard place > offset else { throw stop() }
                offset = place
                return
            }
            place &+= 1
        }
        // A number may go on behind the end of the bytes.
        throw .incomplete
    }

    /// Whether a byte may be in a number, `true`, `false` or `null`: `+-.0-9`, `E`, `a-z`.
    @inline(__always)
    private static func isWordByte(_ byte: UInt8) -> Bool {
        // A bit for each byte below 0x40 and below 0x80.
        let bits: UInt64 = byte < 0x40 ? 0x03ff_6800_0000_0000 : byte < 0x80 ? 0x07ff_fffe_0000_0020 : 0
        return bits &>> UInt64(byte) & 1 != 0
    }

    /// The text of a string; nil where it is no UTF-8 or holds a broken escape.
    func text(_ raw: RawText) -> String? {
        let buffer = UnsafeBufferPointer(rebasing: bytes[raw.start..<(raw.start &+ raw.count)])
        if raw.hasEscapes { return JSONEscapes.text(of: buffer) }
        // Names are of ASCII, where nothing has to be validated.
        return isASCII(raw) ? String(decoding: buffer, as: UTF8.self) : String(validating: buffer, as: UTF8.self)
    }

    /// Whether a string is of ASCII alone.
    func isASCII(_ raw: RawText) -> Bool {
        var all: UInt8 = 0
        for index in raw.start..<(raw.start &+ raw.count) { all |= bytes[index] }
        return all < 0x80
    }

    /// Hands over the bytes of a string.
    func withBytes<Value>(_ raw: RawText, _ body: (UnsafeBufferPointer<UInt8>) -> Value) -> Value {
        body(UnsafeBufferPointer(rebasing: bytes[raw.start..<(raw.start &+ raw.count)]))
    }

    /// `true` or `false`; nil, and the reader behind it, for another word.
    mutating func bool() throws(Stop) -> Bool? {
        let start = offset
        try skipWord()
        let word = RawText(start: start, count: offset &- start, hasEscapes: false)
        return matches(word, "true") ? true : matches(word, "false") ? false : nil
    }

    /// A whole number; nil, and the reader behind it, for another one.
    mutating func integer() throws(Stop) -> Int64? {
        let start = offset
        try skipWord()
        return withBytes(RawText(start: start, count: offset &- start, hasEscapes: false)) {
            Int64(Substring(decoding: $0, as: UTF8.self))
        }
    }
}

/// Escapes in strings (RFC 8259 §7), which names in a cluster hardly ever have.
enum JSONEscapes {
    static func text(of bytes: UnsafeBufferPointer<UInt8>) -> String? {
        var plain: [UInt16] = []
        guard let source = String(validating: bytes, as: UTF8.self) else { return nil }
        var units = source.utf16.makeIterator()
        while let unit = units.next() {
            guard unit == UInt16(UInt8(ascii: "\\")) else {
                plain.append(unit)
                continue
            }
            guard let escape = units.next(), let letter = UInt8(exactly: escape) else { return nil }
            switch letter {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): plain.append(escape)
            case UInt8(ascii: "b"): plain.append(0x08)
            case UInt8(ascii: "f"): plain.append(0x0c)
            case UInt8(ascii: "n"): plain.append(0x0a)
            case UInt8(ascii: "r"): plain.append(0x0d)
            case UInt8(ascii: "t"): plain.append(0x09)
            case UInt8(ascii: "u"):
                var code: UInt16 = 0
                for _ in 0..<4 {
                    guard let value = units.next().flatMap(hexDigit) else { return nil }
                    code = code << 4 | value
                }
                plain.append(code)
            default: return nil
            }
        }
        return String(validating: plain, as: UTF16.self)
    }

    private static func hexDigit(_ unit: UInt16) -> UInt16? {
        switch unit {
        case 0x30...0x39: unit &- 0x30
        case 0x41...0x46: unit &- 0x37
        case 0x61...0x66: unit &- 0x57
        default: nil
        }
    }
}
