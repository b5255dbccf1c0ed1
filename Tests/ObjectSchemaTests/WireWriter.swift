import Registry

@testable import ObjectSchema

/// Writes protobuf messages, to read them back: by hand, or from a document by its type.
struct WireWriter {
    private(set) var bytes: [UInt8] = []

    mutating func varint(_ number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func put(_ number: Int, _ value: UInt64) {
        varint(UInt64(number) << 3)
        varint(value)
    }

    mutating func put(_ number: Int, _ content: some Collection<UInt8>) {
        varint(UInt64(number) << 3 | 2)
        varint(UInt64(content.count))
        bytes += content
    }

    mutating func put(_ number: Int, _ text: String) { put(number, Array(text.utf8)) }

    static func message(_ build: (inout WireWriter) -> Void) -> [UInt8] {
        var writer = WireWriter()
        build(&writer)
        return writer.bytes
    }

    /// The message of a document whose values are all set.
    static func message(of document: JSONValue, type: SchemaType) -> [UInt8] {
        var writer = WireWriter()
        for (enclosure, fields) in Dictionary(grouping: type.fields, by: \.enclosure) {
            var inner = WireWriter()
            for field in fields where field.number > 0 {
                guard let value = document[field.name] else { continue }
                inner.put(field.number, value, field.shape)
            }
            if let enclosure { writer.put(enclosure, inner.bytes) } else { writer.bytes += inner.bytes }
        }
        return writer.bytes
    }

    private mutating func put(_ number: Int, _ value: JSONValue, _ shape: SchemaShape) {
        switch (shape, value) {
        case (.list(let element), .array(let values)):
            for value in values { put(number, value, element) }
        case (.map(let element), .object(let members)):
            for (key, value) in members {
                put(
                    number,
                    Self.message {
                        $0.put(1, key)
                        $0.put(2, value, element)
                    })
            }
        case (.object(let name), _):
            guard let type = Schema.shared[name] else { return }
            put(number, Self.message(of: value, type: type))
        case (.quantity, .string(let text)):
            put(number, Self.message { $0.put(1, text) })
        case (.intOrString, .string(let text)):
            put(
                number,
                Self.message {
                    $0.put(1, 1); $0.put(2, 0); $0.put(3, text)
                })
        case (.intOrString, .integer(let integer)):
            put(
                number,
                Self.message {
                    $0.put(1, 0); $0.put(2, UInt64(bitPattern: integer)); $0.put(3, "")
                })
        case (.time, .string(let text)), (.microTime, .string(let text)):
            guard let time = try? TimeText(text, isMicro: shape == .microTime) else { return }
            put(
                number,
                Self.message {
                    $0.put(1, UInt64(bitPattern: time.seconds))
                    $0.put(2, UInt64(time.microseconds * 1000))
                })
        case (.anyObject, _):
            put(number, Self.message { $0.put(1, JSONText.text(of: value)) })
        case (_, .string(let text)): put(number, text)
        case (_, .bool(let flag)): put(number, flag ? 1 : 0)
        case (_, .integer(let integer)): put(number, UInt64(bitPattern: integer))
        default: break
        }
    }
}
