import Glibc
import ObjectSchema
import Registry
import TestSupport
import Testing

@testable import ObjectPatches

@Suite("Random and hostile patches")
struct HostilePatchTests {
    @Test("no patch traps, whatever the document")
    func arbitraryPatches() throws {
        var documents = RandomDocuments(.announced())
        let kinds: [ObjectKind] = [.service, .pod, .endpointSlice]
        var applied = 0
        for _ in 0..<4000 {
            let document = documents.value()
            let kind = documents.one(of: kinds, or: .service)
            let type = try #require(Schema.shared.type(of: kind))
            if (try? JSONPatch.apply(documents.jsonPatch(), to: document)) != nil { applied += 1 }
            _ = MergePatch.apply(documents.value(), to: document)
            if (try? StrategicMergePatch.apply(documents.value(), to: document, type: type, schema: .shared)) != nil {
                applied += 1
            }
            let new = FieldOwnership.update(
                live: documents.chance(50) ? documents.value() : nil, new: document, type: type, schema: .shared,
                manager: "m", subresource: documents.chance(30) ? "status" : nil, apiVersion: "v1",
                now: Timestamp(milliseconds: 0))
            let after = try? FieldOwnership.apply(
                configuration: documents.value(), live: new, type: type, schema: .shared, manager: "kubectl",
                subresource: nil, apiVersion: "v1", force: documents.chance(50), now: Timestamp(milliseconds: 0))
            _ = FieldOwnership.isEqual(new, after ?? .null)
        }
        #expect(applied > 400)
    }

    @Test("applying again what was applied changes nothing")
    func applyIsIdempotent() throws {
        var documents = RandomDocuments(.announced())
        for _ in 0..<60 {
            var object = OwnedObject()
            for _ in 0..<12 {
                let configuration = documents.configuration()
                let manager = documents.one(of: ["one", "two", "kubectl"], or: "")
                if documents.chance(30) {
                    var new = object.document ?? .object([:])
                    new = MergePatch.apply(configuration, to: new)
                    object.update(new, by: manager)
                    let after = try #require(object.document)
                    object.update(after, by: manager)
                    expectSame(object.document, after)
                    continue
                }
                let force = documents.chance(60)
                do {
                    try object.apply(configuration, by: manager, force: force)
                } catch is ApplyConflict {
                    #expect(!force)
                    continue
                }
                let after = try #require(object.document)
                try checkContains(after, configuration)
                try object.apply(configuration, by: manager)
                expectSame(object.document, after)
            }
        }
    }

    private func expectSame(_ document: JSONValue?, _ expected: JSONValue) {
        let isSame = document == expected
        #expect(isSame, "\(JSONText.text(of: document ?? .null))\nafter\n\(JSONText.text(of: expected))")
    }

    /// Whatever is applied is there afterwards.
    private func checkContains(_ document: JSONValue, _ configuration: JSONValue) throws {
        for (name, value) in members(of: configuration["metadata"]?["labels"]) {
            #expect(document["metadata"]?["labels"]?[name] == value)
        }
        for name in ["type", "selector"] {
            guard let value = configuration["spec"]?[name] else { continue }
            #expect(document["spec"]?[name] == value)
        }
        guard case .array(let ports)? = configuration["spec"]?["ports"], !ports.isEmpty else { return }
        guard case .array(let found)? = document["spec"]?["ports"] else {
            Issue.record("no ports: \(JSONText.text(of: document))")
            return
        }
        for port in ports {
            #expect(
                found.contains { other in
                    members(of: port).allSatisfy { other[$0.key] == $0.value }
                })
        }
    }

    private func members(of value: JSONValue?) -> [String: JSONValue] {
        guard case .object(let members)? = value else { return [:] }
        return members
    }

    @Test("a merge patch that tells two states apart makes one of the other")
    func updatesOwnDifferences() throws {
        var documents = RandomDocuments(.announced())
        for _ in 0..<300 {
            let one = documents.configuration()
            let other = documents.configuration()
            var object = OwnedObject()
            object.update(one, by: "one")
            object.update(other, by: "two")
            // What the first still owns has the value that it wrote.
            let ownedByFirst = object.owners.filter { $0.hasPrefix("one") }.joined()
            if one["spec"]?["type"] != other["spec"]?["type"] { #expect(!ownedByFirst.contains("f:type")) }
            if let type = one["spec"]?["type"], type == other["spec"]?["type"] {
                #expect(ownedByFirst.contains("f:type"))
            }
        }
    }

    @Test("a document of very many fields is owned in reasonable time")
    func manyFields() throws {
        var labels: [String: JSONValue] = [:]
        for number in 0..<20_000 { labels["label-\(number)"] = .string("x") }
        var object = OwnedObject()
        object.update(.object(["metadata": .object(["labels": .object(labels)])]), by: "one")
        var new = try #require(object.document)
        new["metadata"]?["labels"]?["label-7"] = .string("y")
        object.update(new, by: "two")
        #expect(object.owners.last == #"two Update 2 {"f:metadata":{"f:labels":{"f:label-7":{}}}}"#)
    }

    @Test("the deepest documents that are read do no harm")
    func deepDocuments() throws {
        let depth = 250
        for (opening, closing) in [(#"{"a":"#, "}"), ("[", "]"), (#"{"spec":{"ports":["#, "]}}"), (#"{"f:a":"#, "}")] {
            let levels = depth / max(1, opening.filter { "{[".contains($0) }.count)
            let text = String(repeating: opening, count: levels) + "1" + String(repeating: closing, count: levels)
            let deep = try json(text)
            let type = try #require(Schema.shared.type(of: .service))
            _ = MergePatch.apply(deep, to: deep)
            _ = try? StrategicMergePatch.apply(deep, to: deep, type: type, schema: .shared)
            var object = OwnedObject()
            let document = JSONValue.object([
                "metadata": .object([
                    "managedFields": .array([
                        .object([
                            "manager": .string("m"), "operation": .string("Apply"), "apiVersion": .string("v1"),
                            "fieldsType": .string("FieldsV1"), "fieldsV1": deep,
                        ])
                    ])
                ]),
                "deep": deep,
            ])
            object.update(document, by: "one")
            object.update(document, by: "two")
            try object.apply(.object(["deep": deep, "deeper": .object(["deep": deep])]), by: "three", force: true)
            try object.apply(.object(["deeper": deep]), by: "three", force: true)
        }
    }

    @Test("what is written nested is read again, or refused before")
    func nesting() throws {
        for levels in 240...260 {
            let value = (0..<levels).reduce(JSONValue.object([:])) { inner, _ in .object(["f:a": inner]) }
            let patch = JSONValue.array([
                .object(["op": .string("add"), "path": .string("/metadata/a"), "value": value])
            ])
            guard let patched = try? JSONPatch.apply(patch, to: .object(["metadata": .object([:])])) else { continue }
            #expect(throws: Never.self, "\(levels)") { try json(JSONText.text(of: patched)) }
        }
        for levels in [1, 62, 63, 64, 65, 251, 252, 253, 1000] {
            let fields = (0..<levels).reduce(JSONValue.object([:])) { inner, _ in .object(["f:a": inner]) }
            let entry = JSONValue.object([
                "manager": .string("m"), "operation": .string("Update"), "apiVersion": .string("v1"),
                "fieldsType": .string("FieldsV1"), "fieldsV1": fields,
            ])
            #expect((ManagedFields.Entry(entry) != nil) == (levels < 64), "\(levels)")
        }
    }

    @Test("very many owners are not read one by one for ever")
    func manyOwners() throws {
        let entries = (0..<20_000).map { number in
            JSONValue.object([
                "manager": .string("m\(number)"), "operation": .string("Update"), "apiVersion": .string("v1"),
                "fieldsType": .string("FieldsV1"),
                "fieldsV1": .object(["f:x\(number)": .object([:])]),
            ])
        }
        var object = OwnedObject()
        object.update(.object(["metadata": .object(["managedFields": .array(entries)])]), by: "one")
        #expect(object.owners.count == 10)
    }

    @Test("thousands of changes of a very long list are refused")
    func longList() throws {
        let operation = try json(#"{"op":"add","path":"/a/0","value":0}"#)
        let patch = JSONValue.array(Array(repeating: operation, count: 10_000))
        let document = JSONValue.object(["a": .array(Array(repeating: .integer(0), count: 1_000_000))])
        let error = #expect(throws: PatchError.self) { try JSONPatch.apply(patch, to: document) }
        #expect(error?.isMalformed == false)
    }

    /// A document with a list and an object of a million parts in all, two levels down.
    private static let large: JSONValue = {
        let members = (0..<200_000).map { ("k\($0)", JSONValue.integer(0)) }
        let list = [JSONValue.object([:])] + Array(repeating: JSONValue.integer(0), count: 800_000)
        var object = Dictionary(members) { first, _ in first }
        object["deep"] = .object([:])
        return .object(["a": .object(["list": .array(list), "map": .object(object)])])
    }()

    @Test(
        "operations of a JSON patch change what is there in its place: no operation copies a list or an object",
        arguments: [
            [#"{"op":"add","path":"/a/list/-","value":1}"#], [#"{"op":"add","path":"/a/list/0/x","value":1}"#],
            [#"{"op":"replace","path":"/a/list/5","value":1}"#],
            [#"{"op":"add","path":"/a/list/-","value":1}"#, #"{"op":"remove","path":"/a/list/-1"}"#],
            [#"{"op":"move","from":"/a/list/-1","path":"/a/list/-"}"#],
            [#"{"op":"copy","from":"/a/list/5","path":"/a/list/-"}"#],
            [#"{"op":"test","path":"/a/list/5","value":0}"#, #"{"op":"add","path":"/a/list/-","value":1}"#],
            [#"{"op":"add","path":"/a/map/x","value":1}"#, #"{"op":"remove","path":"/a/map/x"}"#],
            [#"{"op":"replace","path":"/a/map/k5","value":1}"#],
            [#"{"op":"add","path":"/a/map/deep/x","value":1}"#],
            [
                #"{"op":"move","from":"/a/map/k5","path":"/a/map/y"}"#,
                #"{"op":"move","from":"/a/map/y","path":"/a/map/k5"}"#,
            ],
            [#"{"op":"copy","from":"/a/map/k5","path":"/a/map/x"}"#],
        ])
    func changesInPlace(_ texts: [String]) throws {
        let operations = try texts.map(json)
        func time(repetitions: Int) throws -> Int {
            let patch = JSONValue.array(Array(repeating: operations, count: repetitions).flatMap(\.self))
            let start = threadTime()
            _ = try JSONPatch.apply(patch, to: Self.large)
            return threadTime() - start
        }
        // The document that is kept is copied once. Without more copies the rest costs less than that; with one for each
        // operation, hundreds of times as much.
        let once = try time(repetitions: 1)
        let often = try time(repetitions: 1000)
        #expect(often < once * 30)
    }

    /// The time that this thread has worked, in nanoseconds.
    private func threadTime() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }

    @Test("a conflict about very many fields names the first hundred")
    func manyConflicts() throws {
        func labels(_ value: String) -> JSONValue {
            let labels = (0..<5000).map { ("label-\($0)", JSONValue.string(value)) }
            return .object(["metadata": .object(["labels": .object(Dictionary(labels) { first, _ in first })])])
        }
        var object = OwnedObject()
        try object.apply(labels("x"), by: "one")
        let conflict = #expect(throws: ApplyConflict.self) { try object.apply(labels("y"), by: "two") }
        #expect(conflict?.causes.count == 100)
        #expect(conflict?.message.hasPrefix("Apply failed with 5000 conflicts: conflicts with \"one\":") == true)
        #expect(conflict?.message.hasSuffix("\nand 4900 more") == true)
        #expect((conflict?.message.utf8.count ?? .max) < 10_000)
    }

    @Test("an element that a patch names again and again is refused")
    func repeatedElement() throws {
        let type = try #require(Schema.shared.type(of: .service))
        func apply(_ count: Int) throws -> JSONValue {
            let ports = (0..<count).map { JSONValue.object(["port": .integer(80), "name": .string("n\($0)")]) }
            return try StrategicMergePatch.apply(
                .object(["spec": .object(["ports": .array(ports)])]), to: .object([:]), type: type, schema: .shared)
        }
        #expect(try apply(101)["spec"]?["ports"] == json(#"[{"port":80,"name":"n100"}]"#))
        let error = #expect(throws: PatchError.self) { try apply(102) }
        #expect(error?.reason == .tooManyOperations)
    }

    @Test("an element that a patch names again is refused where it is large")
    func repeatedLargeElement() throws {
        let type = try #require(Schema.shared.type(of: .pod))
        func apply(_ count: Int) throws -> JSONValue {
            let variables = (0..<count).map { JSONValue.object(["name": .string("N\($0)"), "value": .string("v")]) }
            let document = JSONValue.object([
                "spec": .object(["containers": .array([.object(["name": .string("a"), "env": .array(variables)])])])
            ])
            let image = JSONValue.object(["name": .string("a"), "image": .string("i")])
            return try StrategicMergePatch.apply(
                .object(["spec": .object(["containers": .array([image, image, image])])]), to: document, type: type,
                schema: .shared)
        }
        #expect(try apply(3000)["spec"]?.list("containers").first?.text("image") == "i")
        let error = #expect(throws: PatchError.self) { try apply(4000) }
        #expect(error?.reason == .tooManyOperations)
    }
}
