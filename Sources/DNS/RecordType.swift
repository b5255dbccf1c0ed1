/// An RR type code (RFC 1035 §3.2.2); every 16-bit value is legal (RFC 3597).
@frozen @usableFromInline
package struct RecordType: RawRepresentable, Hashable, Sendable {
    @usableFromInline package let rawValue: UInt16

    @inlinable
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    @inlinable package static var a: Self { Self(rawValue: 1) }
    @inlinable package static var ns: Self { Self(rawValue: 2) }
    @inlinable package static var cname: Self { Self(rawValue: 5) }
    @inlinable package static var soa: Self { Self(rawValue: 6) }
    @inlinable package static var ptr: Self { Self(rawValue: 12) }
    @inlinable package static var hinfo: Self { Self(rawValue: 13) }
    @inlinable package static var mx: Self { Self(rawValue: 15) }
    @inlinable package static var txt: Self { Self(rawValue: 16) }
    @inlinable package static var aaaa: Self { Self(rawValue: 28) }
    @inlinable package static var srv: Self { Self(rawValue: 33) }
    @inlinable package static var dname: Self { Self(rawValue: 39) }
    @inlinable package static var opt: Self { Self(rawValue: 41) }
    @inlinable package static var ds: Self { Self(rawValue: 43) }
    @inlinable package static var rrsig: Self { Self(rawValue: 46) }
    @inlinable package static var nsec: Self { Self(rawValue: 47) }
    @inlinable package static var nsec3: Self { Self(rawValue: 50) }
    @inlinable package static var ixfr: Self { Self(rawValue: 251) }
    @inlinable package static var axfr: Self { Self(rawValue: 252) }
    @inlinable package static var any: Self { Self(rawValue: 255) }
}

extension RecordType: CustomStringConvertible {
    @usableFromInline package var description: String {
        switch self {
        case .a: "A"
        case .ns: "NS"
        case .cname: "CNAME"
        case .soa: "SOA"
        case .ptr: "PTR"
        case .hinfo: "HINFO"
        case .mx: "MX"
        case .txt: "TXT"
        case .aaaa: "AAAA"
        case .srv: "SRV"
        case .dname: "DNAME"
        case .opt: "OPT"
        case .ds: "DS"
        case .ixfr: "IXFR"
        case .axfr: "AXFR"
        case .any: "ANY"
        default: "TYPE\(rawValue)"
        }
    }
}
