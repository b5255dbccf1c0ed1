import PodEnvironment
import Testing

@Suite("References in values (core/v1 EnvVar)")
struct ReferenceExpansionTests {
    static let values = ["VAR_A": "A", "VAR_B": "B", "VAR_C": "C", "VAR_REF": "$(VAR_A)", "VAR_EMPTY": ""]

    @Test(
        "What a value comes to",
        arguments: [
            // Whole value, beginning, middle, end.
            ("$(VAR_A)", "A"), ("___$(VAR_B)___", "___B___"), ("$(VAR_A)_1", "A_1"), ("___$(VAR_C)", "___C"),
            ("$(VAR_A)$(VAR_B)", "AB"), ("foo-$(VAR_EMPTY)-bar", "foo--bar"),
            // What was put in is not read again.
            ("$(VAR_REF)", "$(VAR_A)"), ("%%$(VAR_REF)--$(VAR_REF)%%", "%%$(VAR_A)--$(VAR_A)%%"),
            // Unknown ones stay.
            ("$(VAR_DNE)", "$(VAR_DNE)"), ("a$()b", "a$()b"),
            // Escapes.
            ("$$(VAR_A)", "$(VAR_A)"), ("$$$(VAR_B)", "$B"), ("$$$$(VAR_A)", "$$(VAR_A)"),
            ("$$$$$(VAR_A)", "$$A"), ("foo$$(VAR_A)bar", "foo$(VAR_A)bar"), ("$$$$$$$(VAR_A)", "$$$A"),
            // Not closed.
            ("$(VAR_A", "$(VAR_A"), ("---$(VAR_A_---", "---$(VAR_A_---"), ("$(VAR_B$(VAR_A)", "$(VAR_B$(VAR_A)"),
            ("foo$$(foo bar", "foo$(foo bar"),
            // Operators that open nothing.
            ("$", "$"), ("$$", "$"), ("a$", "a$"), ("$VAR_A", "$VAR_A"), ("$a$", "$a$"), ("$é(VAR_A)", "$é(VAR_A)"),
            ("$)VAR_A(", "$)VAR_A("), ("\n$(VAR_A)\n", "\nA\n"), ("", ""), ("plain", "plain"),
        ])
    func expansion(_ text: String, _ want: String) throws {
        #expect(try ReferenceExpansion.expand(text) { Self.values[$0] } == want)
    }

    @Test(
        "A value that comes to too much is given up",
        arguments: ["$(A)$(A)", "xx$(A)", "xxxxxx", "$(A)xx", "$$$$$$xxx"])
    func tooLong(_ text: String) throws {
        let want = text.replacing("$(A)", with: "1234").replacing("$$", with: "$")
        #expect(try ReferenceExpansion.expand(text, limit: want.utf8.count) { _ in "1234" } == want)
        #expect(throws: ReferenceExpansion.TooLong.self) {
            try ReferenceExpansion.expand(text, limit: want.utf8.count - 1) { _ in "1234" }
        }
    }

    @Test("Very many references that are not closed are read in reasonable time", .timeLimit(.minutes(1)))
    func manyUnclosed() throws {
        let text = String(repeating: "$(", count: 1_000_000)
        #expect(try ReferenceExpansion.expand(text, limit: .max) { _ in nil } == text)
    }
}
