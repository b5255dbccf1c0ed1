import ObjectSchema
import Registry

/// Feeds any bytes to the reader of Kubernetes' protobuf: as a body with its envelope, and as a message of each kind.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    var input = bytes(data, size)[...]
    if let envelope = try? ProtobufEnvelope.read(Array(input)) {
        for kind in ObjectKind.allCases where envelope.kind.isEmpty || envelope.kind == kind.rawValue {
            read(envelope.raw, kind)
        }
        return 0
    }
    let kinds = ObjectKind.allCases
    read(Array(input.dropFirst()), kinds[input.takeByte() % kinds.count])
    return 0
}

private func read(_ message: [UInt8], _ kind: ObjectKind) {
    let schema = Schema.shared
    guard let type = schema.type(of: kind),
        let document = try? schema.document(fromProtobuf: message, as: type)
    else { return }
    let text = JSONText.text(of: document)
    do {
        let again = try JSONText.value(of: text)
        demand(JSONText.text(of: again) == text, "another document by way of its text: \(text)")
    } catch {
        demand(false, "a document whose text cannot be read, \(error): \(text)")
    }
    // What a strict client may send is no error by its shape.
    if let settled = try? schema.read(document, as: type) {
        demand(settled.strictErrors.isEmpty, "a message with members that its type has not: \(settled.strictErrors)")
    }
}
