/// Makes the server's half of DNS cookies (RFC 7873, in the interoperable form of RFC 9018 §4).
struct ServerCookie: Sendable {
    private let key0: UInt64
    private let key1: UInt64

    init(key: (UInt64, UInt64) = (.random(in: .min ... .max), .random(in: .min ... .max))) {
        key0 = key.0
        key1 = key.1
    }

    /// A cookie of 16 bytes for a client.
    ///
    /// - Parameters:
    ///   - clientCookie: 8 bytes.
    ///   - address: the client's 4 or 16 bytes, in network order.
    ///   - now: Unix seconds.
    func make(clientCookie: ArraySlice<UInt8>, address: [UInt8], now: UInt32) -> [UInt8] {
        let head: [UInt8] = [1, 0, 0, 0] + stride(from: 24, through: 0, by: -8).map { UInt8(now >> $0 & 255) }
        let hash = SipHash.hash(clientCookie + head + address, key: (key0, key1))
        return head + stride(from: 0, through: 56, by: 8).map { UInt8(truncatingIfNeeded: hash >> UInt64($0)) }
    }

    /// Whether a cookie option has one of the lengths there are; any other is a format error (RFC 7873 §5.2.2).
    static func isLegalLength(_ count: Int) -> Bool { count == 8 || (16...40).contains(count) }
}
