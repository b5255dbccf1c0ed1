import DNS

/// One EDNS option (RFC 6891 §6.1.2).
package struct EDNSOption: Hashable, Sendable {
    package var code: OptionCode
    /// At most 65,535 bytes.
    package var data: [UInt8]

    package init(_ code: OptionCode, _ data: [UInt8]) {
        self.code = code
        self.data = data
    }
}

/// What the OPT record of a query says (RFC 6891 §6.1.3).
package struct EDNS: Hashable, Sendable {
    /// The largest datagram the asker takes, in bytes, as sent.
    package var udpPayload: UInt16
    /// DO: the asker wants DNSSEC records (RFC 3225).
    package var isDNSSECOK: Bool
    /// In the order of the query, repeated ones included.
    package var options: [EDNSOption]

    package init(udpPayload: UInt16, isDNSSECOK: Bool = false, options: [EDNSOption] = []) {
        self.udpPayload = udpPayload
        self.isDNSSECOK = isDNSSECOK
        self.options = options
    }
}
