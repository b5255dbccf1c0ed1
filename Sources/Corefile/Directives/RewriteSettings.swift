import DNS
import Glibc

/// `rewrite`: questions changed on their way in, and answers on their way back.
package struct RewriteSettings: DirectiveSettings {
    package static let directive = "rewrite"

    package struct Rule: Hashable, Sendable {
        /// `continue`: the rules behind this one are looked at even where this one fits.
        package var continues: Bool
        package var change: Change
    }

    package enum Change: Hashable, Sendable {
        case name(NameRewrite)
        case type(from: RecordType, to: RecordType)
        case recordClass(from: RecordClass, to: RecordClass)
        /// TTLs in answers to questions for a name are brought into a range, in seconds.
        case ttl(NamePattern, ClosedRange<UInt32>)
        case code(NamePattern, from: ResponseCode, to: ResponseCode)
        /// The target of a CNAME in an answer is another name, which is looked up.
        case aliasTarget(NamePattern, NameReplacement)
        case edns(EDNSRewrite)
    }

    /// What a name must look like. Texts are presentation forms in lower case, as bytes.
    package enum NamePattern: Hashable, Sendable {
        case exact([UInt8])
        case prefix([UInt8])
        case suffix([UInt8])
        case substring([UInt8])
        case regex(RegularExpression)
    }

    /// What takes the place of that which a pattern matched.
    package struct NameReplacement: Hashable, Sendable {
        package enum Piece: Hashable, Sendable {
            case text(String)
            /// `{n}`: what a group of the pattern matched; 0 is the whole match.
            case group(Int)
        }

        package var pieces: [Piece]
    }

    package struct NameRewrite: Hashable, Sendable {
        package var pattern: NamePattern
        package var replacement: NameReplacement
        /// Whether names in answers are turned back without further rules.
        package var isReverted: Bool
        package var answers: [AnswerRewrite]
    }

    /// `answer name|value FROM TO`.
    package struct AnswerRewrite: Hashable, Sendable {
        package enum Part: Hashable, Sendable {
            /// The owner name.
            case name
            /// The name in the data.
            case value
        }

        package var part: Part
        package var pattern: RegularExpression
        package var replacement: NameReplacement
    }

    package struct EDNSRewrite: Hashable, Sendable {
        package enum Action: String, Hashable, Sendable, CaseIterable {
            /// Changes an option, or adds it.
            case set
            /// Adds an option unless it is there.
            case append
            /// Changes an option if it is there.
            case replace
            /// Removes an option.
            case unset
        }

        package enum Option: Hashable, Sendable {
            case local(code: UInt16, LocalData)
            case nsid
            /// Lengths of prefixes in bits.
            case subnet(v4: UInt8, v6: UInt8)
        }

        package enum LocalData: Hashable, Sendable {
            case bytes([UInt8])
            case variable(Variable)
            /// `{plugin/label}`.
            case metadata(String)
        }

        package enum Variable: String, Hashable, Sendable, CaseIterable {
            case name = "qname"
            case type = "qtype"
            case clientAddress = "client_ip"
            case clientPort = "client_port"
            case transport = "protocol"
            case serverAddress = "server_ip"
            case serverPort = "server_port"
        }

        package var option: Option
        package var action: Action
        /// Whether the answer gets back the option that the question had.
        package var isReverted: Bool
    }

    package var rules: [Rule] = []

    package init(_ lines: [CorefileLine], in block: ServerBlock) throws(CorefileError) {
        for line in lines { rules.append(try RewriteRuleReader.rule(line)) }
    }
}

extension RewriteSettings.NamePattern {
    /// Whether a name matches.
    ///
    /// - Parameter name: a presentation form in lower case, with its last dot.
    package func matches(_ name: [UInt8]) -> Bool {
        switch self {
        case .exact(let text): name == text
        case .prefix(let text): Self.holds(name, text, at: 0)
        case .suffix(let text): Self.holds(name, text, at: name.count - text.count)
        case .substring(let text): !Self.places(of: text, in: name, limit: 1).isEmpty
        case .regex(let pattern): pattern.matches(name)
        }
    }

    /// The name with the replacement in place of what matched; nil where it does not match.
    package func replaced(in name: [UInt8], by replacement: RewriteSettings.NameReplacement) -> [UInt8]? {
        switch self {
        case .exact(let text):
            return name == text ? replacement.bytes() : nil
        case .prefix(let text):
            guard Self.holds(name, text, at: 0) else { return nil }
            return replacement.bytes() + name.dropFirst(text.count)
        case .suffix(let text):
            guard Self.holds(name, text, at: name.count - text.count) else { return nil }
            return name.dropLast(text.count) + replacement.bytes()
        case .substring(let text):
            let places = Self.places(of: text, in: name, limit: .max)
            guard !places.isEmpty else { return nil }
            let new = replacement.bytes()
            var result: [UInt8] = []
            var done = 0
            for place in places {
                result += name[done..<place] + new
                done = place + text.count
            }
            return result + name[done...]
        case .regex(let pattern):
            guard let groups = pattern.ranges(in: name) else { return nil }
            return replacement.bytes(groups, of: name)
        }
    }

    /// Whether a text stands at an offset of a name.
    private static func holds(_ name: [UInt8], _ text: [UInt8], at offset: Int) -> Bool {
        guard offset >= 0, offset + text.count <= name.count else { return false }
        return name.withUnsafeBytes { name in
            text.withUnsafeBytes { text in
                guard let start = name.baseAddress, let wanted = text.baseAddress else { return text.isEmpty }
                return memcmp(start + offset, wanted, text.count) == 0
            }
        }
    }

    /// Where a text stands in a name, without overlaps.
    private static func places(of text: [UInt8], in name: [UInt8], limit: Int) -> [Int] {
        var places: [Int] = []
        guard let first = text.first else { return places }
        var start = 0
        while start + text.count <= name.count, places.count < limit {
            if name[start] == first, holds(name, text, at: start) {
                places.append(start)
                start += text.count
            } else {
                start += 1
            }
        }
        return places
    }
}

extension RewriteSettings.NameReplacement {
    /// The text with what the groups of a match hold.
    package func bytes(_ groups: [Range<Int>?] = [], of name: [UInt8] = []) -> [UInt8] {
        pieces.reduce(into: []) { text, piece in
            switch piece {
            case .text(let part): text += part.utf8
            case .group(let number):
                if groups.indices.contains(number), let range = groups[number] { text += name[range] }
            }
        }
    }
}
