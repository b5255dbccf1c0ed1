import Foundation
import Registry
import Testing

@testable import Manifests

@Suite("Manifest reader")
struct ManifestReaderTests {
    /// The objects of a text as `line/document key`, or the problem that keeps it from parsing.
    private func objects(_ text: String) -> [String] {
        var reader = ManifestReader(file: "m.yaml")
        do throws(ManifestProblem) {
            return try reader.read(Array(text.utf8)).entries.map { "\($0.line)/\($0.document) \($0.object.key)" }
        } catch {
            return ["\(error)"]
        }
    }

    private func problems(_ text: String) -> [String] {
        var reader = ManifestReader(file: "m.yaml")
        do throws(ManifestProblem) {
            return try reader.read(Array(text.utf8)).problems.map(\.description)
        } catch {
            return ["\(error)"]
        }
    }

    private func service(_ name: String) -> String {
        """
        apiVersion: v1
        kind: Service
        metadata: {name: \(name), namespace: prod}
        spec: {ports: [{port: 80}]}

        """
    }

    @Test("Documents are parted by markers, numbered and placed")
    func documents() {
        let (a, b) = (service("a"), service("b"))
        #expect(objects(a) == ["1/1 Service prod/a"])
        #expect(objects("---\n" + a + "---\n" + b) == ["2/1 Service prod/a", "7/2 Service prod/b"])
        #expect(objects("# licence\n\n---\n" + a + "--- # next\n" + b) == ["4/1 Service prod/a", "9/2 Service prod/b"])
        #expect(objects(a + "---\n---\n" + b) == ["1/1 Service prod/a", "7/3 Service prod/b"])
        #expect(objects(a + "...\n" + b) == ["1/1 Service prod/a", "6/2 Service prod/b"])
        #expect(
            objects(a + "...\n%YAML 1.1\n---\n" + b + "---\n" + service("c")) == [
                "1/1 Service prod/a", "8/2 Service prod/b", "13/3 Service prod/c",
            ])
        #expect(objects("--- {apiVersion: v1, kind: Namespace, metadata: {name: x}}\n---\n") == ["1/1 Namespace x"])
    }

    @Test(
        "A text without objects is no error", arguments: ["", "\n", "# only a comment\n", "---\n", "---\n---\n# end\n"])
    func empty(_ text: String) {
        #expect(objects(text) == [])
    }

    @Test("Line ends of Windows and a byte order mark change nothing")
    func lineEnds() {
        let text = (service("a") + "---\n" + service("b")).split(separator: "\n", omittingEmptySubsequences: false)
            .joined(separator: "\r\n")
        #expect(objects("\u{feff}" + text) == ["1/1 Service prod/a", "6/2 Service prod/b"])
    }

    @Test("A marker inside a block of text is none where it is indented or longer")
    func markersInText() {
        let text = """
            apiVersion: v1
            kind: ConfigMap
            data:
              x: |
                ---
                ----
              y: "a
            ---- b"
            ---
            \(service("a"))
            """
        #expect(objects(text) == ["10/2 Service prod/a"])
    }

    @Test("JSON is read with line numbers: single objects, lists, objects one behind the other")
    func json() {
        let a = """
            {
              "apiVersion": "v1", "kind": "Service",
            \t"metadata": {"name": "a", "namespace": "prod", "annotations": {"x": "}{\\"\\u003c\\/"}},
              "spec": {"ports": [{"port": 80}]}
            }
            """
        #expect(objects(a) == ["1/1 Service prod/a"])
        #expect(objects(a + "\n" + a + a) == ["1/1 Service prod/a", "6/2 Service prod/a", "10/3 Service prod/a"])
        #expect(
            objects("{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[\n\(a),\n\(a)]}") == [
                "2/1 Service prod/a", "7/1 Service prod/a",
            ])
        #expect(objects(#"{"apiVersion":"v1","kind":"Namespace""#).first?.hasPrefix("m.yaml:") == true)
        let emoji =
            #"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"x","annotations":{"a":"\ud83d\ude00"}}}"#
        #expect(objects(emoji) == ["1/1 Namespace x"])
    }

    @Test("Lists give their items, typed lists fill in what the items leave out")
    func lists() {
        let list = """
            apiVersion: v1
            kind: List
            items:
            - apiVersion: v1
              kind: Namespace
              metadata: {name: a}
            - apiVersion: v1
              kind: NamespaceList
              items:
              - metadata: {name: b}
            -
              apiVersion: apps/v1
              kind: DeploymentList
              items: [{}, {}]
            """
        #expect(objects(list) == ["4/1 Namespace a", "10/1 Namespace b"])
        #expect(objects("apiVersion: v1\nkind: List\nitems:\n") == [])
        #expect(
            problems("apiVersion: v1\nkind: List\nitems: 3\n") == [
                "m.yaml:3: document 1: List: items: Invalid value: must be an array, not a number"
            ])
        let deep = (0..<20).reduce("{apiVersion: v1, kind: Namespace, metadata: {name: a}}") { inner, _ in
            "{apiVersion: v1, kind: List, items: [\(inner)]}"
        }
        #expect(problems(deep) == ["m.yaml:1: document 1: List: items: lists are nested more than 8 deep"])
    }

    @Test("Kinds that are not kept are counted, and those of the same name in other groups told apart")
    func unusedKinds() throws {
        var reader = ManifestReader(file: "m.yaml")
        let contents = try reader.read(
            Array(
                """
                {apiVersion: apps/v1, kind: Deployment}
                ---
                {apiVersion: apps/v1, kind: Deployment, metadata: 7}
                ---
                {apiVersion: serving.knative.dev/v1, kind: Service, metadata: {name: x}}
                ---
                {apiVersion: discovery.k8s.io/v1beta1, kind: EndpointSlice}
                """.utf8))
        #expect(contents.entries.isEmpty && contents.problems.isEmpty)
        #expect(
            contents.unusedKinds == [
                "Deployment": 2, "Service (serving.knative.dev/v1)": 1, "EndpointSlice (discovery.k8s.io/v1beta1)": 1,
            ])
    }

    @Test("An object without a namespace is in default, and its document says so")
    func defaultNamespace() throws {
        for metadata in ["{name: a}", "{name: a, namespace: }", "{name: a, namespace: ''}"] {
            var reader = ManifestReader(file: "m.yaml")
            let text = "{apiVersion: v1, kind: Pod, metadata: \(metadata)}"
            let entry = try #require(try reader.read(Array(text.utf8)).entries.first)
            #expect("\(entry.object.key)" == "Pod default/a")
            #expect(entry.object.document["metadata"]?["namespace"] == .string("default"))
        }
        #expect(objects("{apiVersion: v1, kind: Namespace, metadata: {name: a}}") == ["1/1 Namespace a"])
    }

    @Test("An object that breaks rules is refused with place, field and reason, and the rest goes on")
    func refusals() {
        let text = """
            apiVersion: v1
            kind: Namespace
            metadata:
              name: ok
            ---
            apiVersion: v1
            kind: Service
            metadata:
              name: web
              namespace: prod
            spec:
              ports:
                - name: http
                  port: 0
                - name: "metrics"
                  port: "9090"
            ---
            apiVersion: v1
            kind: Service
            metadata:
              name: web
              labels:
                app: yes
            spec:
              type: ClusterIP
            ---
            kind: Service
            metadata: {name: x}
            ---
            apiVersion: v1
            kind: [Service]
            ---
            apiVersion: v1
            kind: Service
            metadata: {namespace: prod}
            spec: {clusterIP: None}
            ---
            apiVersion: v1
            kind: Service
            metadata:
              name: web
            spec:
              ports:
                - port: 0
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: "a\\nb"}
            spec: {clusterIP: None}
            """
        #expect(objects(text) == ["1/1 Namespace ok"])
        #expect(
            problems(text) == [
                "m.yaml:16: document 2: Service prod/web: spec.ports[1].port: "
                    + "Invalid value: must be an integer, not a string",
                "m.yaml:23: document 3: Service default/web: metadata.labels.app: "
                    + "Invalid value: must be a string, not a boolean",
                "m.yaml:27: document 4: apiVersion: Required value",
                "m.yaml:31: document 5: kind: Invalid value: must be a string, not an array",
                "m.yaml:35: document 6: Service: metadata.name: Required value: name or generateName is required",
                "m.yaml:44: document 7: Service default/web: spec.ports[0].port: "
                    + "Invalid value: 0: must be between 1 and 65535, inclusive",
                "m.yaml:48: document 8: Service default/a\\nb: metadata.name: "
                    + "Invalid value: \"a\\nb\": a lowercase RFC 1123 label must consist of lower case alphanumeric "
                    + "characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or "
                    + "'123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
            ])
    }

    @Test(
        "A text that does not parse is named with line, column and document",
        arguments: [
            (
                "a: [1\n",
                "m.yaml:2:1: document 1: did not find expected ',' or ']' while parsing a flow sequence "
                    + "that began in line 1"
            ),
            (
                "a: 1\n---\nb:\n\tc: 1\n",
                "m.yaml:4:1: document 2: found character that cannot start any token "
                    + "while scanning for the next token that began in line 3"
            ),
            ("a: 1\n---\nb: 1\nb: 2\n", "m.yaml:3:1: document 2: the key \"b\" stands in a mapping twice"),
            ("80: 1\n0x50: 2\n", "m.yaml:2:1: document 1: the key \"80\" stands in a mapping twice"),
            ("a: 1\n---\nno manifest\n", "m.yaml:3:1: document 2: a manifest must be an object, not a string"),
            ("- a\n", "m.yaml:1:1: document 1: a manifest must be an object, not an array"),
            ("a: *b\n", "m.yaml:1:4: document 1: found undefined alias"),
            ("a: .inf\n", "m.yaml:1:4: document 1: .inf is no number of JSON"),
            ("a: !!int x\n", "m.yaml:1:4: document 1: \"x\" is not what its tag tag:yaml.org,2002:int says"),
            ("? [a]\n: b\n", "m.yaml:1:3: document 1: a key must be a string, not a sequence"),
            ("~: b\n", "m.yaml:1:1: document 1: a key must be a string, not null"),
            ("<<: 3\n", "m.yaml:1:5: document 1: the merge key << takes a mapping or a sequence of mappings"),
            ("a: 1\n\nb: \u{1}\n", "m.yaml:3: document 1: control characters are not allowed (U+1)"),
        ])
    func syntax(_ text: String, _ message: String) {
        #expect(objects(text) == [message])
    }

    @Test("Several keys that stand twice: one problem in each reading, with the document's line where one is no text")
    func severalDuplicates() {
        // Yams keeps them in a dictionary, whose order is another one in each reading.
        let readings = (0..<64).map { _ in
            [objects("g: 1\nh: 1\n? k: v\ng: 2\nh: 2\n? k: v\n"), objects("b: 1\na: 1\nb: 2\na: 2\n")]
        }
        #expect(
            Set(readings) == [
                [
                    ["m.yaml:1: document 1: the keys \"<uncovertable>\", \"g\", \"h\" stand in a mapping twice"],
                    ["m.yaml:2:1: document 1: the keys \"a\", \"b\" stand in a mapping twice"],
                ]
            ])
    }

    @Test("Bytes that are no UTF-8 are refused")
    func encoding() {
        var reader = ManifestReader(file: "m.yaml")
        #expect(throws: ManifestProblem(file: "m.yaml", line: 2, document: 2, reason: "is not UTF-8 text")) {
            try reader.read(Array("a: {}\n---\nb: ".utf8) + [0xff, 0x0a])
        }
    }

    @Test("Anchors, aliases and merge keys work; what stands in a mapping goes before what it merges")
    func aliases() throws {
        let text = """
            apiVersion: v1
            kind: Service
            metadata: {name: a, labels: &base {app: a, tier: x}, annotations: {<<: [{tier: v, z: z}, *base], app: b}}
            spec: {clusterIP: None, selector: *base}
            """
        var reader = ManifestReader(file: "m.yaml")
        let document = try #require(try reader.read(Array(text.utf8)).entries.first).object.document
        #expect(document["spec"]?["selector"] == .object(["app": .string("a"), "tier": .string("x")]))
        #expect(
            document["metadata"]?["annotations"]
                == .object(["app": .string("b"), "tier": .string("v"), "z": .string("z")]))
    }

    @Test("Aliases cannot make a small text large")
    func aliasBombs() {
        let laughs =
            "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
            + (1..<12).map { level in
                "a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", "))]\n"
            }.joined()
        #expect(objects(laughs) == ["m.yaml:1:34: document 1: aliases make more than 1000000 values of it"])
        for key in [
            "? *a11\n: x\n", "*a11 : x\n", "{*a11: x}: x\n", "b: {?*a11 , c: d}\n", "b: [{?[*a11] , c: d}]\n",
            "b: {?\"x\": y, ?[*a11]: z}\n", "b: {&k?*a11 : x}\n",
        ] {
            #expect(
                objects(laughs + key) == ["m.yaml:1: document 1: has too many keys that are collections"], "\(key)")
        }
        // A wide node, by few aliases, as a key.
        let wide =
            "a: &a [\(String(repeating: "x,", count: 10_000))]\nb: &b [\(String(repeating: "*a,", count: 1000))]\n"
        #expect(objects(wide + "? *b\n: x\n") == ["m.yaml:1: document 1: has too many keys that are collections"])
        let chain = "a0: &a0 x\n" + (1..<100_000).map { "a\($0): &a\($0) [*a\($0 - 1)]\n" }.joined()
        #expect(objects(chain) == ["m.yaml:1: document 1: has more than 64 anchors with aliases"])
        // Each within the bounds, all together as deep as can be; as a value, and as a key that is hashed.
        let brackets = String(repeating: "[", count: 990)
        // Thread Sanitizer keeps 65,536 calls of a thread and no more; deeper ones overwrite its memory.
        let deepest = ProcessInfo.processInfo.environment["SWIFTLET_SANITIZER"] == "thread" ? 4 : .max
        for (count, isKey) in [
            (1, true), (3, true), (4, true), (8, true), (36, false), (ManifestAliases.maximumChain, false),
        ]
        where count <= deepest {
            let steep = (0..<count).map { level in
                "a\(level): &a\(level) \(brackets)\(level == 0 ? "x" : "*a\(level - 1)")"
                    + String(repeating: "]", count: 990) + "\n"
            }.joined()
            let found = objects(steep + (isKey ? "? *a\(count - 1)\n: x\n" : ""))
            #expect(found == ["m.yaml:1:109: document 1: is nested more than 100 levels deep"])
        }
    }

    @Test("Keys that are collections, and directives, cost no more than the text warrants")
    func costlyTexts() {
        let wide = "[" + String(repeating: "a,", count: 100_000) + "]"
        let keys = "m.yaml:1: document 1: has too many keys that are collections"
        #expect(objects(String(repeating: "{? ", count: 200) + wide + String(repeating: "}", count: 200)) == [keys])
        #expect(objects(String(repeating: "{?", count: 200) + wide + String(repeating: "}", count: 200)) == [keys])
        #expect(objects(String(repeating: "? ", count: 200) + wide) == [keys])
        #expect(
            objects("a: &a \(wide)\n" + (0..<100).map { "b\($0): {*a : x}\n" }.joined()) == [keys])
        let nested = String(repeating: "{", count: 200) + "a: b" + String(repeating: "}: c", count: 199) + "}"
        #expect(objects("[" + String(repeating: nested + ",", count: 2000) + "]") == [keys])
        let directives = (0..<10_000).map { "%TAG !\($0)! x\n" }.joined()
        #expect(objects(directives + "---\na: b\n") == ["m.yaml:1: document 1: has more than 256 directives"])
        #expect(
            objects(directives.replacing("\n", with: "\u{85}") + "---\na: b\n")
                == ["m.yaml:1: document 1: has more than 256 directives"])
    }

    @Test("What only looks like keys that are collections is read")
    func proseLikeKeys() throws {
        let prose = "  What? *Really*? **Note**: see [1]: https://example.org/?a=b&c=d\n"
        let text = """
            %YAML 1.1
            ---
            apiVersion: v1
            kind: Service
            metadata:
              name: a
              annotations:
                ? b
                : c
                text: |
            \(String(repeating: "    " + prose, count: 400))      ?e
            spec: {clusterIP: None}
            """
        var reader = ManifestReader(file: "m.yaml")
        let document = try #require(try reader.read(Array(text.utf8)).entries.first).object.document
        #expect(document["metadata"]?["annotations"]?["b"] == .string("c"))
        #expect(document["metadata"]?["annotations"]?["text"]?.string?.contains("see [1]") == true)
    }

    @Test("Nesting has a bound")
    func nesting() {
        for depth in [200, 100_000] {
            let text = "a: " + String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            #expect(objects(text).first?.hasPrefix("m.yaml:1:") == true)
        }
    }

    @Test("A second reading parses only what changed and shifts the lines of the rest")
    func rereading() throws {
        var reader = ManifestReader(file: "m.yaml")
        let (a, b, c) = (service("a"), service("b"), service("c"))
        let first = try reader.read(Array((a + "---\n" + b + "---\n" + c).utf8))
        let second = try reader.read(Array((a + "---\n# new\n" + service("d") + "---\n" + b + "---\n" + c).utf8))
        #expect(
            second.entries.map { "\($0.line)/\($0.document) \($0.object.key)" } == [
                "1/1 Service prod/a", "7/2 Service prod/d", "12/3 Service prod/b", "17/4 Service prod/c",
            ])
        #expect(first.entries[0].object === second.entries[0].object)
        #expect(first.entries[2].object === second.entries[3].object)
        #expect(throws: ManifestProblem.self) { try reader.read(Array((a + "---\n[").utf8)) }
        let third = try reader.read(Array((a + "---\n" + a + "---\n" + c).utf8))
        #expect(third.entries.map(\.line) == [1, 6, 11])
        #expect(third.entries[0].object === first.entries[0].object)
        #expect(try reader.read([]).entries.isEmpty)
    }

    @Test("Long lists are cut into items, with the same result as short ones", arguments: ["", "  ", "json"])
    func longLists(_ form: String) throws {
        func item(_ name: String, _ port: Int) -> String {
            if form == "json" {
                return #"{"metadata": {"name": "\#(name)", "annotations": {"a": "]}\"[{", "b": "items"}}, "#
                    + "\n" + #""spec": {"ports": [{"port": \#(port)}]}}"#
            }
            return """
                - metadata:
                    name: \(name)
                    annotations:
                      text: |
                        - items:

                  # a remark
                  spec:
                    ports:
                    - port: \(port)

                """.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "" : form + $0 }
                    .joined(separator: "\n")
        }
        func list(_ count: Int, port: (Int) -> Int) -> String {
            let items = (0..<count).map { item("s\($0)", port($0)) }
            if form == "json" {
                return #"{"apiVersion": "v1", "metadata": {"items": [1]}, "items": ["# + "\n"
                    + items.joined(separator: ",\n")
                    + "\n" + #"], "kind": "ServiceList"}"#
            }
            return "---\napiVersion: v1\nitems:\n" + items.joined() + "kind: ServiceList\nmetadata:\n  a: b\n"
        }
        let text = list(200) { $0 == 190 ? 0 : 80 }
        #expect(ManifestSplitter.split(Array(text.utf8)).compactMap(ManifestList.split).map(\.count) == [201])
        var reader = ManifestReader(file: "m.yaml")
        let before = try reader.read(Array(text.utf8))
        let (first, height) = form == "json" ? (2, 2) : (4, 10)
        #expect(before.entries.map(\.line) == (0..<200).filter { $0 != 190 }.map { first + height * $0 })
        #expect(Set(before.entries.map(\.document)) == [1])
        #expect(before.problems.map(\.document) == [1])
        #expect(before.problems.first?.line == first + height * 190 + height - 1)
        let after = try reader.read(
            Array(
                (text
                    .replacing("\"s7\"", with: "\"t\"").replacing("name: s7\n", with: "name: t\n")).utf8))
        #expect(after.entries[7].object.key.id.name == "t")
        #expect(zip(before.entries, after.entries).count { $0.object !== $1.object } == 1)
    }

    @Test(
        "A list that cannot be cut is parsed whole: quoted lines at the margin, aliases, errors",
        arguments: [
            ("{name: a, annotations: {x: \"\n- y\"}}", nil as String?),
            ("{name: a, annotations: &x {a: b}, labels: *x}", nil),
            ("{name: a, annotations: [}", "m.yaml:5:"),
        ])
    func uncutLists(_ metadata: String, _ problem: String?) {
        let filler = String(repeating: "# filler\n", count: 1000)
        let text = """
            apiVersion: v1
            kind: List
            items:
            - {apiVersion: v1, kind: Namespace, metadata: {name: first}}
            - {apiVersion: v1, kind: Pod, metadata: \(metadata)}
            - {apiVersion: v1, kind: Namespace, metadata: {name: last}}
            \(filler)
            """
        let found = objects(text)
        if let problem {
            #expect(found.count == 1 && found[0].hasPrefix(problem))
        } else {
            #expect(
                found.map { $0.split(separator: " ", maxSplits: 1)[1] } == [
                    "Namespace first", "Pod default/a", "Namespace last",
                ])
        }
    }
}
