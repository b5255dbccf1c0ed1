import ObjectRules
import Registry
import Testing

@Suite("Documents of any form")
struct MalformedDocumentTests {
    private static let values: [JSONValue] = [
        .null, .bool(true), .integer(7), .integer(.max), .integer(.min), .number(1.5), .string(""), .string("x"),
        .array([]), .array([.null]), .array([.string("x"), .integer(1)]), .object([:]), .object(["x": .null]),
    ]

    @Test("No value in any field makes a rule trap", arguments: ObjectKind.allCases)
    func anyValue(_ kind: ObjectKind) throws {
        let sound = try Sound.document(kind)
        for path in Self.paths(of: sound) {
            for value in Self.values {
                let document = try sound.replacing(path[...], by: value)
                let filled = ObjectDefaults.apply(to: document, kind: kind)
                #expect(ObjectDefaults.apply(to: filled, kind: kind) == filled, "\(path) \(value)")
                let created = ObjectLifecycle.prepareForCreate(
                    filled, kind: kind, now: Timestamp(milliseconds: 0))
                _ = ObjectValidation.validateCreate(created, kind: kind)
                for (new, stored) in [(filled, sound), (sound, filled)] {
                    let updated = ObjectLifecycle.prepareForUpdate(new, stored: stored, kind: kind)
                    _ = ObjectValidation.validateUpdate(updated, stored: stored, kind: kind)
                    let status = ObjectLifecycle.prepareForStatusUpdate(new, stored: stored, kind: kind)
                    _ = ObjectValidation.validateStatusUpdate(status, stored: stored, kind: kind)
                }
            }
        }
    }

    @Test("What is no object is refused, and never changed", arguments: ObjectKind.allCases)
    func noObject(_ kind: ObjectKind) {
        for value in [JSONValue.string("x"), .array([]), .integer(1), .bool(false)] {
            #expect(ObjectDefaults.apply(to: value, kind: kind) == value)
            #expect(
                ObjectLifecycle.prepareForCreate(value, kind: kind, now: Timestamp(milliseconds: 0)) == value)
            #expect(!ObjectValidation.validateCreate(value, kind: kind).isEmpty)
        }
    }

    private static func paths(of value: JSONValue) -> [[Substring]] {
        switch value {
        case .object(let members):
            members.flatMap { name, member in
                [[Substring(name)]] + paths(of: member).map { [Substring(name)] + $0 }
            }
        case .array(let elements):
            elements.enumerated().flatMap { index, element in
                [["\(index)"]] + paths(of: element).map { ["\(index)"] + $0 }
            }
        case .null, .bool, .integer, .number, .string: []
        }
    }
}
