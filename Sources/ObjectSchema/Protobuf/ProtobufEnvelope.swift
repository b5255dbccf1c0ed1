import Registry

/// What Kubernetes puts around an object in protobuf: four bytes of magic, then a message that names the kind
/// (`runtime.Unknown`).
package struct ProtobufEnvelope: Hashable, Sendable {
    package let apiVersion: String
    package let kind: String
    /// The object's own message.
    package let raw: [UInt8]

    private static let magic: [UInt8] = [0x6b, 0x38, 0x73, 0x00]

    package static func read(_ bytes: [UInt8]) throws(ProtobufError) -> ProtobufEnvelope {
        guard bytes.starts(with: magic) else {
            throw ProtobufError(reason: .noEnvelope, place: "runtime.Unknown")
        }
        do throws(WireError) {
            return try message(bytes.dropFirst(magic.count))
        } catch {
            throw ProtobufError(reason: error.reason, place: "runtime.Unknown")
        }
    }

    private static func message(_ bytes: ArraySlice<UInt8>) throws(WireError) -> ProtobufEnvelope {
        var reader = WireReader(bytes)
        var apiVersion = ""
        var kind = ""
        var raw: [UInt8] = []
        while let field = try reader.next() {
            switch (field.number, field.payload) {
            case (1, .bytes(let block)):
                var typeMeta = WireReader(block)
                while let field = try typeMeta.next() {
                    switch (field.number, field.payload) {
                    case (1, .bytes(let text)): apiVersion = try WireText.string(text)
                    case (2, .bytes(let text)): kind = try WireText.string(text)
                    case (1...2, let payload): throw WireError(.wrongWireType(payload.wireType))
                    default: break
                    }
                }
            case (2, .bytes(let block)): raw = Array(block)
            case (1...2, let payload): throw WireError(.wrongWireType(payload.wireType))
            default: break
            }
        }
        return ProtobufEnvelope(apiVersion: apiVersion, kind: kind, raw: raw)
    }
}

/// Texts on the wire.
enum WireText {
    static func string(_ bytes: ArraySlice<UInt8>) throws(WireError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self), StreamSafeText.isSafe(text) else {
            throw WireError(.notUTF8)
        }
        return text
    }
}
