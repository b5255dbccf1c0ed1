import DNS

/// The names of codes as Corefiles and logs write them: `AAAA`, `CH`, `NXDOMAIN` (IANA's DNS parameters).
package enum Mnemonic {
    // MARK: Record types

    /// The type with a name, in any case, or in the form TYPEnnn (RFC 3597 §5).
    package static func type(_ name: String) -> RecordType? {
        let name = name.uppercased()
        if let code = typeCodes[name] { return RecordType(rawValue: code) }
        return number(name, behind: "TYPE").map(RecordType.init(rawValue:))
    }

    /// The name of a type, or TYPEnnn.
    package static func name(of type: RecordType) -> String {
        typeNames[type.rawValue] ?? "TYPE\(type.rawValue)"
    }

    /// Whether a type has a name of its own: metrics count all others as one.
    package static func isKnown(_ type: RecordType) -> Bool { typeNames[type.rawValue] != nil }

    private static let typeNames: [UInt16: String] = [
        1: "A", 2: "NS", 3: "MD", 4: "MF", 5: "CNAME", 6: "SOA", 7: "MB", 8: "MG", 9: "MR", 10: "NULL", 12: "PTR",
        13: "HINFO", 14: "MINFO", 15: "MX", 16: "TXT", 17: "RP", 18: "AFSDB", 19: "X25", 20: "ISDN", 21: "RT",
        23: "NSAP-PTR", 24: "SIG", 25: "KEY", 26: "PX", 27: "GPOS", 28: "AAAA", 29: "LOC", 30: "NXT", 31: "EID",
        32: "NIMLOC", 33: "SRV", 34: "ATMA", 35: "NAPTR", 36: "KX", 37: "CERT", 39: "DNAME", 41: "OPT", 42: "APL",
        43: "DS", 44: "SSHFP", 45: "IPSECKEY", 46: "RRSIG", 47: "NSEC", 48: "DNSKEY", 49: "DHCID", 50: "NSEC3",
        51: "NSEC3PARAM", 52: "TLSA", 53: "SMIMEA", 55: "HIP", 56: "NINFO", 57: "RKEY", 58: "TALINK", 59: "CDS",
        60: "CDNSKEY", 61: "OPENPGPKEY", 62: "CSYNC", 63: "ZONEMD", 64: "SVCB", 65: "HTTPS", 99: "SPF", 100: "UINFO",
        101: "UID", 102: "GID", 103: "UNSPEC", 104: "NID", 105: "L32", 106: "L64", 107: "LP", 108: "EUI48",
        109: "EUI64", 128: "NXNAME", 249: "TKEY", 250: "TSIG", 251: "IXFR", 252: "AXFR", 253: "MAILB", 254: "MAILA",
        255: "ANY", 256: "URI", 257: "CAA", 258: "AVC", 260: "AMTRELAY", 261: "RESINFO", 32768: "TA", 32769: "DLV",
    ]
    private static let typeCodes = inverted(typeNames)

    // MARK: Classes

    /// `IN`, `CH` and the like, or CLASSnnn.
    package static func recordClass(_ name: String) -> RecordClass? {
        let name = name.uppercased()
        if let code = classCodes[name] { return RecordClass(rawValue: code) }
        return number(name, behind: "CLASS").map(RecordClass.init(rawValue:))
    }

    package static func name(of recordClass: RecordClass) -> String {
        classNames[recordClass.rawValue] ?? "CLASS\(recordClass.rawValue)"
    }

    private static let classNames: [UInt16: String] = [1: "IN", 2: "CS", 3: "CH", 4: "HS", 254: "NONE", 255: "ANY"]
    private static let classCodes = inverted(classNames)

    // MARK: Response codes

    /// `NXDOMAIN` and the like, in any case, or a number up to 23.
    package static func responseCode(_ name: String) -> ResponseCode? {
        if let code = ResponseCode(name: name) { return code }
        guard name.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let code = UInt16(name), code <= 23 else {
            return nil
        }
        return ResponseCode(rawValue: code)
    }

    private static func inverted(_ names: [UInt16: String]) -> [String: UInt16] {
        Dictionary(names.map { ($0.value, $0.key) }) { first, _ in first }
    }

    private static func number(_ name: String, behind prefix: String) -> UInt16? {
        let digits = name.dropFirst(prefix.count)
        guard name.hasPrefix(prefix), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return UInt16(digits)
    }
}
