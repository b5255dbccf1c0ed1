/// What the text of a value comes to, found without making it.
package struct JSONMeasure: Hashable, Sendable {
    /// The length of the text, in bytes.
    package private(set) var size = 0
    /// Whether each string can be compared in reasonable time (see `StreamSafeText`).
    package private(set) var isStreamSafe = true

    /// - Parameters:
    ///   - levels: as deep as the value may nest, its own level included: a text is read again with
    ///     `JSONText.maximumDepth` of them.
    /// - Returns: nil for a value that nests deeper.
    package init?(of value: JSONValue, levels: Int) {
        guard add(value, levels: levels) else { return nil }
    }

    private mutating func add(_ value: JSONValue, levels: Int) -> Bool {
        guard levels > 0 else { return false }
        switch value {
        case .null, .bool(true): size += 4
        case .bool(false): size += 5
        case .integer(let number): size += "\(number)".utf8.count
        case .number(let number): size += number.isFinite ? "\(number)".utf8.count : 4
        case .string(let text): add(text)
        case .array(let elements):
            size += 2 + max(0, elements.count - 1)
            return elements.allSatisfy { add($0, levels: levels - 1) }
        case .object(let members):
            size += 2 + max(0, members.count - 1)
            return members.allSatisfy { name, member in
                add(name)
                size += 1
                return add(member, levels: levels - 1)
            }
        }
        return true
    }

    private mutating func add(_ text: String) {
        size += 2
        for byte in text.utf8 {
            switch byte {
            case 0..<0x20: size += 6
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): size += 2
            default: size += 1
            }
        }
        isStreamSafe = isStreamSafe && StreamSafeText.isSafe(text)
    }
}
