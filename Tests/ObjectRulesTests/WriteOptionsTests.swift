import ObjectRules
import Registry
import Testing

@Suite("Options of writes")
struct WriteOptionsTests {
    static let managers: [(String, [String])] = [
        ("", []), ("kubectl", []), ("a b", []), ("ä€", []), (String(repeating: "a", count: 128), []),
        (String(repeating: "a", count: 129), ["fieldManager: Too long: may not be more than 128 bytes"]),
        (String(repeating: "ä", count: 65), ["fieldManager: Too long: may not be more than 128 bytes"]),
        ("a\nb", [#"fieldManager: Invalid value: "a\nb": invalid character U+000A (at position 1)"#]),
        (
            "ä\u{a0}\u{200b}",
            [
                "fieldManager: Invalid value: \"ä\u{a0}\u{200b}\": invalid character U+00A0 (at position 2)",
                "fieldManager: Invalid value: \"ä\u{a0}\u{200b}\": invalid character U+200B (at position 4)",
            ]
        ),
    ]

    @Test("Managers are short and printable", arguments: managers)
    func manager(_ name: String, _ expected: [String]) {
        #expect(WriteOptionsRules.validateManager(name).map(\.description) == expected)
    }

    @Test("A manager of nothing but control characters is not told each of them")
    func manyMistakes() {
        let name = String(repeating: "\u{1}", count: 128)
        #expect(WriteOptionsRules.validateManager(name).count == 8)
    }

    @Test(
        "Dry runs are of all stages",
        arguments: [
            ([], []), (["All"], []), (["All", "All"], []),
            ([""], [#"dryRun: Unsupported value: [""]: supported values: "All""#]),
            (["Foo"], [#"dryRun: Unsupported value: ["Foo"]: supported values: "All""#]),
            (["All", "all"], [#"dryRun: Unsupported value: ["All","all"]: supported values: "All""#]),
        ] as [([String], [String])])
    func trial(_ values: [String], _ expected: [String]) {
        #expect(WriteOptionsRules.validateTrial(values).map(\.description) == expected)
    }

    @Test(
        "What becomes of dependents is said in one way",
        arguments: [
            ("", false, []), ("", true, []), ("Background", false, []), ("Foreground", false, []),
            ("Orphan", false, []),
            (
                "Orphan", true,
                [
                    #"propagationPolicy: Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be "#
                        + "both set"
                ]
            ),
            (
                "nil", false,
                [
                    #"propagationPolicy: Unsupported value: "nil": supported values: "Foreground", "Background", "#
                        + #""Orphan", "nil""#
                ]
            ),
        ])
    func propagation(_ policy: String, _ hasOrphans: Bool, _ expected: [String]) {
        let violations = WriteOptionsRules.validatePropagation(policy, hasOrphans: hasOrphans)
        #expect(violations.map(\.description) == expected)
    }

    @Test("Unknown fields are ignored, warned of or refused", arguments: ["", "Ignore", "Warn", "Strict"])
    func fieldValidation(_ text: String) {
        #expect(WriteOptionsRules.validateFieldValidation(text) == [])
        #expect(
            WriteOptionsRules.validateFieldValidation("Foo").map(\.description) == [
                #"fieldValidation: Unsupported value: "Foo": supported values: "", "Ignore", "Strict", "Warn""#
            ])
    }

    static let patches: [(isApply: Bool, hasForce: Bool, manager: String, expected: [String])] = [
        (true, true, "a", []), (true, false, "a", []), (false, false, "", []),
        (true, true, "", ["fieldManager: Required value: is required for apply patch"]),
        (false, true, "a", ["force: Forbidden: may not be specified for non-apply patch"]),
    ]

    @Test("Only an apply overrules, and says who it is", arguments: patches)
    func patch(_ isApply: Bool, _ hasForce: Bool, _ manager: String, _ expected: [String]) {
        let violations = WriteOptionsRules.validatePatch(isApply: isApply, hasForce: hasForce, manager: manager)
        #expect(violations.map(\.description) == expected)
    }

    @Test("Bad options are named by the verb, with a cause for each")
    func status() throws {
        let status = APIStatus.invalid(
            options: "CreateOptions",
            WriteOptionsRules.validateManager("\t") + WriteOptionsRules.validateTrial(["Foo"]))
        #expect(status.code == 422)
        #expect(
            status.message == "CreateOptions.meta.k8s.io \"\" is invalid: [fieldManager: Invalid value: \"\\t\": "
                + "invalid character U+0009 (at position 0), "
                + "dryRun: Unsupported value: [\"Foo\"]: supported values: \"All\"]")
        #expect(status.details?.causes.map(\.field) == ["fieldManager", "dryRun"])
        #expect(status.details?.causes.map(\.reason) == ["FieldValueInvalid", "FieldValueNotSupported"])
    }
}
