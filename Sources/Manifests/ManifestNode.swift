import Foundation
import Registry
import Yams

/// Text that is no manifest: the reason and the place, from 1, within the text that was parsed.
struct ManifestSyntaxError: Error {
    let reason: String
    var line: Int?
    var column: Int?

    init(_ reason: String, at mark: Mark? = nil) {
        self.reason = reason
        line = mark?.line
        column = mark?.column
    }
}

/// Turns the nodes of one document into JSON, with bounds on what aliases may make of it.
struct ManifestNodeConverter {
    static let maximumDepth = 100

    /// The number of values that may still be made; every use of an alias counts its values anew.
    private var budget: Int

    /// - Parameter size: The length of the document's text, which bounds the values of one without aliases.
    init(size: Int) {
        budget = max(size, 1_000_000)
    }

    mutating func value(of node: Node, depth: Int = 0) throws(ManifestSyntaxError) -> JSONValue {
        budget -= 1
        guard budget > 0 else {
            throw ManifestSyntaxError("aliases make more than 1000000 values of it", at: node.mark)
        }
        guard depth <= Self.maximumDepth else {
            throw ManifestSyntaxError("is nested more than \(Self.maximumDepth) levels deep", at: node.mark)
        }
        switch node {
        case .scalar(let scalar):
            return try Self.value(of: scalar)
        case .sequence(let sequence):
            var elements: [JSONValue] = []
            elements.reserveCapacity(sequence.count)
            for element in sequence {
                elements.append(try value(of: element, depth: depth + 1))
            }
            return .array(elements)
        case .mapping(let mapping):
            return .object(try members(of: mapping, depth: depth))
        case .alias(let alias):
            throw ManifestSyntaxError("an alias without an anchor", at: alias.mark)
        }
    }

    private mutating func members(of mapping: Node.Mapping, depth: Int) throws(ManifestSyntaxError)
        -> [String: JSONValue]
    {
        var members = [String: JSONValue](minimumCapacity: mapping.count)
        var merged: [Node] = []
        for (key, node) in mapping {
            if key.isMergeKey {
                merged.append(node)
                continue
            }
            let name = try Self.name(of: key)
            guard members.updateValue(try value(of: node, depth: depth + 1), forKey: name) == nil else {
                throw ManifestSyntaxError("the key \"\(name)\" stands in a mapping twice", at: key.mark)
            }
        }
        // What stands in the mapping itself comes before what it merges, and earlier merges before later ones.
        for node in merged {
            let sources: [Node]
            switch node {
            case .mapping: sources = [node]
            case .sequence(let sequence): sources = Array(sequence)
            default: sources = []
            }
            guard !sources.isEmpty || node.sequence != nil else {
                throw ManifestSyntaxError("the merge key << takes a mapping or a sequence of mappings", at: node.mark)
            }
            for source in sources {
                guard case .object(let others) = try value(of: source, depth: depth + 1) else {
                    throw ManifestSyntaxError(
                        "the merge key << takes a mapping or a sequence of mappings", at: source.mark)
                }
                members.merge(others) { own, _ in own }
            }
        }
        return members
    }

    /// The member name a key stands for; numbers and booleans are names in their canonical form.
    private static func name(of key: Node) throws(ManifestSyntaxError) -> String {
        guard case .scalar(let scalar) = key else {
            throw ManifestSyntaxError("a key must be a string, not \(key.kindName)", at: key.mark)
        }
        try check(scalar)
        // Yams resolves the tags of keys while it looks for duplicates, so only the style tells plain ones.
        guard scalar.style == .plain else { return scalar.string }
        switch ManifestScalar.resolve(scalar.string) {
        case .bool(let flag): return flag ? "true" : "false"
        case .integer(let number): return String(number)
        case .null: throw ManifestSyntaxError("a key must be a string, not null", at: key.mark)
        default: return scalar.string
        }
    }

    private static func check(_ scalar: Node.Scalar) throws(ManifestSyntaxError) {
        try check(scalar.string, at: scalar.mark)
    }

    private static func check(_ text: String, at mark: Mark?) throws(ManifestSyntaxError) {
        guard StreamSafeText.isSafe(text) else {
            throw ManifestSyntaxError("a text has too many combining marks in a row", at: mark)
        }
    }

    private static func value(of scalar: Node.Scalar) throws(ManifestSyntaxError) -> JSONValue {
        let text = scalar.string
        try check(scalar)
        let tag = scalar.tag.rawValue
        if tag.isEmpty {
            guard let value = ManifestScalar.resolve(text) else {
                throw ManifestSyntaxError("\(text) is no number of JSON", at: scalar.mark)
            }
            return value
        }
        let value: JSONValue?
        switch tag {
        case Tag.Name.bool.rawValue, Tag.Name.int.rawValue, Tag.Name.float.rawValue, Tag.Name.null.rawValue:
            value = ManifestScalar.resolve(text)
        case Tag.Name.binary.rawValue:
            value = Data(base64Encoded: text, options: .ignoreUnknownCharacters)
                .map { .string(String(decoding: $0, as: UTF8.self)) }
            if case .string(let decoded)? = value { try check(decoded, at: scalar.mark) }
        default:
            return .string(text)
        }
        switch (tag, value) {
        case (Tag.Name.bool.rawValue, .bool), (Tag.Name.int.rawValue, .integer), (Tag.Name.null.rawValue, .null),
            (Tag.Name.float.rawValue, .integer), (Tag.Name.float.rawValue, .number),
            (Tag.Name.binary.rawValue, .string):
            return value ?? .null
        default:
            throw ManifestSyntaxError("\"\(text)\" is not what its tag \(tag) says", at: scalar.mark)
        }
    }
}

extension Node {
    /// The place of the field at `path`, or of the deepest one on the way to it that there is.
    ///
    /// A member stands where its key does.
    func mark(at path: FieldPath) -> Mark? {
        var node = self
        var mark = node.mark
        for component in path.components {
            switch (component, node) {
            case (.member(let name), .mapping(let mapping)):
                guard let member = mapping.first(where: { $0.key.scalar?.string == name }) else { return mark }
                mark = member.key.mark
                node = member.value
            case (.element(let index), .sequence(let sequence)):
                guard index < sequence.count else { return mark }
                node = sequence[index]
                mark = node.mark
            default:
                return mark
            }
        }
        return mark
    }

    /// The member `name` of a mapping.
    func member(_ name: String) -> Node? {
        mapping?.first { $0.key.scalar?.string == name }?.value
    }

    fileprivate var isMergeKey: Bool {
        guard case .scalar(let scalar) = self else { return false }
        return scalar.style == .plain && scalar.string == "<<"
    }

    fileprivate var kindName: String {
        switch self {
        case .scalar: "a scalar"
        case .mapping: "a mapping"
        case .sequence: "a sequence"
        case .alias: "an alias"
        }
    }
}

extension ManifestSyntaxError {
    /// What Yams found wrong, in one line.
    init(_ error: YamlError) {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let origin = context.map { " \($0.text) that began in line \($0.mark.line)" } ?? ""
            self.init(problem + origin, at: mark)
        case .reader(let problem, let offset, let value, let yaml):
            let end = offset.flatMap { yaml.index(yaml.startIndex, offsetBy: $0, limitedBy: yaml.endIndex) }
            self.init(value < 0 ? problem : "\(problem) (U+\(String(value, radix: 16, uppercase: true)))")
            line = end.map { yaml[..<$0].count(where: \.isNewline) + 1 }
        case .duplicatedKeysInMapping(let duplicates, let context):
            let names = duplicates.sorted().map { "\"\($0)\"" }.joined(separator: ", ")
            self.init(
                duplicates.count == 1
                    ? "the key \(names) stands in a mapping twice" : "the keys \(names) stand in a mapping twice",
                // Of the first in the order of Yams, which is none where a key is no text.
                at: duplicates.count > 1 && duplicates.contains("<uncovertable>") ? nil : context.mark)
        default:
            self.init("\(error)")
        }
    }
}
