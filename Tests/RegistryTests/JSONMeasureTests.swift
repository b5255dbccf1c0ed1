import Registry
import TestSupport
import Testing

@Suite("Measures of values")
struct JSONMeasureTests {
    private static func value(_ levels: Int, _ generator: inout SeededGenerator) -> JSONValue {
        let texts = ["", "a", "é\u{2028}", "\"\\\n\u{1}\u{7f}", "🙂"]
        func text() -> String { texts.randomElement(using: &generator) ?? "" }
        switch Int.random(in: 0..<(levels > 1 ? 8 : 6), using: &generator) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &generator))
        case 2:
            return .integer(
                Int64.random(in: .min ... .max, using: &generator) >> Int64.random(in: 0...63, using: &generator))
        case 3: return .number(Double(bitPattern: UInt64.random(in: 0 ... .max, using: &generator)))
        case 4: return .number([0.5, -1e300, 3, .infinity, .nan].randomElement(using: &generator) ?? 0)
        case 5: return .string(text())
        case 6: return .array((0..<Int.random(in: 0...4, using: &generator)).map { _ in value(levels - 1, &generator) })
        default:
            return .object(
                Dictionary(
                    (0..<Int.random(in: 0...4, using: &generator)).map {
                        ("\(text())\($0)", value(levels - 1, &generator))
                    }
                ) { first, _ in first })
        }
    }

    @Test("The size is that of the text")
    func size() throws {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<5000 {
            let value = Self.value(5, &generator)
            let measure = try #require(JSONMeasure(of: value, levels: 5))
            #expect(measure.size == JSONText.text(of: value).utf8.count, "seed \(seed)")
        }
    }
}
