import DNS

/// What a request over HTTP asks for (RFC 8484 §4.1), told from its head.
enum HTTPQuery: Equatable {
    /// A DNS message, from the `dns` parameter of a GET.
    case message([UInt8])
    /// A POST, whose body is the message.
    case body
    /// No DNS query.
    case failure(HTTPQueryStatus)

    private static let path: StaticString = "/dns-query"
    private static let parameter: StaticString = "dns="
    /// The largest message, in bytes.
    static let maximumBody = 65535

    /// - Parameters:
    ///   - target: path and query.
    ///   - contentLength: the field's value, as it was sent.
    init(method: String, target: String, contentType: String?, contentLength: String?) {
        var target = target
        let query = target.withUTF8 { target -> HTTPQuery? in
            let path = target.prefix { $0 != UInt8(ascii: "?") }
            guard path.elementsEqual(Self.path.utf8) else { return .failure(.notFound) }
            guard method == "GET" else { return nil }
            guard let message = Self.message(inQuery: target.dropFirst(path.count + 1)) else {
                return .failure(.badRequest)
            }
            return .message(message)
        }
        if let query {
            self = query
        } else if method != "POST" {
            self = .failure(.methodNotAllowed)
        } else if contentType.map(Self.mediaType) != HTTPQueryStatus.mediaType {
            self = .failure(.unsupportedMediaType)
        } else if let length = contentLength.flatMap({ Int($0) }), length > Self.maximumBody {
            self = .failure(.contentTooLarge)
        } else {
            self = .body
        }
    }

    /// The type of a field's value, without its parameters, in lower case (RFC 9110 §8.3.1).
    private static func mediaType(_ value: String) -> String {
        value.prefix { $0 != ";" && $0 != " " && $0 != "\t" }.lowercased()
    }

    /// The parameter `dns` (RFC 8484 §4.1.1); nil where there is none, or more than one.
    private static func message(inQuery query: Slice<UnsafeBufferPointer<UInt8>>) -> [UInt8]? {
        var value: Slice<UnsafeBufferPointer<UInt8>>?
        var rest = query
        while !rest.isEmpty {
            let one = rest.prefix { $0 != UInt8(ascii: "&") }
            rest = rest.dropFirst(one.count + 1)
            guard one.starts(with: parameter.utf8) else { continue }
            guard value == nil else { return nil }
            value = one.dropFirst(parameter.utf8CodeUnitCount)
        }
        return value.flatMap { Base64URL.decoded($0, limit: maximumBody) }
    }

    /// How long an answer may be kept, in seconds: its smallest TTL (RFC 8484 §5.1), that of denials being the SOA's
    /// (RFC 2308 §5). 0 for what is no whole message.
    static func freshness(of message: UnsafeRawBufferPointer) -> UInt32 {
        func short(_ offset: Int) -> Int { Int(message[offset]) << 8 | Int(message[offset + 1]) }
        func long(_ offset: Int) -> UInt32 { UInt32(short(offset)) << 16 | UInt32(short(offset + 2)) }
        // TC says that records are missing.
        guard message.count >= 12, message[2] & 2 == 0 else { return 0 }
        var offset = 12
        func skipName() -> Bool {
            while offset < message.count {
                let length = Int(message[offset])
                if length >= 0xc0 {
                    offset += 2
                    return true
                }
                offset += 1 + length
                if length == 0 { return true }
            }
            return false
        }
        for _ in 0..<short(4) {
            guard skipName() else { return 0 }
            offset += 4
        }
        let answers = short(6)
        var least: UInt32?
        for index in 0..<(answers + short(8)) {
            if index == answers, let least { return least }
            guard skipName(), offset + 10 <= message.count else { return 0 }
            let (type, ttl, length) = (short(offset), long(offset + 4), short(offset + 8))
            offset += 10 + length
            guard offset <= message.count else { return 0 }
            if index < answers {
                least = min(least ?? .max, ttl)
            } else if type == Int(RecordType.soa.rawValue), length >= 4 {
                return min(ttl, long(offset - 4))
            }
        }
        return least ?? 0
    }
}

/// How a request over HTTP ends.
enum HTTPQueryStatus: Int {
    case ok = 200
    case badRequest = 400
    case notFound = 404
    case methodNotAllowed = 405
    case contentTooLarge = 413
    case unsupportedMediaType = 415
    case notImplemented = 501

    /// Of queries and of answers (RFC 8484 §6).
    static let mediaType = "application/dns-message"

    /// The fields that go with the status and a body.
    func fields(_ body: UnsafeRawBufferPointer) -> [(name: String, value: String)] {
        var fields = [(name: "content-length", value: String(body.count))]
        switch self {
        case .ok:
            fields.append(("content-type", Self.mediaType))
            fields.append(("cache-control", "max-age=\(HTTPQuery.freshness(of: body))"))
        case .methodNotAllowed: fields.append(("allow", "GET, POST"))
        default: break
        }
        return fields
    }
}

/// The alphabet of RFC 4648 §5, without padding.
enum Base64URL {
    /// nil for anything that is not exactly the encoding of at most `limit` bytes.
    static func decoded(_ text: some Collection<UInt8>, limit: Int) -> [UInt8]? {
        guard text.count % 4 != 1, text.count <= (limit * 4 + 2) / 3 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count * 3 / 4)
        var (bits, count) = (0 as UInt32, 0 as UInt32)
        for character in text {
            guard let value = value(of: character) else { return nil }
            bits = bits << 6 | value
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> count))
                bits &= 1 << count - 1
            }
        }
        return bits == 0 ? bytes : nil
    }

    private static func value(of character: UInt8) -> UInt32? {
        switch character {
        case 0x41...0x5a: UInt32(character) - 0x41
        case 0x61...0x7a: UInt32(character) - 0x61 + 26
        case 0x30...0x39: UInt32(character) - 0x30 + 52
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }
}

extension StaticString {
    /// The text's bytes.
    fileprivate var utf8: UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: utf8Start, count: utf8CodeUnitCount)
    }
}
