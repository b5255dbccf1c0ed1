import Registry
import Testing

@testable import ObjectPatches

enum JSONPatchCases {
    static let appendixA: [PatchCase] = [
        PatchCase(
            "A.1 adding an object member", #"{"foo":"bar"}"#, #"[{"op":"add","path":"/baz","value":"qux"}]"#,
            #"{"baz":"qux","foo":"bar"}"#),
        PatchCase(
            "A.2 adding an array element", #"{"foo":["bar","baz"]}"#,
            #"[{"op":"add","path":"/foo/1","value":"qux"}]"#, #"{"foo":["bar","qux","baz"]}"#),
        PatchCase(
            "A.3 removing an object member", #"{"baz":"qux","foo":"bar"}"#, #"[{"op":"remove","path":"/baz"}]"#,
            #"{"foo":"bar"}"#),
        PatchCase(
            "A.4 removing an array element", #"{"foo":["bar","qux","baz"]}"#, #"[{"op":"remove","path":"/foo/1"}]"#,
            #"{"foo":["bar","baz"]}"#),
        PatchCase(
            "A.5 replacing a value", #"{"baz":"qux","foo":"bar"}"#,
            #"[{"op":"replace","path":"/baz","value":"boo"}]"#, #"{"baz":"boo","foo":"bar"}"#),
        PatchCase(
            "A.6 moving a value", #"{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}"#,
            #"[{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]"#,
            #"{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}"#),
        PatchCase(
            "A.7 moving an array element", #"{"foo":["all","grass","cows","eat"]}"#,
            #"[{"op":"move","from":"/foo/1","path":"/foo/3"}]"#, #"{"foo":["all","cows","eat","grass"]}"#),
        PatchCase(
            "A.8 testing a value: success", #"{"baz":"qux","foo":["a",2,"c"]}"#,
            #"[{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}]"#,
            #"{"baz":"qux","foo":["a",2,"c"]}"#),
        PatchCase(
            "A.9 testing a value: error", #"{"baz":"qux"}"#, #"[{"op":"test","path":"/baz","value":"bar"}]"#, nil),
        PatchCase(
            "A.10 adding a nested member object", #"{"foo":"bar"}"#,
            #"[{"op":"add","path":"/child","value":{"grandchild":{}}}]"#,
            #"{"foo":"bar","child":{"grandchild":{}}}"#),
        PatchCase(
            "A.11 ignoring unrecognized elements", #"{"foo":"bar"}"#,
            #"[{"op":"add","path":"/baz","value":"qux","xyz":123}]"#, #"{"foo":"bar","baz":"qux"}"#),
        PatchCase(
            "A.12 adding to a nonexistent target", #"{"foo":"bar"}"#,
            #"[{"op":"add","path":"/baz/bat","value":"qux"}]"#, nil),
        PatchCase(
            "A.14 escape ordering", #"{"/":9,"~1":10}"#, #"[{"op":"test","path":"/~01","value":10}]"#,
            #"{"/":9,"~1":10}"#),
        PatchCase(
            "A.15 comparing strings and numbers", #"{"/":9,"~1":10}"#,
            #"[{"op":"test","path":"/~01","value":"10"}]"#, nil),
        PatchCase(
            "A.16 adding an array value", #"{"foo":["bar"]}"#,
            #"[{"op":"add","path":"/foo/-","value":["abc","def"]}]"#, #"{"foo":["bar",["abc","def"]]}"#),
    ]

    static let others: [PatchCase] = [
        PatchCase("no operations", #"{"a":1}"#, "[]", #"{"a":1}"#),
        PatchCase("the whole document", #"{"a":1}"#, #"[{"op":"replace","path":"","value":{"b":2}}]"#, #"{"b":2}"#),
        PatchCase(
            "a value that is there is replaced by add", #"{"a":1}"#, #"[{"op":"add","path":"/a","value":null}]"#,
            #"{"a":null}"#),
        PatchCase(
            "replace needs a value that is there", #"{"a":1}"#, #"[{"op":"replace","path":"/b","value":1}]"#, nil),
        PatchCase("remove needs a value that is there", #"{"a":1}"#, #"[{"op":"remove","path":"/b"}]"#, nil),
        PatchCase("an index past the end", #"{"a":[1]}"#, #"[{"op":"add","path":"/a/2","value":1}]"#, nil),
        PatchCase("an index at the end", #"{"a":[1]}"#, #"[{"op":"add","path":"/a/1","value":2}]"#, #"{"a":[1,2]}"#),
        PatchCase("no index", #"{"a":[1]}"#, #"[{"op":"remove","path":"/a/one"}]"#, nil),
        PatchCase("a leading zero", #"{"a":[1,2]}"#, #"[{"op":"remove","path":"/a/01"}]"#, nil),
        PatchCase(
            "an index beyond all integers", #"{"a":[1]}"#, #"[{"op":"remove","path":"/a/99999999999999999999"}]"#, nil),
        PatchCase("from the end", #"{"a":[1,2,3]}"#, #"[{"op":"remove","path":"/a/-1"}]"#, #"{"a":[1,2]}"#),
        PatchCase("a member of a scalar", #"{"a":1}"#, #"[{"op":"add","path":"/a/b","value":1}]"#, nil),
        PatchCase(
            "copy", #"{"a":{"b":1}}"#, #"[{"op":"copy","from":"/a","path":"/c"}]"#, #"{"a":{"b":1},"c":{"b":1}}"#),
        PatchCase("copy of nothing", #"{"a":1}"#, #"[{"op":"copy","from":"/b","path":"/c"}]"#, nil),
        PatchCase("move into itself", #"{"a":{"b":1}}"#, #"[{"op":"move","from":"/a","path":"/a/b"}]"#, nil),
        PatchCase(
            "move of an element into itself", #"{"a":[{},{}]}"#, #"[{"op":"move","from":"/a/0","path":"/a/0/b"}]"#, nil),
        PatchCase("move to itself", #"{"a":{"b":1}}"#, #"[{"op":"move","from":"/a","path":"/a"}]"#, #"{"a":{"b":1}}"#),
        PatchCase(
            "test of a missing member for null", #"{"a":1}"#, #"[{"op":"test","path":"/b","value":null}]"#, #"{"a":1}"#),
        PatchCase("test of a missing member", #"{"a":1}"#, #"[{"op":"test","path":"/b","value":1}]"#, nil),
        PatchCase("numbers are equal by value", #"{"a":1}"#, #"[{"op":"test","path":"/a","value":1.0}]"#, #"{"a":1}"#),
        PatchCase(
            "all or none", #"{"a":1}"#,
            #"[{"op":"add","path":"/b","value":1},{"op":"test","path":"/a","value":2}]"#, nil),
        PatchCase(
            "what an operation makes the next one sees", #"{}"#,
            #"""
            [{"op":"add","path":"/a","value":[]},{"op":"add","path":"/a/-","value":1},{"op":"add","path":"/a/0",\#
            "value":0}]
            """#,
            #"{"a":[0,1]}"#),
        PatchCase(
            "a slash in a name", #"{"metadata":{"labels":{"example.org/a":"b"}}}"#,
            #"[{"op":"remove","path":"/metadata/labels/example.org~1a"}]"#, #"{"metadata":{"labels":{}}}"#),
    ]

    static let malformed = [
        #"{}"#, #""remove""#, #"[1]"#, #"[{"op":1}]"#, #"[{"op":"add","path":1,"value":1}]"#,
        #"[{"op":"move","path":"/a","from":{}}]"#,
    ]

    static let notApplicable = [
        #"[{}]"#, #"[{"op":null}]"#, #"[{"op":"add"}]"#, #"[{"op":"merge","path":"/a"}]"#,
        #"[{"op":"add","path":"/a"}]"#, #"[{"op":"move","path":"/a"}]"#, #"[{"op":"remove","path":"a"}]"#,
        #"[{"op":"remove","path":"a/b"}]"#, #"[{"op":"remove","path":"\#(String(repeating: "/a", count: 100_000))"}]"#,
    ]
}

@Suite("JSON patches (RFC 6902)")
struct JSONPatchTests {
    @Test("the examples of RFC 6902 Appendix A, and more", arguments: JSONPatchCases.appendixA + JSONPatchCases.others)
    func table(_ expected: PatchCase) throws {
        let result = Result { () throws(PatchError) in
            try JSONPatch.apply(json(expected.patch), to: json(expected.document))
        }
        switch (result, expected.result) {
        case (.success(let value), let text?): #expect(try value == json(text))
        case (.failure(let error), nil): #expect(!error.isMalformed)
        case (.success(let value), nil): Issue.record("applied: \(JSONText.text(of: value))")
        case (.failure(let error), _?): Issue.record("\(error)")
        }
    }

    private func json(_ text: String) throws(PatchError) -> JSONValue {
        do { return try JSONText.value(of: text) } catch { throw PatchError(.malformed, "\(error)") }
    }

    @Test("patches that cannot be read are malformed", arguments: JSONPatchCases.malformed)
    func malformed(_ patch: String) throws {
        let error = #expect(throws: PatchError.self) { try JSONPatch.apply(json(patch), to: .object([:])) }
        #expect(error?.isMalformed == true)
    }

    @Test("those that say what nobody can do are not", arguments: JSONPatchCases.notApplicable)
    func notApplicable(_ patch: String) throws {
        let error = #expect(throws: PatchError.self) { try JSONPatch.apply(json(patch), to: .object([:])) }
        #expect(error?.isMalformed == false)
    }

    @Test("members that no operation has are named, up to a hundred")
    func unknownMembers() throws {
        let patch = try json(#"[{"op":"add","path":"/a","value":1,"from":"/b"},{"Op":"add","a":1},7]"#)
        #expect(JSONPatch.unknownMembers(in: patch) == [#"unknown field "[1].Op""#, #"unknown field "[1].a""#])
        let many = JSONValue.array(Array(repeating: try json(#"{"a":1,"b":1,"c":1}"#), count: 1000))
        #expect(JSONPatch.unknownMembers(in: many).count == 100)
        #expect(JSONPatch.unknownMembers(in: .object(["a": .null])) == [])
    }

    @Test(
        "messages are upstream's",
        arguments: [
            (
                #"[{"op":"remove","path":"/b"}]"#,
                "error in remove for path: '/b': Unable to remove nonexistent key: b: missing value"
            ),
            (#"[{"op":"test","path":"/a","value":2}]"#, "testing value /a failed: test failed"),
            (
                #"[{"op":"replace","path":"/b","value":2}]"#,
                "replace operation does not apply: doc is missing key: /b: missing value"
            ),
            (
                #"[{"op":"add","path":"/b/c","value":2}]"#,
                "add operation does not apply: doc is missing path: \"/b/c\": missing value"
            ),
            (#"[{"op":"jump","path":"/b"}]"#, "Unexpected kind: jump"),
        ])
    func messages(_ patch: String, _ message: String) throws {
        let error = #expect(throws: PatchError.self) { try JSONPatch.apply(json(patch), to: json(#"{"a":1}"#)) }
        #expect(error?.message == message)
    }

    @Test("ten thousand operations, no more")
    func maximumOperations() throws {
        let operation = try json(#"{"op":"add","path":"/a","value":1}"#)
        let most = JSONValue.array(Array(repeating: operation, count: JSONPatch.maximumOperations))
        #expect(try JSONPatch.apply(most, to: .object([:])) == json(#"{"a":1}"#))
        let tooMany = JSONValue.array(Array(repeating: operation, count: JSONPatch.maximumOperations + 1))
        let error = #expect(throws: PatchError.self) { try JSONPatch.apply(tooMany, to: .object([:])) }
        #expect(error?.reason == .tooManyOperations)
        #expect(error?.message == "The allowed maximum operations in a JSON patch is 10000, got 10001")
    }

    @Test("a document cannot be doubled again and again")
    func doubling() throws {
        let operation = try json(#"{"op":"copy","from":"/a","path":"/a/-"}"#)
        let patch = JSONValue.array(Array(repeating: operation, count: 100))
        let error = #expect(throws: PatchError.self) { try JSONPatch.apply(patch, to: json(#"{"a":["text"]}"#)) }
        #expect(error?.isMalformed == false)
    }

    @Test(
        "a document cannot be nested ever more deeply",
        arguments: [
            #"{"op":"add","path":"PATH","value":{"a":{}}}"#, #"{"op":"replace","path":"PATH","value":{"a":{"a":{}}}}"#,
        ])
    func nesting(_ operation: String) throws {
        var operations: [JSONValue] = []
        for depth in 1...400 {
            let path = String(repeating: "/a", count: operation.contains("add") ? depth : depth + 1)
            operations.append(try json(operation.replacing("PATH", with: path)))
        }
        #expect(throws: PatchError.self) {
            try JSONPatch.apply(.array(operations), to: json(#"{"a":{"a":{}}}"#))
        }
    }

    @Test("nor by moving it into something new again and again")
    func nestingByMoves() throws {
        let round = try [
            #"{"op":"add","path":"/b","value":{}}"#, #"{"op":"move","from":"/a","path":"/b/a"}"#,
            #"{"op":"move","from":"/b","path":"/a"}"#,
        ].map(json)
        let few = JSONValue.array(Array(repeating: round, count: 100).flatMap { $0 })
        #expect(throws: Never.self) { try JSONPatch.apply(few, to: json(#"{"a":{}}"#)) }
        let many = JSONValue.array(Array(repeating: round, count: 300).flatMap { $0 })
        #expect(throws: PatchError.self) { try JSONPatch.apply(many, to: json(#"{"a":{}}"#)) }
    }
}
