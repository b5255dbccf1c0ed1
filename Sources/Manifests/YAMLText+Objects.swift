import Registry
import Yams

extension YAMLText {
    /// An object of a text and the line that it begins on, from 1.
    package struct Object: Hashable, Sendable {
        package let value: JSONValue
        package let line: Int
    }

    /// Lists may stand in lists; deeper ones are refused.
    private static let maximumListDepth = 8

    /// All documents of a text, whatever their kinds, lists taken apart into their items.
    ///
    /// - Throws: The first place where the text is none, or where something else than an object stands for one.
    package static func objects(of bytes: [UInt8]) throws(Malformed) -> [Object] {
        guard bytes.count <= ManifestReader.maximumSize else {
            throw Malformed(
                reason: "is longer than \(ManifestReader.maximumSize >> 20) MiB", line: nil, column: nil)
        }
        var objects: [Object] = []
        for text in ManifestSplitter.split(bytes) {
            let offset = text.firstLine - 1
            do throws(ManifestSyntaxError) {
                let aliases = ManifestAliases(in: text.bytes)
                try aliases.check()
                let found =
                    aliases.mayNestDeeply
                    ? try ManifestStack.run { () throws(ManifestSyntaxError) in try read(text) } : try read(text)
                objects += found.map { Object(value: $0.value, line: offset + $0.line) }
            } catch {
                throw Malformed(reason: error.reason, line: offset + (error.line ?? 1), column: error.column)
            }
        }
        return objects
    }

    private static func read(_ text: ManifestText) throws(ManifestSyntaxError) -> [Object] {
        var objects: [Object] = []
        for root in try ManifestDocument.roots(of: text) {
            var converter = ManifestNodeConverter(size: text.bytes.count)
            let value = try converter.value(of: root)
            if value == .null { continue }
            try take(value, root, depth: 0, into: &objects)
        }
        return objects
    }

    private static func take(
        _ value: JSONValue, _ node: Node, depth: Int, into objects: inout [Object]
    ) throws(ManifestSyntaxError) {
        guard case .object = value else {
            throw ManifestSyntaxError("a manifest must be an object, not \(value.kindName)", at: node.mark)
        }
        guard let kind = value["kind"]?.string, kind.hasSuffix("List"), case .array(let items)? = value["items"] else {
            objects.append(Object(value: value, line: node.mark?.line ?? 1))
            return
        }
        guard depth < maximumListDepth else {
            throw ManifestSyntaxError("lists are nested more than \(maximumListDepth) deep", at: node.mark)
        }
        let nodes = node.member("items")?.sequence
        for (index, item) in items.enumerated() {
            var item = item
            // The items of a typed list (ServiceList) may leave out what the list's kind says.
            if kind != "List", case .object = item {
                if item["kind"] == nil { item["kind"] = .string(String(kind.dropLast("List".count))) }
                if item["apiVersion"] == nil { item["apiVersion"] = value["apiVersion"] }
            }
            let place = nodes.flatMap { index < $0.count ? $0[index] : nil }
            try take(item, place ?? node, depth: depth + 1, into: &objects)
        }
    }
}
