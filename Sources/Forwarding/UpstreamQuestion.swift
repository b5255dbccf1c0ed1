import DNS
import Pipeline

/// What an upstream is asked: of a client's query all that may change the answer, and nothing that is between the
/// client and us alone.
struct UpstreamQuestion: Hashable, Sendable {
    /// The largest datagram we ask for, in bytes: it crosses usual networks in one piece (DNS flag day 2020).
    static let udpPayload: UInt16 = 1232
    /// The most bytes of options that are passed on.
    private static let optionLimit = 512

    var name: DomainName
    var type: RecordType
    var recordClass = RecordClass.internet
    /// RD.
    var isRecursionDesired = true
    /// AD: we understand AD in the reply (RFC 6840 §5.7).
    var isAuthenticDataWanted = false
    /// CD.
    var isCheckingDisabled = false
    /// DO.
    var isDNSSECOK = false
    /// Options that go with the question, such as the client's subnet (RFC 7871).
    var options: [EDNSOption] = []

    init(_ name: DomainName, _ type: RecordType) {
        self.name = name
        self.type = type
    }

    /// Takes from a query what is passed on: RD, AD, CD, DO, and the options that are not meant for the next hop only.
    init(_ query: PipelineQuery) {
        name = query.name
        type = query.type
        recordClass = query.recordClass
        isRecursionDesired = query.isRecursionDesired
        isAuthenticDataWanted = query.isAuthenticDataWanted
        isCheckingDisabled = query.isCheckingDisabled
        isDNSSECOK = query.isDNSSECOK
        var size = 0
        for option in query.edns?.options ?? [] where option.code.mayDecideAnswer {
            size += 4 + option.data.count
            guard size <= Self.optionLimit else { break }
            options.append(option)
        }
    }

    /// How the message is spelled.
    struct Spelling: Hashable, Sendable {
        /// The name's bytes as they go out; of the same length as the name's own.
        var name: [UInt8]
        /// Whether an OPT record goes with it.
        var hasEDNS: Bool
        /// Bytes of padding are added up to a multiple of this (RFC 8467 §4.1); 0 for none.
        var paddingBlock = 0
    }

    /// The message (RFC 1035 §4.1, RFC 6891 §6.1).
    func message(id: UInt16, _ spelling: Spelling) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(12 + spelling.name.count + 4 + 11 + 32)
        bytes.append16(id)
        bytes.append(isRecursionDesired ? 0x01 : 0x00)
        bytes.append((isAuthenticDataWanted ? 0x20 : 0) | (isCheckingDisabled ? 0x10 : 0))
        bytes += [0, 1, 0, 0, 0, 0, 0, spelling.hasEDNS ? 1 : 0]
        bytes += spelling.name
        bytes.append16(type.rawValue)
        bytes.append16(recordClass.rawValue)
        guard spelling.hasEDNS else { return bytes }
        bytes.append(0)
        bytes.append16(RecordType.opt.rawValue)
        bytes.append16(Self.udpPayload)
        bytes += [0, 0, isDNSSECOK ? 0x80 : 0, 0]
        let lengthOffset = bytes.count
        bytes.append16(0)
        for option in options { bytes.append(option) }
        if spelling.paddingBlock > 0 {
            let rest = (bytes.count + 4) % spelling.paddingBlock
            let padding = rest == 0 ? 0 : spelling.paddingBlock - rest
            bytes.append(EDNSOption(.padding, [UInt8](repeating: 0, count: padding)))
        }
        let length = bytes.count - lengthOffset - 2
        bytes[lengthOffset] = UInt8(truncatingIfNeeded: length >> 8)
        bytes[lengthOffset + 1] = UInt8(truncatingIfNeeded: length)
        return bytes
    }
}

extension [UInt8] {
    mutating func append16(_ number: UInt16) {
        append(UInt8(truncatingIfNeeded: number >> 8))
        append(UInt8(truncatingIfNeeded: number))
    }

    fileprivate mutating func append(_ option: EDNSOption) {
        append16(option.code.rawValue)
        append16(UInt16(truncatingIfNeeded: option.data.count))
        self += option.data
    }
}
