import ObjectPatches
import ObjectSchema
import Registry

/// Feeds two JSON texts, one a line, to all four kinds of patches: what is there, and what is to become of it.
///
/// The first byte of the input says of which kind the object is.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    var input = bytes(data, size)[...]
    let kinds = ObjectKind.allCases
    let kind = kinds[input.takeByte() % kinds.count]
    guard let live = document(input.takeLine()), let patch = document(Array(input)) else { return 0 }
    let schema = Schema.shared
    guard let type = schema.type(of: kind) else { return 0 }

    if let result = try? JSONPatch.apply(patch, to: live) { check(result) }
    let merged = MergePatch.apply(patch, to: live)
    check(merged)
    demand(MergePatch.apply(patch, to: merged) == merged, "a merge patch that goes on when applied again (RFC 7396)")
    if let result = try? StrategicMergePatch.apply(patch, to: live, type: type, schema: schema) { check(result) }
    apply(patch, to: live, kind, type, schema)
    return 0
}

/// Applies as a client does, again without a change, then as another one.
private func apply(_ patch: JSONValue, to live: JSONValue, _ kind: ObjectKind, _ type: SchemaType, _ schema: Schema) {
    func applied(_ live: JSONValue?, _ manager: String, force: Bool) -> JSONValue? {
        try? FieldOwnership.apply(
            configuration: patch, live: live, type: type, schema: schema, manager: manager, subresource: nil,
            apiVersion: kind.apiVersion, force: force, now: Timestamp(milliseconds: 1))
    }
    guard let first = applied(live, "a", force: true) else { return }
    check(first)
    if let again = applied(first, "a", force: false) {
        check(again)
        demand(FieldOwnership.isEqual(again, first), "an apply that goes on when applied again: \(again) for \(first)")
    }
    if let second = applied(first, "b", force: true) { check(second) }
    check(
        FieldOwnership.update(
            live: live, new: first, type: type, schema: schema, manager: "c", subresource: nil,
            apiVersion: kind.apiVersion, now: Timestamp(milliseconds: 2)))
}

private func document(_ text: [UInt8]) -> JSONValue? {
    try? JSONText.value(of: String(decoding: text, as: UTF8.self))
}

private func check(_ result: JSONValue) {
    let text = JSONText.text(of: result)
    guard let again = try? JSONText.value(of: text) else {
        return demand(false, "a result whose text cannot be read: \(text)")
    }
    demand(JSONText.text(of: again) == text, "another result by way of its text: \(text)")
}
