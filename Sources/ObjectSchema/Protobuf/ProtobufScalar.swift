import Registry

/// Values that are no messages of a schema's types: numbers, texts, and what Kubernetes has messages of its own for.
enum ProtobufScalar {
    /// Whether values are numbers on the wire, of which one field may hold several.
    static func isNumber(_ shape: SchemaShape) -> Bool {
        switch shape {
        case .boolean, .int32, .int64: true
        default: false
        }
    }

    /// nil where the wire says that there is no value: a time that is not set.
    static func value(_ payload: WireReader.Payload, shape: SchemaShape) throws(WireError) -> JSONValue? {
        switch (shape, payload) {
        case (.string, .bytes(let bytes)): return .string(try WireText.string(bytes))
        case (.boolean, .number(let number)): return .bool(number != 0)
        case (.int32, .number(let number)): return .integer(Int64(Int32(truncatingIfNeeded: number)))
        case (.int64, .number(let number)): return .integer(Int64(bitPattern: number))
        case (.quantity, .bytes(let bytes)): return .string(try quantity(bytes))
        case (.time, .bytes(let bytes)): return try time(bytes, isMicro: false)
        case (.microTime, .bytes(let bytes)): return try time(bytes, isMicro: true)
        case (.intOrString, .bytes(let bytes)): return try intOrString(bytes)
        case (.anyObject, .bytes(let bytes)): return try json(bytes)
        default: throw WireError(.wrongWireType(payload.wireType))
        }
    }

    /// `resource.Quantity`: 1 is its text.
    private static func quantity(_ bytes: ArraySlice<UInt8>) throws(WireError) -> String {
        var reader = WireReader(bytes)
        var text = "0"
        while let field = try reader.next() {
            if case (1, .bytes(let block)) = (field.number, field.payload) { text = try WireText.string(block) }
        }
        return text
    }

    /// `meta/v1.Time` and `MicroTime`: 1 seconds, 2 nanoseconds since 1970; without either the time is not set.
    private static func time(_ bytes: ArraySlice<UInt8>, isMicro: Bool) throws(WireError) -> JSONValue? {
        guard !bytes.isEmpty else { return nil }
        var reader = WireReader(bytes)
        var seconds: Int64 = 0
        var nanoseconds: Int32 = 0
        while let field = try reader.next() {
            guard case .number(let number) = field.payload else { continue }
            switch field.number {
            case 1: seconds = Int64(bitPattern: number)
            case 2: nanoseconds = Int32(truncatingIfNeeded: number)
            default: break
            }
        }
        guard let time = TimeText(seconds: seconds, microseconds: Int64(nanoseconds / 1000), isMicro: isMicro) else {
            throw WireError(.timeOutOfRange)
        }
        return .string(time.canonical)
    }

    /// `intstr.IntOrString`: 1 tells which of the others counts, 0 for 2 (a number) and 1 for 3 (a text).
    private static func intOrString(_ bytes: ArraySlice<UInt8>) throws(WireError) -> JSONValue {
        var reader = WireReader(bytes)
        var isText = false
        var number: Int32 = 0
        var text = ""
        while let field = try reader.next() {
            switch (field.number, field.payload) {
            case (1, .number(let type)): isText = type == 1
            case (2, .number(let value)): number = Int32(truncatingIfNeeded: value)
            case (3, .bytes(let block)): text = try WireText.string(block)
            default: break
            }
        }
        return isText ? .string(text) : .integer(Int64(number))
    }

    /// `meta/v1.FieldsV1`: 1 is a JSON text.
    private static func json(_ bytes: ArraySlice<UInt8>) throws(WireError) -> JSONValue? {
        var reader = WireReader(bytes)
        var value: JSONValue?
        while let field = try reader.next() {
            guard case (1, .bytes(let block)) = (field.number, field.payload), !block.isEmpty else { continue }
            let text = try WireText.string(block)
            do throws(JSONText.Malformed) {
                value = try JSONText.value(of: text)
            } catch {
                throw WireError(.malformedJSON)
            }
        }
        return value
    }
}
