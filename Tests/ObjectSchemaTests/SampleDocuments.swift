import Registry
import TestSupport

@testable import ObjectSchema

/// Documents made up from a schema: any field may be there, and no value is one that would be left out.
struct SampleDocuments {
    var generator: SeededGenerator

    mutating func document(of type: SchemaType, depth: Int = 0) -> JSONValue {
        var members: [String: JSONValue] = [:]
        for field in type.fields where field.number > 0 {
            // Wide at the top, narrow below, so that every type has its turn and documents stay small.
            guard Int.random(in: 0...(depth * depth), using: &generator) < 2 else { continue }
            members[field.name] = value(field.shape, depth: depth)
        }
        return .object(members)
    }

    private mutating func value(_ shape: SchemaShape, depth: Int) -> JSONValue {
        switch shape {
        case .string: return .string(text())
        case .boolean: return .bool(true)
        case .int32: return .integer(nonZero(in: Int64(Int32.min)...Int64(Int32.max)))
        case .int64: return .integer(nonZero(in: .min ... .max))
        case .quantity: return .string(["100m", "1", "1.5Gi", "2e3"].randomElement(using: &generator) ?? "1")
        case .time: return .string("20\(Int.random(in: 10...99, using: &generator))-02-28T23:59:59Z")
        case .microTime: return .string("2026-07-01T12:00:00.\(Int.random(in: 100_000...999_999, using: &generator))Z")
        case .intOrString:
            return Bool.random(using: &generator) ? .string(text()) : .integer(nonZero(in: 1...65535))
        case .anyObject: return .object(["f:\(text())": .object([:])])
        case .object(let name):
            guard let type = Schema.shared[name] else { return .null }
            let object = document(of: type, depth: depth + 1)
            // An empty message would mean that there is none.
            guard case .object(let members) = object, members.isEmpty, let first = type.fields.first else {
                return object
            }
            return .object([first.name: value(first.shape, depth: depth)])
        case .list(let element):
            return .array((0..<Int.random(in: 1...3, using: &generator)).map { _ in value(element, depth: depth) })
        case .map(let element):
            var members: [String: JSONValue] = [:]
            for _ in 0..<Int.random(in: 1...3, using: &generator) { members[text()] = value(element, depth: depth) }
            return .object(members)
        }
    }

    private mutating func text() -> String {
        ["a", "ü", "längeres Wort", "x/y.z", "\u{1F600}"].randomElement(using: &generator).map {
            $0 + "\(UInt8.random(in: 0...255, using: &generator))"
        } ?? ""
    }

    private mutating func nonZero(in range: ClosedRange<Int64>) -> Int64 {
        let number = Int64.random(in: range, using: &generator)
        return number == 0 ? 1 : number
    }
}
