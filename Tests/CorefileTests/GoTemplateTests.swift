import Corefile
import Testing

@Suite("Go templates")
struct GoTemplateTests {
    private static func value(_ field: [String]) -> GoTemplateValue? {
        switch field {
        case ["Name"]: .text("www.example.org.")
        case ["Match"]: .list(["www.example.org.", "www"])
        case ["Group"]: .map(["a": "0a", "b": "300"])
        case ["Group", "a"]: .text("0a")
        case ["Group", "b"]: .text("300")
        case ["Number"]: .number(5)
        default: nil
        }
    }

    private static func expanded(_ text: String) throws -> String {
        try GoTemplate(text).expanded(value: value, metadata: { "<\($0)>" })
    }

    @Test("Values are put in", arguments: Cases.expansions)
    func expansion(_ text: String, _ expected: String) throws {
        #expect(try Self.expanded(text) == expected)
    }

    @Test("What is not understood is refused when read", arguments: Cases.refusals)
    func refusal(_ text: String, _ reason: String) {
        #expect {
            try GoTemplate(text)
        } throws: {
            ($0 as? GoTemplateError)?.reason == reason
        }
    }

    @Test("What cannot be computed is an error when expanded", arguments: Cases.failures)
    func failure(_ text: String, _ reason: String) throws {
        #expect {
            try Self.expanded(text)
        } throws: {
            ($0 as? GoTemplateError)?.reason == reason
        }
    }

    @Test("A template knows what it reads")
    func fields() throws {
        let template = try GoTemplate(
            "{{ .Name }} {{ index .Match 2 }} {{ parseInt (index .Match 1) 16 8 }} {{ .Group.a }}")
        #expect(template.fields == [["Name"], ["Match"], ["Group", "a"]])
        #expect(template.indices(into: ["Match"]).sorted() == [1, 2])
        #expect(!template.isConstant)
        #expect(try GoTemplate("a 60 IN A 192.0.2.1").isConstant)
    }

    enum Cases {
        static let expansions = [
            ("plain } text {", "plain } text {"), ("{{ .Name }} 60 IN A", "www.example.org. 60 IN A"),
            ("{{.Name}}", "www.example.org."),
            ("a {{- .Name -}} b", "awww.example.org.b"), ("{{ index .Match 1 }}", "www"),
            ("{{ index .Group \"a\" }}", "0a"), ("{{ .Group.a }}", "0a"),
            ("{{ parseInt .Group.a 16 8 }}", "10"), ("{{ parseInt \"ff\" 16 0 }}", "255"),
            ("{{ parseInt \"0x1f\" 0 64 }}", "31"),
            ("{{ parseInt (index .Match 1 | print \"1\" | len | print) 10 8 }}", "4"),
            ("{{ .Meta \"kubernetes/namespace\" }}", "<kubernetes/namespace>"),
            ("{{ (.Meta `a/b`) }}", "<a/b>"), ("{{ \"a/b\" | .Meta }}", "<a/b>"), ("{{ .Number }}", "5"),
            ("{{ \"a\\\"b\" }}", "a\"b"), ("{{/* no */}}x", "x"), ("{{- /* no */ -}} x", "x"),
            ("{{ .Match }}", "[www.example.org. www]"), ("{{ len .Match }}", "2"), ("{{ index .Group \"none\" }}", ""),
            ("{{ 7 }}", "7"),
        ]
        static let refusals = [
            ("{{ .Name", "has an action that is not closed"), ("{{ }}", "has an empty action"),
            ("{{ $x }}", "has variables, which are not supported"),
            ("{{ if .Name }}x{{ end }}", "has 'if', which is not supported; there are index, parseInt, len, print"),
            ("{{ range .Match }}", "has 'range', which is not supported; there are index, parseInt, len, print"),
            ("{{ .Name .Zone }}", "has 2 values where one belongs"),
            ("{{ parseInt .Name }}", "calls parseInt with 1 arguments"),
            ("{{ (.Name }}", "has a parenthesis that is not closed"),
            ("{{ .Name) }}", "closes a parenthesis that is not open"),
            ("{{ \"x }}", "has a quote that is not closed"), ("{{ .Name | .Name }}", "pipes into what is no function"),
            ("{{ .Meta }}", "wants .Meta without one key"), ("{{ a..b }}", "has the field '..b'"),
            ("{{ print len .Match }}", "has 'len' as an argument; put it in parentheses"),
            ("{{ .a..b }}", "has the field '.a..b'"), ("{{ 1x }}", "has '1', which is not supported"),
            (
                "{{" + String(repeating: "(", count: 50) + "1" + String(repeating: ")", count: 50) + "}}",
                "nests too many parentheses"
            ),
        ]
        static let failures = [
            ("{{ .None }}", "has no value for .None"), ("{{ index .Match 9 }}", "asks for number 9 of 2"),
            ("{{ parseInt .Group.b 10 8 }}", "reads 300, which has more than 8 bits"),
            ("{{ parseInt .Name 10 8 }}", "cannot read 'www.example.org.' as a number of base 10"),
            ("{{ parseInt \"-1\" 10 8 }}", "cannot read '-1' as a number of base 10"),
            ("{{ .Group }}", "prints a map"), ("{{ index .Name 1 }}", "calls index with what is no list and number"),
            ("{{ parseInt \"1\" 99 8 }}", "cannot read '1' as a number of base 99"),
        ]
    }
}
