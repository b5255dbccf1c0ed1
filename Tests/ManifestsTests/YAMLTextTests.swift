import Manifests
import Registry
import Testing

@Suite("YAML texts of objects of any kind")
struct YAMLTextTests {
    static let text = """
        # a comment
        kind: A
        ---
        ---
        {"kind": "B"}
        ---
        apiVersion: v1
        kind: List
        items:
        - kind: D
        - kind: ServiceList
          apiVersion: v1
          items:
          - metadata: {name: e}
        - {kind: List, items: []}

        """

    @Test("Each object comes with its line, those of lists too")
    func objects() throws {
        let objects = try YAMLText.objects(of: Array(Self.text.utf8))
        #expect(objects.map { $0.value["kind"]?.string } == ["A", "B", "D", "Service"])
        #expect(objects.map(\.line) == [2, 5, 10, 14])
        #expect(objects.last?.value["apiVersion"] == .string("v1"))
        let stream = try YAMLText.objects(of: Array("{\"kind\": \"B\"}\n\n{\"kind\": \"C\"}\n".utf8))
        #expect(stream.map(\.line) == [1, 3])
        #expect(try YAMLText.objects(of: Array("# nothing\n---\n".utf8)).isEmpty)
    }

    static let bad: [(text: String, message: String)] = [
        ("kind: A\n---\n- 5\n", "line 3, column 1: a manifest must be an object, not an array"),
        ("kind: A\n---\nb: [\n", "line 4, column 1: did not find expected node content while parsing a flow node"),
        ("kind: List\nitems:\n- 5\n", "line 3, column 3: a manifest must be an object, not a number"),
        (
            String(repeating: "{kind: List, items: [", count: 10) + String(repeating: "]}", count: 10),
            "line 1, column 169: lists are nested more than 8 deep"
        ),
    ]

    @Test("What is no object is named with its place in the whole text", arguments: bad)
    func badTexts(text: String, message: String) {
        let error = #expect(throws: YAMLText.Malformed.self) { try YAMLText.objects(of: Array(text.utf8)) }
        #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
    }

    static let document = JSONValue.object([
        "b": .array([.object(["x": .integer(1), "y": .string("2")]), .array([]), .object([:])]),
        "a": .string("plain text"), "c": .null, "d": .bool(true), "e": .number(1.5),
    ])

    @Test("A tree is written as kubectl writes it")
    func writing() {
        #expect(
            YAMLText.text(of: Self.document) == """
                a: plain text
                b:
                - x: 1
                  "y": "2"
                - []
                - {}
                c: null
                d: true
                e: 1.5

                """)
    }

    static let texts = [
        "", " ", "a", "true", "True", "no", "on", "y", "null", "~", "1", "1.0", "0x1f", "0o17", "1e3", ".inf", "1_000",
        "12:30:00", "2026-01-01", "2026-11-21T07:52:14Z", "10.96.0.1", "10.96.0.0/16", "-", "- a", "a: b", "a #b", "#",
        "'", "\"", "{}", "[", "&a", "*a", "!a", "|", ">", "%", "@", "`", "a\nb", "a\nb\n", "\n", "a\n\n  b\n", "\ta",
        "a\tb", "a\r\nb", " a", "a ", "ä€😀", "\u{0}", "\u{1b}", "\u{85}", "\u{2028}", "a\u{feff}b", "---", "...",
        "a\n---\nb", "<<", "=", String(repeating: "long ", count: 100),
    ]

    @Test("Every text reads back as itself, as a value and as a name", arguments: texts)
    func roundTrip(text: String) throws {
        for value in [
            JSONValue.object(["k": .string(text)]), .array([.string(text), .string("b")]),
            .object(["k": .object([text: .array([.string(text)])])]),
        ] {
            let yaml = YAMLText.text(of: value)
            #expect(try YAMLText.values(of: Array(yaml.utf8)) == [value], "\(yaml)")
        }
    }

    @Test(
        "What other readers of YAML take for something else is quoted",
        arguments: [
            ("2026-11-21T07:52:14Z", "\"2026-11-21T07:52:14Z\"\n"), ("yes", "\"yes\"\n"), ("8080", "\"8080\"\n"),
            ("10.96.0.1", "10.96.0.1\n"), ("web-1", "web-1\n"),
        ])
    func quoting(text: String, want: String) {
        #expect(YAMLText.text(of: .string(text)).replacing("...\n", with: "") == want)
    }
}
