/// Why bytes are no message of the protobuf wire format, or not one of the type expected.
package struct ProtobufError: Error, Hashable, CustomStringConvertible {
    package enum Reason: Hashable, Sendable {
        /// The first four bytes are not those of Kubernetes' envelope.
        case noEnvelope
        /// The message ends within a field.
        case truncated
        /// A number of more than 64 bits.
        case overlongNumber
        /// Field number 0, a wire type that does not exist, or the end of a group that was not begun.
        case illegalKey(UInt64)
        case wrongWireType(Int)
        case notUTF8
        /// An instant outside of the years 1 to 9999.
        case timeOutOfRange
        case malformedJSON
        case tooDeep
    }

    package let reason: Reason
    /// The type and its field: `ServiceSpec.ports`; the type alone where no field is known.
    package let place: String

    package var description: String {
        let text =
            switch reason {
            case .noEnvelope: "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]"
            case .truncated: "unexpected EOF"
            case .overlongNumber: "integer overflow"
            case .illegalKey(let key): "illegal field key \(key)"
            case .wrongWireType(let type): "wrong wireType = \(type)"
            case .notUTF8: "text that is not UTF-8"
            case .timeOutOfRange: "a time outside of the years 1 to 9999"
            case .malformedJSON: "malformed JSON"
            case .tooDeep: "messages nested too deeply"
            }
        return "proto: \(place): \(text)"
    }
}
