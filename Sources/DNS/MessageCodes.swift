/// What a message asks for (RFC 1035 §4.1.1).
@frozen @usableFromInline
package struct Opcode: RawRepresentable, Hashable, Sendable {
    @usableFromInline package let rawValue: UInt8

    @inlinable
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    @inlinable package static var query: Self { Self(rawValue: 0) }
    @inlinable package static var notify: Self { Self(rawValue: 4) }
}

/// The outcome of a query; values above 15 need an OPT record for their upper bits (RFC 6891 §6.1.3).
@frozen @usableFromInline
package struct ResponseCode: RawRepresentable, Hashable, Sendable {
    @usableFromInline package let rawValue: UInt16

    @inlinable
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    @inlinable package static var noError: Self { Self(rawValue: 0) }
    @inlinable package static var formatError: Self { Self(rawValue: 1) }
    @inlinable package static var serverFailure: Self { Self(rawValue: 2) }
    @inlinable package static var nxDomain: Self { Self(rawValue: 3) }
    @inlinable package static var notImplemented: Self { Self(rawValue: 4) }
    @inlinable package static var refused: Self { Self(rawValue: 5) }
    @inlinable package static var badVersion: Self { Self(rawValue: 16) }
    @inlinable package static var badCookie: Self { Self(rawValue: 23) }
}

/// A class of records (RFC 1035 §3.2.4).
@frozen @usableFromInline
package struct RecordClass: RawRepresentable, Hashable, Sendable {
    @usableFromInline package let rawValue: UInt16

    @inlinable
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    @inlinable package static var internet: Self { Self(rawValue: 1) }
    /// CH: what a server says about itself (RFC 4892).
    @inlinable package static var chaos: Self { Self(rawValue: 3) }
    @inlinable package static var any: Self { Self(rawValue: 255) }
}

/// An EDNS option code (RFC 6891 §6.1.2).
@frozen @usableFromInline
package struct OptionCode: RawRepresentable, Hashable, Sendable {
    @usableFromInline package let rawValue: UInt16

    @inlinable
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    @inlinable package static var nsid: Self { Self(rawValue: 3) }
    @inlinable package static var clientSubnet: Self { Self(rawValue: 8) }
    @inlinable package static var expire: Self { Self(rawValue: 9) }
    @inlinable package static var cookie: Self { Self(rawValue: 10) }
    @inlinable package static var keepalive: Self { Self(rawValue: 11) }
    @inlinable package static var padding: Self { Self(rawValue: 12) }
    @inlinable package static var extendedError: Self { Self(rawValue: 15) }

    /// Whether an answer may depend on the option: it is passed on with the question, and what comes is for the asker
    /// alone. Not so those that speak of the way between two neighbours: NSID (RFC 5001), EXPIRE (RFC 7314), COOKIE
    /// (RFC 7873), KEEPALIVE (RFC 7828), PADDING (RFC 7830), and EDE, which has no meaning in questions.
    package var mayDecideAnswer: Bool {
        switch self {
        case .nsid, .expire, .cookie, .keepalive, .padding, .extendedError: false
        default: true
        }
    }
}

/// Why an answer is what it is (RFC 8914 §4).
@frozen @usableFromInline
package struct ExtendedErrorCode: RawRepresentable, Hashable, Sendable {
    @usableFromInline package let rawValue: UInt16

    @inlinable
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    @inlinable package static var other: Self { Self(rawValue: 0) }
    @inlinable package static var staleAnswer: Self { Self(rawValue: 3) }
    @inlinable package static var cachedError: Self { Self(rawValue: 13) }
    @inlinable package static var notReady: Self { Self(rawValue: 14) }
    @inlinable package static var blocked: Self { Self(rawValue: 15) }
    @inlinable package static var filtered: Self { Self(rawValue: 17) }
    @inlinable package static var prohibited: Self { Self(rawValue: 18) }
    @inlinable package static var staleNXDomain: Self { Self(rawValue: 19) }
    @inlinable package static var notAuthoritative: Self { Self(rawValue: 20) }
    @inlinable package static var notSupported: Self { Self(rawValue: 21) }
    @inlinable package static var noReachableAuthority: Self { Self(rawValue: 22) }
    @inlinable package static var networkError: Self { Self(rawValue: 23) }
    @inlinable package static var invalidData: Self { Self(rawValue: 24) }
}
