import ObjectSchema
import Registry

/// How the parts of a value can be owned.
enum OwnedShape {
    /// As a whole: scalars, and lists and objects that are atomic.
    case whole
    /// By declared member.
    case object(SchemaType)
    /// By whatever member there is; the members are of a shape.
    case map(SchemaShape)
    /// By element: scalars, each there once.
    case set
    /// By element: objects that differ in the values of their keys.
    case keyed([String], element: SchemaShape)
    /// No schema says: objects by member, everything else as a whole.
    case unknown
}

/// What a schema says of the ownership of fields.
struct OwnedShapes {
    /// A member of an object, or an element of a list.
    struct Part {
        let shape: OwnedShape
        /// Whether the schema names it; the members of maps are not.
        let isDeclared: Bool
        /// What stands there while nothing is written, in an object that is there: objects without a pointer and
        /// required lists are never absent in Go, so that nobody becomes the owner of their mere presence.
        let absence: JSONValue?
    }

    let schema: Schema

    func root(_ type: SchemaType?) -> OwnedShape {
        guard let type, !type.fields.isEmpty else { return .unknown }
        return .object(type)
    }

    func part(_ element: FieldElement, of shape: OwnedShape) -> Part {
        switch element {
        case .field(let name): member(name, of: shape)
        case .key, .value, .index: self.element(of: shape)
        }
    }

    func member(_ name: String, of shape: OwnedShape) -> Part {
        switch shape {
        case .object(let type):
            guard let field = type.field(name) else { break }
            return Part(
                shape: owned(field.shape, listKind: field.listKind, isAtomic: field.isAtomic), isDeclared: true,
                absence: Self.absence(of: field))
        case .map(let value):
            return Part(shape: owned(value, listKind: .atomic, isAtomic: false), isDeclared: false, absence: nil)
        case .whole, .set, .keyed, .unknown:
            break
        }
        return Part(shape: .unknown, isDeclared: false, absence: nil)
    }

    func element(of shape: OwnedShape) -> Part {
        guard case .keyed(_, let element) = shape else {
            return Part(shape: .whole, isDeclared: false, absence: nil)
        }
        return Part(shape: owned(element, listKind: .atomic, isAtomic: false), isDeclared: false, absence: nil)
    }

    private func owned(_ shape: SchemaShape, listKind: SchemaField.ListKind, isAtomic: Bool) -> OwnedShape {
        guard !isAtomic else { return .whole }
        switch shape {
        case .object(let name):
            guard let type = schema[name] else { return .unknown }
            return type.isAtomic ? .whole : .object(type)
        case .map(let value):
            return .map(value)
        case .list(let element):
            switch listKind {
            case .atomic: return .whole
            case .set: return .set
            case .map(let keys): return .keyed(keys, element: element)
            }
        default:
            return .whole
        }
    }

    private static func absence(of field: SchemaField) -> JSONValue? {
        switch field.shape {
        case .object: field.isPointer ? nil : .object([:])
        case .list: field.isRequired ? .null : nil
        default: nil
        }
    }
}

extension OwnedShapes {
    /// What a key of a list is where an element leaves it out (the defaults in Kubernetes' OpenAPI documents).
    private static let keyDefaults: [String: JSONValue] = ["protocol": .string("TCP")]

    /// What tells an element of a list apart; nil where it lacks all keys, or is of the wrong kind.
    func identity(of value: JSONValue, in shape: OwnedShape) -> FieldElement? {
        switch shape {
        case .set:
            return value.isScalar ? .value(JSONText.text(of: value)) : nil
        case .keyed(let keys, _):
            guard case .object(let members) = value else { return nil }
            var text = "{"
            for key in keys.sorted() {
                guard let part = members[key] ?? Self.keyDefaults[key], part.isScalar, part != .null else { continue }
                if text.utf8.count > 1 { text += "," }
                text += "\"\(key)\":\(JSONText.text(of: part))"
            }
            return text.utf8.count > 1 ? .key("\(text)}") : nil
        case .whole, .object, .map, .unknown:
            return nil
        }
    }
}
