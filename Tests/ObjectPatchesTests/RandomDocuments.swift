import ObjectPatches
import ObjectSchema
import Registry
import TestSupport

/// Documents and patches at random, from few names and values, so that they meet.
struct RandomDocuments {
    var random: SeededGenerator

    init(_ random: SeededGenerator) {
        self.random = random
    }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    mutating func one<Element>(of elements: [Element], or other: Element) -> Element {
        elements.randomElement(using: &random) ?? other
    }

    /// Any JSON, with names that mean something to patches.
    mutating func value(depth: Int = 0) -> JSONValue {
        switch Int.random(in: 0..<(depth > 4 ? 5 : 9), using: &random) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &random))
        case 2: return .integer(one(of: [0, 1, 80, -1, .max, .min], or: 0))
        case 3: return .number(one(of: [0, 1.5, -1e300, 80], or: 0))
        case 4: return .string(one(of: ["", "a", "delete", "replace", "/a/0", "http", "TCP", "é\u{301}"], or: ""))
        case 5, 6: return .array((0..<Int.random(in: 0..<4, using: &random)).map { _ in value(depth: depth + 1) })
        default:
            var members: [String: JSONValue] = [:]
            for _ in 0..<Int.random(in: 0..<5, using: &random) { members[name()] = value(depth: depth + 1) }
            return .object(members)
        }
    }

    mutating func name() -> String {
        one(
            of: [
                "metadata", "spec", "status", "ports", "port", "protocol", "name", "labels", "finalizers", "selector",
                "ownerReferences", "uid", "managedFields", "fieldsV1", "f:spec", "k:{\"port\":80}", "v:1", "i:0", ".",
                "manager", "operation", "apiVersion", "fieldsType", "$patch", "$retainKeys", "$setElementOrder/ports",
                "$deleteFromPrimitiveList/finalizers", "$setElementOrder", "containers", "env", "type", "", "a/b", "~",
            ], or: "")
    }

    /// A JSON patch, legal in its form or nearly so.
    mutating func jsonPatch() -> JSONValue {
        let operations = (0..<Int.random(in: 0..<8, using: &random)).map { _ -> JSONValue in
            var members: [String: JSONValue] = [
                "op": .string(one(of: ["add", "remove", "replace", "move", "copy", "test", "x"], or: "")),
                "path": .string(pointer()), "from": .string(pointer()), "value": value(depth: 2),
            ]
            if chance(5) { members[one(of: ["op", "path", "from", "value"], or: "")] = value(depth: 4) }
            return .object(members)
        }
        return chance(2) ? value() : .array(operations)
    }

    mutating func pointer() -> String {
        (0..<Int.random(in: 0..<4, using: &random)).reduce(into: chance(2) ? "x" : "") { text, _ in
            let index = one(of: ["0", "1", "-", "-1", "-9", "00", "9223372036854775808"], or: "")
            text += "/" + (chance(30) ? index : name())
        }
    }

    /// A part of a Service that may be applied.
    mutating func configuration() -> JSONValue {
        var labels: [String: JSONValue] = [:]
        for label in ["a", "b", "c"] where chance(50) { labels[label] = .string(one(of: ["1", "2"], or: "")) }
        var metadata: [String: JSONValue] = ["name": .string("web")]
        if chance(70) { metadata["labels"] = .object(labels) }
        if chance(50) {
            metadata["finalizers"] = .array(
                ["x/1", "x/2", "x/3"].shuffled(using: &random).prefix(2).map { .string($0) })
        }
        var spec: [String: JSONValue] = [:]
        if chance(50) { spec["type"] = .string(one(of: ["ClusterIP", "NodePort"], or: "")) }
        if chance(50) { spec["selector"] = .object(["app": .string(one(of: ["1", "2"], or: ""))]) }
        if chance(70) {
            let ports: [Int64] = [80, 443, 53].shuffled(using: &random)
            spec["ports"] = .array(
                ports.prefix(Int.random(in: 0...3, using: &random)).map { number in
                    var port: [String: JSONValue] = ["port": .integer(number)]
                    if chance(50) { port["name"] = .string(one(of: ["n1", "n2"], or: "")) }
                    if chance(30) { port["protocol"] = .string("TCP") }
                    return .object(port)
                })
        }
        var document: [String: JSONValue] = [
            "apiVersion": .string("v1"), "kind": .string("Service"), "metadata": .object(metadata),
        ]
        if chance(90) { document["spec"] = .object(spec) }
        return .object(document)
    }
}
