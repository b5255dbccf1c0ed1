/// A regular expression in Go's syntax (RE2), as Corefiles hold them.
///
/// Matching takes time in proportion to the length of the text times that of the pattern, whatever both are: patterns
/// come from operators, but texts come from strangers. Texts are bytes; a character beyond ASCII is several of them, so
/// that `.` matches a part of it. Unicode classes (`\p{…}`) and ranges beyond ASCII are refused by name.
package struct RegularExpression: Sendable {
    /// The most bytes of a pattern, as CoreDNS has it.
    package static let patternLimit = 10_000
    /// The most instructions that a pattern may become: `((a{100}){100}){100}` is refused.
    package static let programLimit = 4_000
    /// The most bytes of a text that are looked at; presentation forms of names have up to 1,004.
    package static let textLimit = 4_096

    package let pattern: String
    /// The names of the groups that capture, nil for those without; the whole match, number 0, first.
    package let groupNames: [String?]
    let program: RegularProgram

    /// Reads a pattern.
    package init(_ pattern: String) throws(RegularExpressionError) {
        guard pattern.utf8.count <= Self.patternLimit else {
            throw RegularExpressionError(reason: "is longer than \(Self.patternLimit) bytes")
        }
        var parser = RegularParser(pattern)
        let tree = try parser.parse()
        self.pattern = pattern
        groupNames = parser.groupNames
        program = try RegularProgram(tree, groupCount: parser.groupNames.count)
    }

    /// The number of groups that capture, without the whole match.
    package var groupCount: Int { groupNames.count - 1 }

    /// Whether the pattern matches somewhere in a text.
    package func matches(_ text: some Collection<UInt8>) -> Bool {
        captures(in: text, isCapturing: false) != nil
    }

    package func matches(_ text: String) -> Bool { matches(text.utf8) }

    /// The leftmost match: what the groups hold, the whole match first, nil for groups that took no part.
    package func captures(in text: String) -> [Substring?]? {
        guard let ranges = captures(in: text.utf8, isCapturing: true) else { return nil }
        let bytes = text.utf8
        return ranges.map { range in
            range.map { range in
                // A group may begin inside a character beyond ASCII; indices are moved to whole scalars.
                let start = bytes.index(bytes.startIndex, offsetBy: range.lowerBound)
                return text[start..<bytes.index(start, offsetBy: range.count)]
            }
        }
    }

    /// The leftmost match as offsets in bytes.
    package func ranges(in text: some Collection<UInt8>) -> [Range<Int>?]? {
        captures(in: text, isCapturing: true)
    }

    private func captures(in text: some Collection<UInt8>, isCapturing: Bool) -> [Range<Int>?]? {
        let found = text.withContiguousStorageIfAvailable { bytes in
            program.match(
                UnsafeBufferPointer(rebasing: bytes.prefix(Self.textLimit)), isCapturing: isCapturing)
        }
        if let found { return found }
        return Array(text.prefix(Self.textLimit)).withUnsafeBufferPointer {
            program.match($0, isCapturing: isCapturing)
        }
    }
}

extension RegularExpression: Hashable, CustomStringConvertible {
    package static func == (lhs: Self, rhs: Self) -> Bool { lhs.pattern == rhs.pattern }
    package func hash(into hasher: inout Hasher) { hasher.combine(pattern) }
    package var description: String { pattern }
}

/// Why a text is no pattern, or none that is supported.
package struct RegularExpressionError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One sentence part, as in "has a parenthesis that is not closed".
    package let reason: String

    package var description: String { reason }
}

extension Token {
    /// The word as a pattern.
    package func regularExpression() throws(CorefileError) -> RegularExpression {
        do throws(RegularExpressionError) {
            return try RegularExpression(text)
        } catch {
            throw self.error("is no pattern: it \(error.reason)")
        }
    }
}
