import Registry

/// The server's half of DNS cookies under one secret (RFC 7873, in the interoperable form of RFC 9018 §4).
package struct ServerCookie: Hashable, Sendable {
    /// The length of a server cookie of this form, in bytes.
    static let length = 16
    /// The length of a client's cookie, in bytes (RFC 7873 §4).
    static let clientLength = 8
    /// How old a cookie may be, in seconds (RFC 9018 §4.3).
    static let validity: UInt32 = 3600
    /// How far a cookie may be ahead of our clock, in seconds: servers that share a secret share no clock (§4.3).
    static let skew: UInt32 = 300
    /// The age from which on a client gets a new cookie for a good one, in seconds (§4.3).
    static let renewal: UInt32 = 1800

    private let key0: UInt64
    private let key1: UInt64

    package init(key: (UInt64, UInt64) = (.random(in: .min ... .max), .random(in: .min ... .max))) {
        key0 = key.0
        key1 = key.1
    }

    /// Takes a secret of 32 hexadecimal digits, as the files of other servers have it; nil for anything else.
    package init?(hex: some StringProtocol) {
        let digits = Array(hex.utf8)
        guard digits.count == 32 else { return nil }
        var words: [UInt64] = [0, 0]
        for (index, digit) in digits.enumerated() {
            guard let value = Self.value(ofDigit: digit) else { return nil }
            // Bytes in the order of the text make little-endian words.
            let byte = UInt64(index / 2 % 8)
            words[index / 16] |= UInt64(value) << (byte * 8 + (index % 2 == 0 ? 4 : 0))
        }
        self.init(key: (words[0], words[1]))
    }

    private static func value(ofDigit digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// A cookie's 16 bytes as two words, in the order of memory: version, reserved bytes and time; hash (RFC 9018 §4).
    struct Words: Hashable, Sendable {
        var head: UInt64
        var hash: UInt64

        init(head: UInt64, hash: UInt64) {
            self.head = head
            self.hash = hash
        }

        /// nil for another number of bytes than 16.
        init?(_ bytes: ArraySlice<UInt8>) {
            guard bytes.count == ServerCookie.length else { return nil }
            (head, hash) = bytes.withUnsafeBytes {
                ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            }
        }

        var bytes: [UInt8] { withUnsafeBytes(of: (head, hash)) { Array($0) } }
    }

    /// A cookie for a client.
    ///
    /// - Parameters:
    ///   - clientCookie: its 8 bytes as they stand in memory.
    ///   - now: Unix seconds.
    func make(clientCookie: UInt64, address: IPAddress, now: UInt32) -> Words {
        // Version 1, three reserved bytes, the time in network order (RFC 9018 §4.1 to §4.3).
        let head = (UInt64(1) << 56 | UInt64(now)).bigEndian
        return Words(head: head, hash: hash(clientCookie, head, address))
    }

    private func hash(_ clientCookie: UInt64, _ head: UInt64, _ address: IPAddress) -> UInt64 {
        var hash = SipHash(key: (key0, key1))
        hash.absorb(UInt64(littleEndian: clientCookie))
        hash.absorb(UInt64(littleEndian: head))
        switch address {
        case .v4(let bits): return hash.finish(UInt64(bits.byteSwapped), length: 20).littleEndian
        case .v6(let bits):
            hash.absorb(UInt64(truncatingIfNeeded: bits >> 64).byteSwapped)
            hash.absorb(UInt64(truncatingIfNeeded: bits).byteSwapped)
            return hash.finish(0, length: 32).littleEndian
        }
    }

    /// What a server cookie turns out to be.
    enum Verdict: Hashable, Sendable {
        /// Made under this secret for this client, and good for longer.
        case fresh
        /// The same, and due to be replaced.
        case aging
        /// Of another form, secret, client or time.
        case invalid
    }

    /// Looks at a server cookie that a client brings.
    ///
    /// The reserved bytes count for the hash as they came (RFC 9018 §4.2); times are compared as serial numbers
    /// (RFC 1982), so that they may pass 2106. All of the hash is compared at once, whatever its first bytes are.
    func verdict(on cookie: Words, clientCookie: UInt64, address: IPAddress, now: UInt32) -> Verdict {
        let head = UInt64(bigEndian: cookie.head)
        guard head >> 56 == 1 else { return .invalid }
        let age = Int32(bitPattern: now &- UInt32(truncatingIfNeeded: head))
        guard age <= Int32(Self.validity), age >= -Int32(Self.skew) else { return .invalid }
        guard hash(clientCookie, cookie.head, address) == cookie.hash else { return .invalid }
        return age > Int32(Self.renewal) ? .aging : .fresh
    }

    /// Whether a cookie option has one of the lengths there are; any other is a format error (RFC 7873 §5.2.2).
    static func isLegalLength(_ count: Int) -> Bool { count == clientLength || (16...40).contains(count) }
}
