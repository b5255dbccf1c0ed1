import Registry
import Testing

/// Members that stand twice in a JSON text.
@Suite struct DuplicateMembersTests {
    @Test(arguments: [
        (#"{"a":1,"b":2}"#, []),
        (#"{"a":1,"a":2}"#, [#"duplicate field "a""#]),
        (#"{"spec":{"type":"x","type":"y","type":"z"}}"#, [#"duplicate field "spec.type""#]),
        (
            #"{"spec":{"ports":[{"a":{}},{"b":1,"b":2}],"x":[[{"c":0,"c":0}]]}}"#,
            [#"duplicate field "spec.ports[1].b""#, #"duplicate field "spec.x[0][0].c""#]
        ),
        (#"{"a":{"b":1},"a":{"b":1}}"#, [#"duplicate field "a""#]),
    ])
    func areNotedWithTheirPlace(_ text: String, _ expected: [String]) throws {
        var duplicates: [String] = []
        let value = try JSONText.value(of: text, notingDuplicates: &duplicates)
        #expect(duplicates == expected)
        #expect(value == (try JSONText.value(of: text)))
    }

    @Test func theLastValueCounts() throws {
        var duplicates: [String] = []
        #expect(try JSONText.value(of: #"{"a":1,"a":2}"#, notingDuplicates: &duplicates) == .object(["a": .integer(2)]))
    }

    @Test func areAddedToWhatWasNoted() throws {
        var duplicates = ["before"]
        _ = try JSONText.value(of: #"{"a":1,"a":2}"#, notingDuplicates: &duplicates)
        #expect(duplicates == ["before", #"duplicate field "a""#])
    }

    @Test func areNotedAHundredTimesAtMost() throws {
        var duplicates: [String] = []
        let members = (0..<300).map { "\"x\($0)\":1,\"x\($0)\":1" }.joined(separator: ",")
        _ = try JSONText.value(of: "{\(members)}", notingDuplicates: &duplicates)
        #expect(duplicates.count == 100)
    }

    @Test func areNotedByTheBeginningOfALongName() throws {
        let name = String(repeating: "x", count: 100_000)
        var duplicates: [String] = []
        _ = try JSONText.value(of: "{\"a\":{\"\(name)\":1,\"\(name)\":2}}", notingDuplicates: &duplicates)
        #expect(duplicates == ["duplicate field \"\("a.\(name)".prefix(125))…\""])
    }
}
