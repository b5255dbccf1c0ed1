/// The media ranges of an `Accept` header, those wanted most first (RFC 9110 §12.5.1).
struct AcceptHeader: Sendable {
    struct MediaRange: Hashable, Sendable {
        /// `*` for any, as is `subtype`; both in lower case.
        let type: String
        let subtype: String
        /// By name in lower case, `q` left out; values as they were written, without quotes.
        let parameters: [String: String]
        /// From 0, which means "not this", to 1.
        let quality: Double
    }

    /// More ranges than any client sends are not read.
    private static let maximumCount = 64

    /// Sorted by quality, then the more specific, then as written.
    let ranges: [MediaRange]

    /// Reads a header's value; what is no media range in it is left out.
    init(_ text: String) {
        let read = Self.split(text[...], at: ",").prefix(Self.maximumCount).compactMap(Self.range)
        ranges = read.enumerated().sorted { first, second in
            let (left, right) = (first.element, second.element)
            if left.quality != right.quality { return left.quality > right.quality }
            if left.breadth != right.breadth { return left.breadth < right.breadth }
            return first.offset < second.offset
        }.map(\.element)
    }

    private static func range(_ text: Substring) -> MediaRange? {
        var parts = split(text, at: ";")[...]
        let names = (parts.popFirst() ?? "").split(separator: "/", omittingEmptySubsequences: false)
        guard names.count == 2, let type = names.first.map(trimmed), let subtype = names.last.map(trimmed),
            !type.isEmpty, !subtype.isEmpty, type != "*" || subtype == "*"
        else { return nil }
        var parameters: [String: String] = [:]
        var quality = 1.0
        for part in parts {
            let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard halves.count == 2, let name = halves.first.map(trimmed)?.lowercased(), !name.isEmpty,
                var value = halves.last.map(trimmed)
            else { continue }
            if value.count >= 2, value.hasPrefix("\""), value.hasSuffix("\"") { value = value.dropFirst().dropLast() }
            if name == "q" {
                guard let number = Double(value), number.isFinite else { continue }
                quality = min(max(number, 0), 1)
            } else {
                parameters[name] = String(value)
            }
        }
        return MediaRange(
            type: type.lowercased(), subtype: subtype.lowercased(), parameters: parameters, quality: quality)
    }

    /// The pieces between separators that stand outside quoted strings.
    private static func split(_ text: Substring, at separator: Character) -> [Substring] {
        var pieces: [Substring] = []
        var start = text.startIndex
        var (isQuoted, isEscaped) = (false, false)
        for index in text.indices {
            let character = text[index]
            if isEscaped {
                isEscaped = false
            } else if isQuoted, character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                isQuoted.toggle()
            } else if character == separator, !isQuoted {
                pieces.append(text[start..<index])
                start = text.index(after: index)
            }
        }
        pieces.append(text[start...])
        return pieces
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }
}

extension AcceptHeader {
    /// The ranges that JSON is in, but for those that a more exact one takes it out of again:
    /// `*/*,application/json;q=0`.
    var rangesOfJSON: [MediaRange] {
        let ranges = ranges.filter(\.includesJSON)
        let refused = ranges.filter { $0.quality == 0 && $0.parameters.isEmpty }.map(\.breadth).min() ?? Int.max
        return ranges.filter { $0.quality > 0 && $0.breadth <= refused }
    }
}

extension AcceptHeader.MediaRange {
    fileprivate var includesJSON: Bool {
        switch (type, subtype) {
        case ("*", "*"), ("application", "*"), ("application", "json"): true
        default: false
        }
    }

    /// How many wildcards it has.
    fileprivate var breadth: Int { (type == "*" ? 1 : 0) + (subtype == "*" ? 1 : 0) }

    /// What an object is to be turned into (`as`, `v` and `g`, Kubernetes API concepts); nil where nothing is said.
    var conversion: Conversion? {
        guard parameters["as"] != nil || parameters["g"] != nil || parameters["v"] != nil else { return nil }
        return Conversion(
            group: parameters["g"] ?? "", version: parameters["v"] ?? "", kind: parameters["as"] ?? "")
    }

    struct Conversion: Hashable, Sendable {
        let group: String
        let version: String
        let kind: String
    }
}
