import Registry

/// Reads values of JSON into fields, by the rules of Go's decoder as Kubernetes uses it.
struct StrictReader {
    /// Upstream notes no more than these.
    static let maximumStrictErrors = 100

    let schema: Schema
    private(set) var strictErrors: [String] = []
    /// Where the value stands that is being read: one for all, as a path for each member would cost more than reading it.
    private var path = FieldPath()
    /// The fields on the way there, without elements and keys of maps.
    private var fields: [String] = []

    init(schema: Schema) {
        self.schema = schema
    }

    /// The members of an object that its type knows; nil for null.
    ///
    /// - Parameter outer: The innermost type around the object, which messages name; nil for a whole document.
    mutating func object(
        _ value: JSONValue, type: SchemaType, in outer: SchemaType? = nil
    ) throws(SchemaReadError) -> JSONValue? {
        if case .null = value { return nil }
        guard case .object(let members) = value else { throw mismatch(value, type.sourceName, in: outer ?? type) }
        var known: [String: JSONValue] = [:]
        known.reserveCapacity(members.count)
        for name in members.keys.sorted() {
            guard let member = members[name] else { continue }
            path.components.append(.member(name))
            defer { path.components.removeLast() }
            guard let field = type.field(name) else {
                noteUnknown()
                continue
            }
            fields.append(name)
            defer { fields.removeLast() }
            guard let read = try self.value(member, shape: field.shape, field: field, in: type) else { continue }
            if !field.isAbsent(read) { known[name] = read }
        }
        return .object(known)
    }

    /// A value in the form that documents keep; nil for null.
    private mutating func value(
        _ value: JSONValue, shape: SchemaShape, field: SchemaField, in type: SchemaType
    ) throws(SchemaReadError) -> JSONValue? {
        if case .null = value { return nil }
        switch shape {
        case .string:
            guard case .string = value else { throw mismatch(value, field.valueName ?? "string", in: type) }
            return value
        case .boolean:
            guard case .bool = value else { throw mismatch(value, field.valueName ?? "bool", in: type) }
            return value
        case .int32:
            return try integer(value, Int32.self, name: field.valueName ?? "int32", in: type)
        case .int64:
            return try integer(value, Int64.self, name: field.valueName ?? "int64", in: type)
        case .quantity:
            return .string(try quantity(value))
        case .time, .microTime:
            guard case .string(let text) = value else { throw mismatch(value, "string", in: type) }
            do throws(TimeText.Malformed) {
                return .string(try TimeText(text, isMicro: shape == .microTime).canonical)
            } catch {
                throw SchemaReadError(path: path, description: error.description)
            }
        case .intOrString:
            if case .string = value { return value }
            return try integer(value, Int32.self, name: "int32", in: type)
        case .anyObject:
            return value
        case .object(let name):
            guard let inner = schema[name] else { return value }
            return try object(value, type: inner, in: type)
        case .list(let element):
            guard case .array(let elements) = value else {
                throw mismatch(value, sourceName(of: shape, field: field), in: type)
            }
            var read: [JSONValue] = []
            read.reserveCapacity(elements.count)
            for (index, item) in elements.enumerated() {
                path.components.append(.element(index))
                defer { path.components.removeLast() }
                read.append(try self.value(item, shape: element, field: field, in: type) ?? element.zero)
            }
            return .array(read)
        case .map(let element):
            guard case .object(let members) = value else {
                throw mismatch(value, sourceName(of: shape, field: field), in: type)
            }
            var read: [String: JSONValue] = [:]
            read.reserveCapacity(members.count)
            for key in members.keys.sorted() {
                guard let member = members[key] else { continue }
                path.components.append(.member(key))
                defer { path.components.removeLast() }
                read[key] = try self.value(member, shape: element, field: field, in: type) ?? element.zero
            }
            return .object(read)
        }
    }

    private mutating func noteUnknown() {
        guard strictErrors.count < Self.maximumStrictErrors else { return }
        strictErrors.append("unknown field \"\(path.beginning)\"")
    }
}

// MARK: Scalars

extension StrictReader {
    private func integer<Number: FixedWidthInteger>(
        _ value: JSONValue, _: Number.Type, name: String, in type: SchemaType
    ) throws(SchemaReadError) -> JSONValue {
        switch value {
        case .integer(let number):
            guard Number(exactly: number) != nil else { throw mismatch("number \(number)", name, in: type) }
            return value
        case .number(let number):
            throw mismatch("number \(number)", name, in: type)
        default:
            throw mismatch(value, name, in: type)
        }
    }

    private func quantity(_ value: JSONValue) throws(SchemaReadError) -> String {
        let text: String
        switch value {
        case .string(let written): text = written
        case .integer(let number): text = "\(number)"
        case .number(let number): text = "\(number)"
        default: text = ""
        }
        if let problem = QuantityText.problem(with: text) {
            throw SchemaReadError(path: path, description: problem)
        }
        return text
    }

    private func mismatch(_ value: JSONValue, _ name: String, in type: SchemaType) -> SchemaReadError {
        let kind =
            switch value {
            case .null: "null"
            case .bool: "bool"
            case .integer, .number: "number"
            case .string: "string"
            case .array: "array"
            case .object: "object"
            }
        return mismatch(kind, name, in: type)
    }

    /// The message of Go's `json.UnmarshalTypeError`.
    private func mismatch(_ kind: String, _ name: String, in type: SchemaType) -> SchemaReadError {
        let target =
            fields.isEmpty
            ? "Go value of type \(name)"
            : "Go struct field \(type.shortSourceName).\(fields.joined(separator: ".")) of type \(name)"
        return SchemaReadError(path: path, description: "json: cannot unmarshal \(kind) into \(target)")
    }

    /// A shape as Go writes the type: `[]v1.ServicePort`, `map[string]string`.
    private func sourceName(of shape: SchemaShape, field: SchemaField) -> String {
        switch shape {
        case .string: field.valueName ?? "string"
        case .boolean: "bool"
        case .int32: "int32"
        case .int64: "int64"
        case .quantity: "resource.Quantity"
        case .time: "v1.Time"
        case .microTime: "v1.MicroTime"
        case .intOrString: "intstr.IntOrString"
        case .anyObject: "v1.FieldsV1"
        case .object(let name): schema[name]?.sourceName ?? name
        case .list(let element): "[]\(sourceName(of: element, field: field))"
        // All maps of quantities are of this type.
        case .map(.quantity): "v1.ResourceList"
        case .map(let element): "map[string]\(sourceName(of: element, field: field))"
        }
    }
}

extension SchemaShape {
    /// What null stands for where a value must stand.
    var zero: JSONValue {
        switch self {
        case .string: .string("")
        case .boolean: .bool(false)
        case .int32, .int64, .intOrString: .integer(0)
        case .quantity: .string("0")
        case .time, .microTime: .null
        case .list: .array([])
        case .object, .map, .anyObject: .object([:])
        }
    }
}
