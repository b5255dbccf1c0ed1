import ObjectRules
import Registry

/// How many values a body has, which is what it costs as a document.
enum BodyWeight {
    /// As many values as there may be in any case, and no more than twice as many as there are where it is JSON.
    static func values(in body: [UInt8], contentType: String) -> Int {
        switch contentType {
        case "application/yaml", "application/apply-patch+yaml", "application/vnd.kubernetes.protobuf":
            // One has no shorter notation than two bytes.
            return body.count / 2 + 1
        default:
            return valuesOfJSON(body)
        }
    }

    /// Each value but the first stands behind a comma, or first in a collection.
    private static func valuesOfJSON(_ body: [UInt8]) -> Int {
        var (count, isQuoted, isEscaped) = (1, false, false)
        body.withUnsafeBufferPointer { bytes in
            for byte in bytes {
                if isEscaped {
                    isEscaped = false
                } else if isQuoted {
                    if byte == UInt8(ascii: "\"") { isQuoted = false }
                    if byte == UInt8(ascii: "\\") { isEscaped = true }
                } else {
                    switch byte {
                    case UInt8(ascii: "\""): isQuoted = true
                    case UInt8(ascii: ","), UInt8(ascii: "{"), UInt8(ascii: "["): count += 1
                    default: break
                    }
                }
            }
        }
        return count
    }

    /// Whether a document has more values than that; looks at no more of them.
    static func exceeds(_ document: JSONValue, _ limit: Int) -> Bool {
        var left = limit
        func take(_ value: JSONValue) -> Bool {
            left -= 1
            guard left >= 0 else { return false }
            return switch value {
            case .array(let elements): elements.allSatisfy(take)
            case .object(let members): members.values.allSatisfy(take)
            default: true
            }
        }
        return !take(document)
    }
}

extension APIStatus {
    static func tooManyValues(limit: Int) -> APIStatus {
        APIStatus(413, .requestEntityTooLarge, "Request entity too large: it has more than \(limit) values")
    }
}
