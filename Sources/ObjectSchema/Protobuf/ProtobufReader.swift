import Registry

extension Schema {
    /// The document in a protobuf message of a type.
    ///
    /// Kubernetes writes fields that are not optional even when they are unset; such zero values are left out, and so
    /// are messages with nothing in them. Unknown fields are passed over. A field that stands twice counts as the
    /// language guide of protobuf says: the last scalar, messages merged, lists joined.
    package func document(
        fromProtobuf bytes: [UInt8], as type: SchemaType
    ) throws(ProtobufError) -> JSONValue {
        let reader = ProtobufReader(schema: self)
        var draft = ProtobufDraft()
        try reader.read(bytes[...], as: type, into: &draft, depth: 0)
        return .object(reader.document(of: draft, type: type))
    }
}

/// What a message has said so far. Each kind of field is held by itself, so that a field that stands a hundred
/// thousand times is added to in place.
struct ProtobufDraft {
    var scalars: [String: JSONValue] = [:]
    var lists: [String: [JSONValue]] = [:]
    var maps: [String: [String: JSONValue]] = [:]
    var objects: [String: ProtobufDraft] = [:]
}

/// Reads messages of the types of a schema.
struct ProtobufReader {
    /// No type of ours nests this deep; the bound keeps a cycle among types from exhausting the stack.
    static let maximumDepth = 64

    let schema: Schema

    func read(
        _ bytes: ArraySlice<UInt8>, as type: SchemaType, into draft: inout ProtobufDraft, depth: Int
    ) throws(ProtobufError) {
        guard depth < Self.maximumDepth else { throw ProtobufError(reason: .tooDeep, place: type.name) }
        var reader = WireReader(bytes)
        while let (number, payload) = try next(&reader, of: type) {
            switch type.member(number: number) {
            case .field(let field)?:
                try take(payload, field, of: type, into: &draft, depth: depth)
            case .enclosure(let fields)?:
                guard case .bytes(let block) = payload else {
                    throw ProtobufError(reason: .wrongWireType(payload.wireType), place: type.name)
                }
                var inner = WireReader(block)
                while let (number, payload) = try next(&inner, of: type) {
                    guard let field = fields[number] else { continue }
                    try take(payload, field, of: type, into: &draft, depth: depth)
                }
            case nil:
                break
            }
        }
    }

    private func next(
        _ reader: inout WireReader, of type: SchemaType
    ) throws(ProtobufError) -> (Int, WireReader.Payload)? {
        do throws(WireError) {
            return try reader.next()
        } catch {
            throw ProtobufError(reason: error.reason, place: type.name)
        }
    }

    private func take(
        _ payload: WireReader.Payload, _ field: SchemaField, of type: SchemaType, into draft: inout ProtobufDraft,
        depth: Int
    ) throws(ProtobufError) {
        if case .object(let name) = field.shape {
            guard case .bytes(let block) = payload else {
                throw ProtobufError(reason: .wrongWireType(payload.wireType), place: "\(type.name).\(field.name)")
            }
            guard let inner = schema[name] else { return }
            return try read(
                block, as: inner, into: &draft.objects[field.name, default: ProtobufDraft()], depth: depth + 1)
        }
        if case .list(.object(let name)) = field.shape, case .bytes(let block) = payload {
            guard let inner = schema[name] else { return }
            var element = ProtobufDraft()
            try read(block, as: inner, into: &element, depth: depth + 1)
            draft.lists[field.name, default: []].append(.object(document(of: element, type: inner)))
            return
        }
        do throws(WireError) {
            try takeScalars(payload, field, into: &draft)
        } catch {
            throw ProtobufError(reason: error.reason, place: "\(type.name).\(field.name)")
        }
    }

    private func takeScalars(
        _ payload: WireReader.Payload, _ field: SchemaField, into draft: inout ProtobufDraft
    ) throws(WireError) {
        switch field.shape {
        case .list(let element):
            if case .bytes(let block) = payload, ProtobufScalar.isNumber(element) {
                var reader = WireReader(block)
                while let number = try reader.nextPacked() {
                    guard let value = try ProtobufScalar.value(.number(number), shape: element) else { continue }
                    draft.lists[field.name, default: []].append(value)
                }
            } else {
                let value = try ProtobufScalar.value(payload, shape: element) ?? element.zero
                draft.lists[field.name, default: []].append(value)
            }
        case .map(let element):
            guard case .bytes(let block) = payload else { throw WireError(.wrongWireType(payload.wireType)) }
            let (key, value) = try entry(block, element)
            draft.maps[field.name, default: [:]][key] = value
        default:
            draft.scalars[field.name] = try ProtobufScalar.value(payload, shape: field.shape)
        }
    }

    /// An entry of a map: a message of key and value.
    private func entry(
        _ block: ArraySlice<UInt8>, _ element: SchemaShape
    ) throws(WireError) -> (String, JSONValue) {
        var key = ""
        var value: JSONValue?
        var reader = WireReader(block)
        while let (number, payload) = try reader.next() {
            switch (number, payload) {
            case (1, .bytes(let text)): key = try WireText.string(text)
            case (1, _): throw WireError(.wrongWireType(payload.wireType))
            case (2, _): value = try ProtobufScalar.value(payload, shape: element)
            default: break
            }
        }
        return (key, value ?? element.zero)
    }

    /// The members of an object, without those that say no more than their absence would.
    func document(of draft: ProtobufDraft, type: SchemaType) -> [String: JSONValue] {
        var members = draft.scalars
        for (name, elements) in draft.lists { members[name] = .array(elements) }
        for (name, entries) in draft.maps { members[name] = .object(entries) }
        members = members.filter { type.field($0.key)?.isAbsent($0.value) != true }
        for (name, inner) in draft.objects {
            guard let field = type.field(name), case .object(let typeName) = field.shape,
                let innerType = schema[typeName]
            else { continue }
            let object = document(of: inner, type: innerType)
            if field.isPointer || !object.isEmpty { members[name] = .object(object) }
        }
        return members
    }
}
