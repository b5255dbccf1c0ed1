import Registry
import TestSupport
import Testing

@testable import RegistryAPI

@Suite("How many values bodies have")
struct BodyWeightTests {
    private static func count(_ value: JSONValue) -> Int {
        switch value {
        case .array(let elements): 1 + elements.reduce(0) { $0 + count($1) }
        case .object(let members): 1 + members.values.reduce(0) { $0 + count($1) }
        default: 1
        }
    }

    @Test("Of JSON there are no more than is said, and half of that at least; texts say nothing")
    func json() throws {
        var generator = SeededGenerator.announced()
        func value(_ depth: Int) -> JSONValue {
            switch Int.random(in: 0...(depth < 5 ? 5 : 3), using: &generator) {
            case 0: .null
            case 1: .string([#"a,b{[c"#, #"\","#, "", #"\\"#].randomElement(using: &generator) ?? "")
            case 2: .integer(7)
            case 3: .bool(true)
            case 4: .array((0..<Int.random(in: 0...6, using: &generator)).map { _ in value(depth + 1) })
            default:
                .object(
                    Dictionary(
                        (0..<Int.random(in: 0...6, using: &generator)).map { (#"k,"{\#($0)"#, value(depth + 1)) },
                        uniquingKeysWith: { first, _ in first }))
            }
        }
        for _ in 0..<2000 {
            let document = value(0)
            let text = JSONText.text(of: document)
            let (said, real) = (BodyWeight.values(in: Array(text.utf8), contentType: ""), Self.count(document))
            #expect((real...2 * real + 1).contains(said), "\(text), seed \(generator.seed)")
            #expect(!BodyWeight.exceeds(document, real) && BodyWeight.exceeds(document, real - 1))
        }
    }

    @Test(
        "A body of more values than there may be is refused before it is read by its type",
        arguments: [
            ("application/json", #"{"metadata":{"name":"x"},"subsets":[{"addresses":[@]}]}"#, #"{},"#),
            ("application/json", #"{"metadata":{"name":"x"},"subsets":[{"addresses":[@]}]}"#, #"{"a":1},"#),
            ("application/yaml", "metadata: {name: x}\nsubsets: [{addresses: [@]}]", "{},"),
            ("merge", #"{"subsets":[{"addresses":[@]}]}"#, "{},"),
            ("strategic", #"{"subsets":[{"addresses":[@]}]}"#, "1,"),
            ("json", #"[{"op":"add","path":"/subsets","value":[@]}]"#, "1,"),
        ])
    func refused(_ type: String, _ body: String, _ element: String) async throws {
        let api = try await TestAPI(maximumBodyValues: 1000)
        let path = "/api/v1/namespaces/prod/endpoints"
        try await api.request("POST", path, #"{"metadata":{"name":"p"}}"#)
        for (count, isRefused) in [(1200, true), (400, false)] {
            let text = body.replacing("@", with: String(String(repeating: element, count: count).dropLast()))
            let isPatch = !type.contains("/")
            let answer = try await api.request(
                isPatch ? "PATCH" : "POST", isPatch ? path + "/p" : path, type: type, text)
            #expect((answer.code == 413) == isRefused, "\(answer.code) \(answer.message)")
            if isRefused { #expect(answer.message == "Request entity too large: it has more than 1000 values") }
        }
    }
}
