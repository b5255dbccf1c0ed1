import ObjectRules
import Registry
import Testing

@Suite("Selectors")
struct SelectorTests {
    @Test(
        "Label selectors match as upstream's do",
        arguments: [
            ("", true), ("app=web", true), ("app==web", true), ("app = web , tier!=db", true), ("app=x", false),
            ("app!=web", false), ("gone!=x", true), ("app in (a, web)", true), ("app in(web)", true),
            ("app in ()", false), ("empty in ()", true), ("gone in (a)", false), ("app notin (a,b)", true),
            ("app notin (web)", false), ("gone notin (a)", true), ("app", true), ("gone", false), ("!gone", true),
            ("!app", false), ("! gone", true), ("empty=", true), ("empty", true), ("app=", false), ("empty=,app", true),
            ("empty in (,a)", true), ("empty in (a,,b)", true), ("number>4", true), ("number > 5", false),
            ("number<6", true), ("app>1", false), ("gone>1", false), ("in=x,notin in (notin)", true),
            ("example.org/app=web\t", true), ("app=web,", nil), ("app=web,app=x", false),
        ] as [(String, Bool?)])
    func labels(_ text: String, _ expected: Bool?) throws {
        let labels = [
            "app": "web", "empty": "", "number": "5", "in": "x", "notin": "notin", "example.org/app": "web",
        ]
        guard let expected else {
            #expect(throws: SelectorError.self) { try LabelSelector(parsing: text) }
            return
        }
        let selector = try LabelSelector(parsing: text)
        #expect(selector.matches(labels) == expected)
        #expect(selector.isEverything == text.isEmpty)
    }

    private static let name =
        "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
        + "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
        + "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"

    @Test(
        "Label selectors that cannot be read say why",
        arguments: [
            ("app=web,", "found '', expected: identifier after ','"),
            (",app", "found ',', expected: !, identifier, or 'end of string'"),
            ("app=web x", "found 'x', expected: ',' or 'end of string'"),
            ("!", "unable to parse requirement: found '', expected: identifier"),
            ("a===b", "unable to parse requirement: found '=', expected: identifier"),
            ("a!b", "unable to parse requirement: found '!', expected: in, notin, =, ==, !=, gt, lt"),
            ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
            ("a in b", "unable to parse requirement: found 'b' expected: '('"),
            ("a in (b", "unable to parse requirement: found '', expected: ',' or ')'"),
            ("a in (=", "unable to parse requirement: found '=', expected: ',', ')' or identifier"),
            ("a in (b,=)", "unable to parse requirement: found '=', expected: ',', or identifier"),
            ("-a", "unable to parse requirement: <nil>: Invalid value: \"-a\": name part \(name)"),
            (
                "a=b$",
                "unable to parse requirement: values[0][a]: Invalid value: \"b$\": a valid label must be an empty "
                    + "string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
                    + "alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation "
                    + "is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
            ),
            (
                "a>b",
                "unable to parse requirement: values[0]: Invalid value: \"b\": "
                    + "for 'Gt', 'Lt' operators, the value must be an integer"
            ),
        ])
    func malformedLabels(_ text: String, _ message: String) throws {
        let error = #expect(throws: SelectorError.self) { try LabelSelector(parsing: text) }
        #expect(error?.description == message)
    }

    @Test(
        "Field selectors match as upstream's do",
        arguments: [
            ("", true), ("metadata.name=web", true), ("metadata.name==web", true), ("metadata.name!=web", false),
            ("metadata.name=web,spec.type!=NodePort", true), ("metadata.name=a\\,b", false), (",,", true),
            ("metadata.namespace=prod", true), ("spec.clusterIP=", true), ("spec.clusterIP!=", false),
        ])
    func fields(_ text: String, _ expected: Bool) throws {
        let document = try json(
            #"{"metadata": {"name": "web", "namespace": "prod"}, "spec": {"type": "ClusterIP"}}"#)
        let selector = try FieldSelector(parsing: text, kind: .service)
        #expect(selector.matches(SelectableFields(of: document, kind: .service).fields) == expected)
    }

    @Test("Escaped characters stand for themselves")
    func escapes() throws {
        let selector = try FieldSelector(parsing: #"metadata.name=a\,b\=c\\d"#, kind: .service)
        #expect(selector.exactValue(of: "metadata.name") == #"a,b=c\d"#)
    }

    @Test(
        "Field selectors that cannot be used say why",
        arguments: [
            (.service, "spec.foo=x", "field label not supported: spec.foo"),
            (.pod, "a=b", "field label not supported: a"),
            (
                .lease, "spec.foo=x",
                "\"spec.foo\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
            ),
            (.service, "metadata.name", "invalid selector: 'metadata.name'; can't understand 'metadata.name'"),
            (.service, "metadata.name=a=b", "invalid field selector: unescaped character in value: 61"),
            (.service, #"metadata.name=a\b"#, #"invalid field selector: invalid escape sequence: \b"#),
            (.service, #"metadata.name=a\"#, #"invalid field selector: invalid escape sequence: \"#),
        ] as [(ObjectKind, String, String)])
    func malformedFields(_ kind: ObjectKind, _ text: String, _ message: String) throws {
        let error = #expect(throws: SelectorError.self) { try FieldSelector(parsing: text, kind: kind) }
        #expect(error?.description == message)
    }

    @Test("Every selectable field can be named", arguments: ObjectKind.allCases)
    func selectable(_ kind: ObjectKind) throws {
        for path in kind.selectablePaths { _ = try FieldSelector(parsing: "\(path)=x", kind: kind) }
    }

    @Test("A selector of one name or namespace says which")
    func exact() throws {
        let one = try ObjectSelector(labels: "", fields: "metadata.name=web,metadata.namespace=prod", kind: .pod)
        #expect(one.exactName == "web" && one.exactNamespace == "prod" && !one.isEverything)
        let others = try ObjectSelector(labels: "", fields: "metadata.name!=web", kind: .pod)
        #expect(others.exactName == nil && others.exactNamespace == nil)
        #expect(try ObjectSelector(labels: "", fields: "", kind: .pod).isEverything)
        #expect(try !ObjectSelector(labels: "a", fields: "", kind: .pod).isEverything)
        #expect(
            try ObjectSelector(labels: "", fields: "spec.host=n", kind: .pod).fields.exactValue(of: "spec.nodeName")
                == "n")
    }

    @Test("Labels and fields must both match")
    func both() throws {
        let selector = try ObjectSelector(labels: "a=b", fields: "metadata.name=web", kind: .service)
        #expect(selector.matches(SelectableFields(labels: ["a": "b"], fields: ["metadata.name": "web"])))
        #expect(!selector.matches(SelectableFields(labels: [:], fields: ["metadata.name": "web"])))
        #expect(!selector.matches(SelectableFields(labels: ["a": "b"], fields: ["metadata.name": "x"])))
    }

    @Test("No text makes a parser trap")
    func anyText() {
        let parts = ["a", "=", "!", "(", ")", ",", " ", "in", "notin", "<", ">", "\\", "\u{0}", "é", ""]
        for first in parts {
            for second in parts {
                for third in parts {
                    for fourth in parts {
                        let text = first + second + third + fourth
                        _ = try? ObjectSelector(labels: text, fields: "", kind: .pod)
                        _ = try? ObjectSelector(labels: "", fields: text, kind: .pod)
                    }
                }
            }
        }
    }
}
