import Registry

/// Reads values of JSON into fields, by the rules of Go's decoder as Kubernetes uses it.
struct StrictReader {
    /// Where a value stands: in the document, and in the types that messages name.
    struct Place {
        /// Of the value.
        var path = FieldPath()
        /// The innermost type around the value.
        var type: SchemaType
        /// The fields on the way to the value, without elements and keys of maps.
        var fields: [String] = []

        func member(_ name: String) -> Place {
            Place(path: path / name, type: type, fields: fields)
        }

        func element(_ index: Int) -> Place {
            Place(path: path[index], type: type, fields: fields)
        }

        func field(_ name: String, of type: SchemaType) -> Place {
            Place(path: path / name, type: type, fields: fields + [name])
        }
    }

    /// Upstream notes no more than these.
    static let maximumStrictErrors = 100

    let schema: Schema
    private(set) var strictErrors: [String] = []

    init(schema: Schema) {
        self.schema = schema
    }

    /// The members of an object that its type knows; nil for null.
    mutating func object(
        _ value: JSONValue, type: SchemaType, place: Place
    ) throws(SchemaReadError) -> JSONValue? {
        if case .null = value { return nil }
        guard case .object(let members) = value else { throw mismatch(value, type.sourceName, place) }
        var known: [String: JSONValue] = [:]
        known.reserveCapacity(members.count)
        for name in members.keys.sorted() {
            guard let member = members[name] else { continue }
            guard let field = type.field(name) else {
                note(unknown: place.path / name)
                continue
            }
            let inner = place.field(name, of: type)
            guard let read = try self.value(member, shape: field.shape, field: field, place: inner) else { continue }
            if !field.isAbsent(read) { known[name] = read }
        }
        return .object(known)
    }

    /// A value in the form that documents keep; nil for null.
    private mutating func value(
        _ value: JSONValue, shape: SchemaShape, field: SchemaField, place: Place
    ) throws(SchemaReadError) -> JSONValue? {
        if case .null = value { return nil }
        switch shape {
        case .string:
            guard case .string = value else { throw mismatch(value, field.valueName ?? "string", place) }
            return value
        case .boolean:
            guard case .bool = value else { throw mismatch(value, field.valueName ?? "bool", place) }
            return value
        case .int32:
            return try integer(value, Int32.self, name: field.valueName ?? "int32", place)
        case .int64:
            return try integer(value, Int64.self, name: field.valueName ?? "int64", place)
        case .quantity:
            return .string(try quantity(value, place))
        case .time, .microTime:
            guard case .string(let text) = value else { throw mismatch(value, "string", place) }
            do throws(TimeText.Malformed) {
                return .string(try TimeText(text, isMicro: shape == .microTime).canonical)
            } catch {
                throw SchemaReadError(path: place.path, description: error.description)
            }
        case .intOrString:
            if case .string = value { return value }
            return try integer(value, Int32.self, name: "int32", place)
        case .anyObject:
            return value
        case .object(let name):
            guard let type = schema[name] else { return value }
            return try object(value, type: type, place: place)
        case .list(let element):
            guard case .array(let elements) = value else {
                throw mismatch(value, sourceName(of: shape, field: field), place)
            }
            var read: [JSONValue] = []
            read.reserveCapacity(elements.count)
            for (index, item) in elements.enumerated() {
                let inner = try self.value(item, shape: element, field: field, place: place.element(index))
                read.append(inner ?? element.zero)
            }
            return .array(read)
        case .map(let element):
            guard case .object(let members) = value else {
                throw mismatch(value, sourceName(of: shape, field: field), place)
            }
            var read: [String: JSONValue] = [:]
            read.reserveCapacity(members.count)
            for key in members.keys.sorted() {
                guard let member = members[key] else { continue }
                let inner = try self.value(member, shape: element, field: field, place: place.member(key))
                read[key] = inner ?? element.zero
            }
            return .object(read)
        }
    }

    private mutating func note(unknown path: FieldPath) {
        guard strictErrors.count < Self.maximumStrictErrors else { return }
        strictErrors.append("unknown field \"\(path)\"")
    }
}

// MARK: Scalars

extension StrictReader {
    private func integer<Number: FixedWidthInteger>(
        _ value: JSONValue, _: Number.Type, name: String, _ place: Place
    ) throws(SchemaReadError) -> JSONValue {
        switch value {
        case .integer(let number):
            guard Number(exactly: number) != nil else { throw mismatch("number \(number)", name, place) }
            return value
        case .number(let number):
            throw mismatch("number \(number)", name, place)
        default:
            throw mismatch(value, name, place)
        }
    }

    private func quantity(_ value: JSONValue, _ place: Place) throws(SchemaReadError) -> String {
        let text: String
        switch value {
        case .string(let written): text = written
        case .integer(let number): text = "\(number)"
        case .number(let number): text = "\(number)"
        default: text = ""
        }
        if let problem = QuantityText.problem(with: text) {
            throw SchemaReadError(path: place.path, description: problem)
        }
        return text
    }

    private func mismatch(_ value: JSONValue, _ name: String, _ place: Place) -> SchemaReadError {
        let kind =
            switch value {
            case .null: "null"
            case .bool: "bool"
            case .integer, .number: "number"
            case .string: "string"
            case .array: "array"
            case .object: "object"
            }
        return mismatch(kind, name, place)
    }

    /// The message of Go's `json.UnmarshalTypeError`.
    private func mismatch(_ kind: String, _ name: String, _ place: Place) -> SchemaReadError {
        let target =
            place.fields.isEmpty
            ? "Go value of type \(name)"
            : "Go struct field \(place.type.shortSourceName).\(place.fields.joined(separator: ".")) of type \(name)"
        return SchemaReadError(path: place.path, description: "json: cannot unmarshal \(kind) into \(target)")
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
