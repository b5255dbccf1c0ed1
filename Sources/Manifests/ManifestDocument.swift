import ObjectRules
import Registry
import Yams

/// An object as a manifest says it.
package final class ManifestObject: Sendable {
    package let object: RegistryObject
    /// The whole document, with the namespace it goes without written in.
    package let document: JSONValue
    package let key: ObjectKey

    init(_ object: RegistryObject, document: JSONValue) {
        self.object = object
        self.document = document
        key = object.key
    }
}

/// One document of a file: the objects it holds and what is wrong with others. Lines count from its part's first.
struct ManifestDocument: Sendable {
    struct Finding: Sendable {
        let line: Int?
        let object: String
        let field: FieldPath
        let reason: String
    }

    private(set) var objects: [(object: ManifestObject, line: Int)] = []
    private(set) var findings: [Finding] = []
    /// The keys of objects that were refused, where they could be read.
    private(set) var refused: [ObjectKey] = []
    /// How many objects there are of each kind that is not kept.
    private(set) var unusedKinds: [String: Int] = [:]

    /// Lists may stand in lists; deeper ones are refused.
    private static let maximumListDepth = 8

    /// The documents in the text of one part of a file: one, or none where there is nothing but comments.
    static func parse(_ text: ManifestText) throws(ManifestSyntaxError) -> [ManifestDocument] {
        let aliases = ManifestAliases(in: text.bytes)
        try aliases.check()
        guard aliases.mayNestDeeply else { return try parseHere(text) }
        return try ManifestStack.run { () throws(ManifestSyntaxError) in try parseHere(text) }
    }

    private static func parseHere(_ text: ManifestText) throws(ManifestSyntaxError) -> [ManifestDocument] {
        try roots(of: text).map { root throws(ManifestSyntaxError) in
            try ManifestDocument(root, size: text.bytes.count)
        }
    }

    /// One item of a list that was cut into its items: an object, or a block sequence with one entry.
    init(itemOf list: ManifestList.Context, _ text: ManifestText) throws(ManifestSyntaxError) {
        let roots = try Self.roots(of: text)
        guard roots.count == 1, let root = roots.first else { throw ManifestSyntaxError("is no item") }
        let node: Node
        if let sequence = root.sequence {
            guard sequence.count == 1, let first = sequence.first else { throw ManifestSyntaxError("is no item") }
            node = first
        } else {
            node = root
        }
        var converter = ManifestNodeConverter(size: text.bytes.count)
        takeItem(try converter.value(of: node), node, of: list, depth: 1)
    }

    /// What a list without its items says; throws where it is no list.
    static func listContext(of text: ManifestText) throws(ManifestSyntaxError) -> ManifestList.Context {
        let roots = try roots(of: text)
        var converter = ManifestNodeConverter(size: text.bytes.count)
        guard roots.count == 1,
            let document = try roots.first.map({ root throws(ManifestSyntaxError) in
                try converter.value(of: root)
            }), let apiVersion = document["apiVersion"]?.string, !apiVersion.isEmpty,
            let kind = document["kind"]?.string, kind.hasSuffix("List")
        else { throw ManifestSyntaxError("is no list") }
        return ManifestList.Context(apiVersion: apiVersion, kind: kind)
    }

    static func roots(of text: ManifestText) throws(ManifestSyntaxError) -> [Node] {
        try ParsingCost(of: text.bytes).check()
        guard let yaml = String(validating: ManifestSurrogates.joined(text.bytes), as: UTF8.self) else {
            throw ManifestSyntaxError("is not UTF-8 text")
        }
        var roots: [Node] = []
        do {
            // Without rules for scalars no regular expression runs for each; `ManifestScalar` has ours.
            let parser = try Parser(yaml: yaml, resolver: .basic, constructor: constructor, encoding: .utf8)
            while let root = try parser.nextRoot() { roots.append(root) }
        } catch let error as YamlError {
            throw ManifestSyntaxError(error)
        } catch {
            throw ManifestSyntaxError("\(error)")
        }
        return roots
    }

    /// Made once because making one costs more than parsing a small document.
    ///
    /// `nonisolated(unsafe)`: it is never changed, and never asked for anything.
    private nonisolated(unsafe) static let constructor = Constructor([:], [:], [:])

    private init(_ root: Node, size: Int) throws(ManifestSyntaxError) {
        var converter = ManifestNodeConverter(size: size)
        let document = try converter.value(of: root)
        switch document {
        case .null: return
        case .object: take(document, root, depth: 0)
        default:
            throw ManifestSyntaxError("a manifest must be an object, not \(document.kindName)", at: root.mark)
        }
    }

    private mutating func take(_ document: JSONValue, _ node: Node, depth: Int) {
        guard case .object = document else {
            return note("", "", "must be an object, not \(document.kindName)", in: node)
        }
        var names: [String] = []
        for field in ["apiVersion", "kind"] {
            switch document[field] {
            case .string(let text) where !text.isEmpty: names.append(text)
            case nil, .null, .string: note("", FieldPath([.member(field)]), "Required value", in: node)
            case .some(let value):
                note(
                    "", FieldPath([.member(field)]), "Invalid value: must be a string, not \(value.kindName)", in: node)
            }
        }
        guard names.count == 2 else { return }
        if names[1].hasSuffix("List"), let items = document["items"] {
            takeItems(items, apiVersion: names[0], listKind: names[1], node, depth: depth)
        } else if let kind = ObjectKind(apiVersion: names[0], kind: names[1]), kind.isReadFromManifests {
            take(document, node, kind: kind)
        } else {
            // The kinds that are kept exist under other groups too: a Service of Knative is no Service.
            let isKnown = ObjectKind(rawValue: names[1])?.isReadFromManifests == true
            unusedKinds[isKnown ? "\(names[1]) (\(names[0]))" : names[1], default: 0] += 1
        }
    }

    private mutating func takeItems(
        _ items: JSONValue, apiVersion: String, listKind: String, _ node: Node, depth: Int
    ) {
        guard depth < Self.maximumListDepth else {
            return note(listKind, "items", "lists are nested more than \(Self.maximumListDepth) deep", in: node)
        }
        guard case .array(let elements) = items else {
            if items == .null { return }
            return note(listKind, "items", "Invalid value: must be an array, not \(items.kindName)", in: node)
        }
        let nodes = node.member("items")?.sequence
        let list = ManifestList.Context(apiVersion: apiVersion, kind: listKind)
        for (index, element) in elements.enumerated() {
            let place = nodes.flatMap { index < $0.count ? $0[index] : nil }
            takeItem(element, place ?? node, of: list, depth: depth + 1)
        }
    }

    private mutating func takeItem(_ item: JSONValue, _ node: Node, of list: ManifestList.Context, depth: Int) {
        var item = item
        // The items of a typed list (ServiceList) may leave out what the list's kind says.
        if list.kind != "List", case .object = item {
            if item["kind"] == nil { item["kind"] = .string(String(list.kind.dropLast("List".count))) }
            if item["apiVersion"] == nil { item["apiVersion"] = .string(list.apiVersion) }
        }
        take(item, node, depth: depth)
    }

    private mutating func take(_ document: JSONValue, _ node: Node, kind: ObjectKind) {
        var document = document
        if kind.isNamespaced { Self.setDefaultNamespace(&document) }
        do throws(InvalidObject) {
            let object = try RegistryObject(document, kind: kind)
            let violations = object.validate()
            guard violations.isEmpty else { throw InvalidObject(violations) }
            let declared = ObjectLifecycle.prepareForDeclaration(document, kind: kind)
            objects.append((ManifestObject(object, document: declared), node.mark?.line ?? 1))
        } catch {
            refuse(document, kind, error, node)
        }
    }

    private mutating func refuse(_ document: JSONValue, _ kind: ObjectKind, _ error: InvalidObject, _ node: Node) {
        let name = document["metadata"]?["name"]?.string ?? ""
        let namespace = kind.isNamespaced ? document["metadata"]?["namespace"]?.string ?? "" : ""
        let key = ObjectKey(kind, NamespacedName(namespace: namespace, name: name))
        if !name.isEmpty { refused.append(key) }
        for violation in error.violations {
            note(name.isEmpty ? kind.rawValue : "\(key)", violation.path, violation.message, in: node)
        }
    }

    private mutating func note(_ object: String, _ field: FieldPath, _ reason: String, in node: Node) {
        findings.append(Finding(line: node.mark(at: field)?.line, object: object, field: field, reason: reason))
    }

    private static func setDefaultNamespace(_ document: inout JSONValue) {
        switch document["metadata"] {
        case nil, .null, .object:
            switch document["metadata"]?["namespace"] {
            case nil, .null, .string(""):
                var metadata = document["metadata"] ?? .null
                metadata["namespace"] = .string("default")
                document["metadata"] = metadata
            default: break
            }
        default: break
        }
    }
}
