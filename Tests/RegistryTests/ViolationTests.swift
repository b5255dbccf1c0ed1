import Registry
import Testing

@Suite("Violations and what messages quote")
struct ViolationTests {
    @Test("Who has made more mistakes than are told is not asked for others")
    func many() {
        var examined = 0
        let violations = (0..<10_000).violations { number in
            examined += 1
            return [FieldViolation("a", .required), FieldViolation("b", .required)]
        }
        #expect(violations.count == FieldViolation.toldLimit + 2)
        #expect(examined == violations.count / 2)
        #expect([1, 2].violations { $0 == 1 ? [] : [FieldViolation("a", .required)] }.count == 1)
    }

    @Test(
        "A long text is quoted by its beginning, whatever its characters are made of",
        arguments: ["x", "\u{1100}", "\u{1f468}\u{200d}"])
    func beginning(_ part: String) {
        let text = String(repeating: part, count: 100_000)
        #expect(text.beginning.utf8.count <= 4 * 125 + 3)
        #expect(text.beginning.hasSuffix("…"))
        let short = String(text.unicodeScalars.prefix(60))
        #expect(short.beginning == short)
    }

    @Test("A path is quoted by its beginning")
    func path() {
        let path = ("spec" as FieldPath) / String(repeating: "x", count: 1000) / "y"
        #expect(path.beginning == "spec.\(String(repeating: "x", count: 120))…")
        #expect(("spec.ports" as FieldPath)[7].beginning == "spec.ports[7]")
    }

    @Test(
        "An object that is being removed is gone when nothing holds it",
        arguments: [
            (.service, "{}", false), (.service, #"{"metadata":{"deletionTimestamp":"t"}}"#, true),
            (.service, #"{"metadata":{"deletionTimestamp":null}}"#, false),
            (.service, #"{"metadata":{"deletionTimestamp":"t","finalizers":[]}}"#, true),
            (.service, #"{"metadata":{"deletionTimestamp":"t","finalizers":["a/b"]}}"#, false),
            (.pod, #"{"metadata":{"deletionTimestamp":"t","deletionGracePeriodSeconds":30}}"#, false),
            (.pod, #"{"metadata":{"deletionTimestamp":"t","deletionGracePeriodSeconds":0}}"#, true),
            (.pod, #"{"metadata":{"deletionTimestamp":"t"}}"#, true),
            (.namespace, #"{"metadata":{"deletionTimestamp":"t"},"spec":{"finalizers":["kubernetes"]}}"#, false),
            (.namespace, #"{"metadata":{"deletionTimestamp":"t"},"spec":{}}"#, true),
        ] as [(ObjectKind, String, Bool)])
    func end(_ kind: ObjectKind, _ text: String, _ isReached: Bool) throws {
        #expect(ObjectEnd.isReached(by: try JSONText.value(of: text), kind: kind) == isReached)
    }
}
