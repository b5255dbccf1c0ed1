import Registry
import TestSupport
import Testing

@testable import RegistryAPI

@Suite("Lists written from stored texts")
struct ListDocumentTests {
    private func record(_ kind: ObjectKind, _ text: String) -> ObjectRecord {
        ObjectRecord(
            key: ObjectKey(kind, NamespacedName(namespace: "default", name: "a")), uid: "u",
            version: ResourceVersion(rawValue: 1), text: text)
    }

    private func list(_ kind: ObjectKind, _ texts: [String], token: String? = nil, remaining: Int? = nil) -> String {
        String(
            decoding: ListDocument.text(
                kind: kind, records: texts.map { record(kind, $0) }, version: ResourceVersion(rawValue: 42),
                continueToken: token, remaining: remaining), as: UTF8.self)
    }

    @Test("A list reads as its kind, its metadata and its items", arguments: ObjectKind.allCases)
    func kinds(_ kind: ObjectKind) throws {
        let list = try jsonTree(list(kind, [#"{"apiVersion":"\#(kind.apiVersion)","kind":"\#(kind)","metadata":{}}"#]))
        #expect(list["kind"] == .string("\(kind.rawValue)List"))
        #expect(list["apiVersion"] == .string(kind.apiVersion))
        #expect(try list["metadata"] == jsonTree(#"{"resourceVersion":"42"}"#))
        #expect(list["items"]?.elements.count == 1)
    }

    @Test("A page says where the next one begins, and how much there is")
    func pages() throws {
        #expect(
            list(.pod, [], token: "a\"b", remaining: 3)
                == #"{"kind":"PodList","apiVersion":"v1","metadata":{"continue":"a\"b","remainingItemCount":3,"#
                + #""resourceVersion":"42"},"items":[]}"#)
        #expect(try jsonTree(list(.pod, [], remaining: 3))["metadata"] == jsonTree(#"{"resourceVersion":"42"}"#))
        #expect(
            try jsonTree(list(.pod, [], token: "t", remaining: 0))["metadata"]
                == jsonTree(#"{"continue":"t","resourceVersion":"42"}"#))
    }

    enum Texts {
        /// Stored texts, and the items they become.
        static let all: [(String, String)] = [
            (#"{"apiVersion":"v1","kind":"Service","metadata":{},"spec":{"a":1}}"#, #"{"metadata":{},"spec":{"a":1}}"#),
            (#"{"apiVersion":"v1","kind":"Service"}"#, "{}"),
            (#"{"apiVersion":"v1"}"#, "{}"), (#"{"kind":"x","a":null}"#, #"{"a":null}"#),
            (
                #"{"a":[1,{"kind":"Pod"}],"apiVersion":"v1","b":"}\"kind\":","kind":"E","z":-1.5e3}"#,
                #"{"a":[1,{"kind":"Pod"}],"b":"}\"kind\":","z":-1.5e3}"#
            ),
            (#"{"apiVersion":"v1","endpoints":[],"kind":"EndpointSlice"}"#, #"{"endpoints":[]}"#),
            (
                #"{"addressType":"IPv4","apiVersion":"v1","endpoints":[{"addresses":["::1"]}],"kind":"E","ports":[]}"#,
                #"{"addressType":"IPv4","endpoints":[{"addresses":["::1"]}],"ports":[]}"#
            ),
            (
                #"{"metadata":{"kind":"Service","apiVersion":"v1"},"x":true}"#,
                #"{"metadata":{"kind":"Service","apiVersion":"v1"},"x":true}"#
            ),
            (#"{"apiVersion":{"kind":[]},"kind":[{}],"é":"\\"}"#, #"{"é":"\\"}"#),
            ("{}", "{}"), (#"{ "kind": "Service" }"#, #"{ "kind": "Service" }"#),
        ]
    }

    @Test("Items lose their type and nothing else", arguments: Texts.all)
    func items(_ text: String, _ expected: String) {
        #expect(list(.service, [text]).hasSuffix("\"items\":[\(expected)]}"))
        #expect(list(.service, [text, text]).hasSuffix("\"items\":[\(expected),\(expected)]}"))
    }

    @Test("Texts of any documents become the items that trees become")
    func randomDocuments() throws {
        var generator = SeededGenerator.announced()
        for _ in 0..<300 {
            let kind = try #require(ObjectKind.allCases.randomElement(using: &generator))
            let documents = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
                var document = randomValue(depth: 0, using: &generator)
                document["kind"] = .string(kind.rawValue)
                document["apiVersion"] = .string(kind.apiVersion)
                return document
            }
            let written = try jsonTree(list(kind, documents.map { JSONText.text(of: $0) }))
            let expected = ResponseForm.object.list(
                of: documents, kind: kind, now: testTime, includeObject: .none, version: ResourceVersion(rawValue: 42),
                continueToken: nil, remaining: nil)
            guard written != expected else { continue }
            Issue.record("seed \(generator.seed): \(JSONText.text(of: written)) is not \(JSONText.text(of: expected))")
            return
        }
    }

    private func randomValue(depth: Int, using generator: inout SeededGenerator) -> JSONValue {
        let names = ["kind", "apiVersion", "a", "metadata", "z", "\"", "\\", "k}", "[", ":,", "é", ""]
        func count() -> Int { Int.random(in: 0...4, using: &generator) }
        switch depth == 0 ? 6 : Int.random(in: 0...(depth < 4 ? 6 : 4), using: &generator) {
        case 0: return .null
        case 1: return .bool(.random(using: &generator))
        case 2: return .integer(.random(in: -1000...1000, using: &generator))
        case 3: return .number(-0.5)
        case 4: return .string(names.randomElement(using: &generator) ?? "")
        case 5: return .array((0..<count()).map { _ in randomValue(depth: depth + 1, using: &generator) })
        default:
            var members: [String: JSONValue] = [:]
            for _ in 0..<count() {
                members[names.randomElement(using: &generator) ?? ""] = randomValue(depth: depth + 1, using: &generator)
            }
            return .object(members)
        }
    }

    @Test("Cut and bent texts go out without trapping")
    func bentTexts() {
        var generator = SeededGenerator.announced()
        let whole = Array(#"{"a":["\"",{"b":1}],"apiVersion":"v1","kind":"Service","metadata":{"x":"\\"}}"#.utf8)
        for _ in 0..<2000 {
            var bytes = whole
            bytes[Int.random(in: bytes.indices, using: &generator)] = .random(in: 0x20...0x7e, using: &generator)
            bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator))
            #expect(list(.service, [String(decoding: bytes, as: UTF8.self)]).hasSuffix("]}"))
        }
    }
}
