import Registry
import TestSupport
import Testing

@testable import RegistryAPI

@Suite("Lists written from stored texts")
struct ListTextTests {
    private func record(_ kind: ObjectKind, _ text: String) -> ObjectRecord {
        ObjectRecord(
            key: ObjectKey(kind, NamespacedName(namespace: "default", name: "a")), uid: "u",
            version: ResourceVersion(rawValue: 1), text: text)
    }

    private func list(
        _ form: ResponseForm = .object, _ kind: ObjectKind, _ texts: [String], token: String? = nil,
        remaining: Int? = nil, pieces: Int = 1, includeObject: TablePrinter.IncludedObject = .metadata
    ) throws -> String {
        let metadata = ListMetadata(
            version: ResourceVersion(rawValue: 42), continueToken: token, remaining: remaining)
        var text = ListText(form, kind: kind, metadata: metadata, now: testTime, includeObject: includeObject)
        var bytes: [UInt8] = []
        let size = max(1, texts.count / pieces)
        for start in stride(from: 0, to: max(1, texts.count), by: size) {
            let piece = texts[start..<min(start + size, texts.count)]
            bytes += try text.piece(piece.map { record(kind, $0) }, isLast: start + size >= texts.count)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("A list reads as its kind, its metadata and its items", arguments: ObjectKind.allCases)
    func kinds(_ kind: ObjectKind) throws {
        let list = try jsonTree(
            list(.object, kind, [#"{"apiVersion":"\#(kind.apiVersion)","kind":"\#(kind)","metadata":{}}"#]))
        #expect(list["kind"] == .string("\(kind.rawValue)List"))
        #expect(list["apiVersion"] == .string(kind.apiVersion))
        #expect(try list["metadata"] == jsonTree(#"{"resourceVersion":"42"}"#))
        #expect(list["items"]?.elements.count == 1)
    }

    @Test("A page says where the next one begins, and how much there is")
    func pages() throws {
        #expect(
            try list(.object, .pod, [], token: "a\"b", remaining: 3)
                == #"{"kind":"PodList","apiVersion":"v1","metadata":{"continue":"a\"b","remainingItemCount":3,"#
                + #""resourceVersion":"42"},"items":[]}"#)
        #expect(
            try jsonTree(list(.object, .pod, [], remaining: 3))["metadata"] == jsonTree(#"{"resourceVersion":"42"}"#))
        #expect(
            try jsonTree(list(.object, .pod, [], token: "t", remaining: 0))["metadata"]
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
    func items(_ text: String, _ expected: String) throws {
        let (one, two) = (try list(.object, .service, [text]), try list(.object, .service, [text, text]))
        #expect(one.hasSuffix("\"items\":[\(expected)]}"))
        #expect(two.hasSuffix("\"items\":[\(expected),\(expected)]}"))
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
            let written = try jsonTree(
                list(
                    .object, kind, documents.map { JSONText.text(of: $0) },
                    pieces: .random(in: 1...3, using: &generator)))
            let expected: JSONValue = .object([
                "kind": .string("\(kind.rawValue)List"), "apiVersion": .string(kind.apiVersion),
                "metadata": .object(["resourceVersion": .string("42")]),
                "items": .array(
                    documents.map { document in
                        var item = document
                        (item["apiVersion"], item["kind"]) = (nil, nil)
                        return item
                    }),
            ])
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
    func bentTexts() throws {
        var generator = SeededGenerator.announced()
        let whole = Array(#"{"a":["\"",{"b":1}],"apiVersion":"v1","kind":"Service","metadata":{"x":"\\"}}"#.utf8)
        for _ in 0..<2000 {
            var bytes = whole
            bytes[Int.random(in: bytes.indices, using: &generator)] = .random(in: 0x20...0x7e, using: &generator)
            bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator))
            #expect(try list(.object, .service, [String(decoding: bytes, as: UTF8.self)]).hasSuffix("]}"))
        }
    }

    private let lease = #"""
        {"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"a","resourceVersion":"7"},"spec":{}}
        """#

    @Test(
        "Lists of metadata carry the list's own metadata, in however many pieces they are written",
        arguments: [ResponseForm.MetaVersion.v1, .v1beta1], 1...3)
    func partialMetadata(_ version: ResponseForm.MetaVersion, pieces: Int) throws {
        for form in [ResponseForm.partialMetadata(version), .partialMetadataList(version)] {
            let list = try jsonTree(
                list(form, .lease, [lease, lease, lease], token: "next", remaining: 4, pieces: pieces))
            #expect(list["kind"] == .string("PartialObjectMetadataList"))
            #expect(list["apiVersion"] == .string("meta.k8s.io/\(version.rawValue)"))
            #expect(
                try list["metadata"] == jsonTree(#"{"resourceVersion":"42","continue":"next","remainingItemCount":4}"#))
            #expect(list["items"]?.elements.count == 3)
            for item in list["items"]?.elements ?? [] {
                #expect(item == version.partialMetadata(of: try jsonTree(lease)))
            }
        }
    }

    @Test("Tables have one row for each object, and of it what was asked for", arguments: 1...2)
    func table(pieces: Int) throws {
        let document = try jsonTree(lease)
        let included: [(TablePrinter.IncludedObject, JSONValue)] = [
            (.none, .null), (.object, document),
            (.metadata, ResponseForm.MetaVersion.v1.partialMetadata(of: document)),
        ]
        for (includeObject, expected) in included {
            let table = try jsonTree(
                list(.table(.v1), .lease, [lease, lease], pieces: pieces, includeObject: includeObject))
            let printer = TablePrinter(kind: .lease, version: .v1, now: testTime, includeObject: includeObject)
            #expect(
                try table == printer.table(of: [document, document], metadata: jsonTree(#"{"resourceVersion":"42"}"#)))
            #expect(table["kind"] == .string("Table") && table["apiVersion"] == .string("meta.k8s.io/v1"))
            #expect(table["rows"]?.elements.count == 2)
            #expect(table.value(at: "rows.1.object") == expected)
        }
    }

    @Test("An object that cannot be read is told, where it would have to be")
    func unreadable() {
        for form in [ResponseForm.table(.v1), .partialMetadata(.v1)] {
            #expect(throws: (any Error).self) { try list(form, .lease, ["{"]) }
        }
    }
}
