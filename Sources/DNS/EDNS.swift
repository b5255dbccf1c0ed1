/// One EDNS option (RFC 6891 §6.1.2).
package struct EDNSOption: Hashable, Sendable {
    package var code: OptionCode
    /// At most 65,535 bytes.
    package var data: [UInt8]

    package init(_ code: OptionCode, _ data: [UInt8]) {
        self.code = code
        self.data = data
    }

    /// Code, length and data (RFC 6891 §6.1.2); data beyond 65,535 bytes is cut off.
    package var wire: [UInt8] {
        let data = data.prefix(65535)
        return [code.rawValue, UInt16(data.count)].flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] } + data
    }
}

/// What the OPT record of a message says, beside its version (RFC 6891 §6.1.3).
package struct EDNS: Hashable, Sendable {
    /// The largest datagram the sender takes, in bytes, as sent.
    package var udpPayload: UInt16
    /// DO: the sender wants DNSSEC records (RFC 3225).
    package var isDNSSECOK: Bool
    /// In the order of the message, repeated ones included.
    package var options: [EDNSOption]

    package init(udpPayload: UInt16, isDNSSECOK: Bool = false, options: [EDNSOption] = []) {
        self.udpPayload = udpPayload
        self.isDNSSECOK = isDNSSECOK
        self.options = options
    }
}
