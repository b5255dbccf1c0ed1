import Registry
import TestSupport
import Testing

@testable import ObjectPatches

enum FieldSetCases {
    static let texts = [
        #"{}"#,
        #"{"f:spec":{"f:type":{}}}"#,
        #"{"f:metadata":{"f:labels":{".":{},"f:app":{}}}}"#,
        #"""
        {"f:spec":{"f:ports":{".":{},"k:{\"port\":80,\"protocol\":\"TCP\"}":{".":{},"f:port":{},\#
        "f:targetPort":{}}}}}
        """#,
        #"{"f:metadata":{"f:finalizers":{".":{},"v:\"example.org/guard\"":{}}}}"#,
        #"{"f:list":{"i:0":{},"i:12":{"f:a":{}}}}"#,
        #"{"f:a.b/c":{},"f:":{}}"#,
    ]

    static let garbage = [
        "[]", "1", "null", #"{"spec":{}}"#, #"{"f:spec":1}"#, #"{"f:spec":null}"#, #"{"k:port":{}}"#, #"{"k:{}":{}}"#,
        #"{"k:[1]":{}}"#, #"{"k:{\"a\":{}}":{}}"#, #"{"v:":{}}"#, #"{"v:{}":{}}"#, #"{"i:-1":{}}"#, #"{"i:x":{}}"#,
        #"{"":{}}"#, #"{"x:y":{}}"#, #"{"k:{\"a\":1}":{},"k:{ \"a\": 1 }":{}}"#,
    ]

    static func random(_ random: inout SeededGenerator, depth: Int = 0) -> FieldSet {
        let elements: [FieldElement] = [.field("a"), .field("b"), .key(#"{"port":80}"#), .value("1"), .index(0)]
        return FieldSet(
            isMember: depth > 0 && Bool.random(using: &random),
            children: depth > 3
                ? []
                : elements.compactMap { element in
                    guard Bool.random(using: &random) else { return nil }
                    let set = Self.random(&random, depth: depth + 1)
                    return set.isEmpty ? nil : FieldSet.Child(element: element, set: set)
                })
    }
}

@Suite("Sets of fields")
struct FieldSetTests {
    @Test("are read and written as FieldsV1", arguments: FieldSetCases.texts)
    func roundTrip(_ text: String) throws {
        let set = try #require(FieldSet(fieldsV1: json(text)))
        #expect(try set.fieldsV1 == json(text))
    }

    @Test("what is no FieldsV1 is not read", arguments: FieldSetCases.garbage)
    func garbage(_ text: String) throws {
        #expect(FieldSet(fieldsV1: try json(text)) == nil)
    }

    @Test("keys have one spelling")
    func keySpelling() throws {
        let one = FieldSet(fieldsV1: try json(#"{"k:{\"protocol\":\"TCP\",\"port\":80}":{}}"#))
        let other = FieldSet(fieldsV1: try json(#"{"k:{ \"port\": 80, \"protocol\": \"TCP\" }":{}}"#))
        #expect(one == other)
        #expect(one?.paths(limit: .max).map(OwnedShapes.text) == [#"[port=80,protocol="TCP"]"#])
    }

    @Test("paths are told as upstream tells them")
    func paths() throws {
        let set = try #require(
            FieldSet(
                fieldsV1: json(
                    #"""
                    {"f:spec":{"f:type":{},"f:ports":{".":{},"k:{\"port\":80}":{"f:name":{}}}},\#
                    "f:m":{"v:\"x\"":{},"i:3":{}}}
                    """#
                )))
        #expect(
            set.paths(limit: .max).map(OwnedShapes.text) == [
                #".m[="x"]"#, ".m[3]", ".spec.ports", ".spec.type", ".spec.ports[port=80].name",
            ])
    }

    @Test("operate as sets of paths do")
    func operations() {
        var random = SeededGenerator.announced()
        for _ in 0..<500 {
            let one = FieldSetCases.random(&random)
            let other = FieldSetCases.random(&random)
            let (paths, others) = (Set(one.paths(limit: .max)), Set(other.paths(limit: .max)))
            #expect(Set(one.union(other).paths(limit: .max)) == paths.union(others))
            #expect(Set(one.intersection(other).paths(limit: .max)) == paths.intersection(others))
            #expect(Set(one.subtracting(other).paths(limit: .max)) == paths.subtracting(others))
            #expect(one.subtracting(one).isEmpty)
            #expect(FieldSet(fieldsV1: one.fieldsV1) == one)
            #expect(paths.reduce(FieldSet.empty) { $0.union(FieldSet(path: $1)) } == one)
        }
    }

    @Test("a spelling longer than any field's is none", arguments: ["f:", "v:"])
    func longSpelling(_ prefix: String) {
        let name = String(repeating: "x", count: 8190)
        let quoted = prefix == "v:" ? "\"\(name.dropLast(2))\"" : name
        #expect(FieldElement(spelling: prefix + quoted)?.spelling == prefix + quoted)
        #expect(FieldElement(spelling: prefix + (prefix == "v:" ? "\"\(name)\"" : name + "x")) == nil)
    }

    @Test("count their fields, and tell the first of them")
    func firstPaths() throws {
        let set = try #require(
            FieldSet(fieldsV1: try json(#"{"f:a":{},"f:b":{".":{},"f:c":{},"f:d":{"f:e":{}}}}"#)))
        #expect(set.count == 4)
        #expect(set.paths(limit: 3).map(OwnedShapes.text) == [".a", ".b", ".b.c"])
        #expect(set.paths(limit: 0).isEmpty)
    }
}
