/// An RR type code (RFC 1035 §3.2.2), printed as dnsperf reads it.
package struct RecordType: RawRepresentable, Equatable, CustomStringConvertible {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let a = Self(rawValue: 1)
    package static let aaaa = Self(rawValue: 28)
    package static let srv = Self(rawValue: 33)

    package var description: String {
        switch self {
        case .a: "A"
        case .aaaa: "AAAA"
        case .srv: "SRV"
        default: "TYPE\(rawValue)"
        }
    }
}

/// Writes the query packet for a question.
struct DNSQuery {
    let identifier: UInt16
    let question: Question

    /// The packet (RFC 1035 §4.1): one question, class IN, RD set as a stub resolver does.
    var packet: [UInt8] {
        var packet: [UInt8] = [UInt8(identifier >> 8), UInt8(identifier & 0xFF), 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
        for label in question.name.split(separator: ".") {
            packet.append(UInt8(label.utf8.count))
            packet += label.utf8
        }
        return packet + [0, 0, UInt8(question.type.rawValue), 0, 1]
    }
}

/// The parts of a reply the benchmark looks at.
package struct DNSReply: Equatable {
    package struct Answer: Equatable {
        package let type: RecordType
        package let data: [UInt8]
    }

    let identifier: UInt16
    package let responseCode: UInt8
    package let answerCount: UInt16
    package let firstAnswer: Answer?

    /// Reads a reply packet; nil when it is cut short or is no reply.
    init?(packet: [UInt8]) {
        var reader = PacketReader(packet: packet)
        guard let identifier = reader.readUInt16(), let flags = reader.readUInt16(), flags & 0x8000 != 0,
            let questionCount = reader.readUInt16(), let answerCount = reader.readUInt16(), reader.skip(4)
        else { return nil }
        for _ in 0..<questionCount {
            guard reader.skipName(), reader.skip(4) else { return nil }
        }
        self.identifier = identifier
        self.responseCode = UInt8(flags & 0xF)
        self.answerCount = answerCount
        guard answerCount > 0 else {
            firstAnswer = nil
            return
        }
        guard reader.skipName(), let type = reader.readUInt16(), reader.skip(6),
            let size = reader.readUInt16(), let data = reader.read(Int(size))
        else { return nil }
        firstAnswer = Answer(type: RecordType(rawValue: type), data: data)
    }

    package func meets(_ expectation: Question.Expectation) -> Bool {
        switch expectation {
        case .address(let address):
            responseCode == 0 && firstAnswer == Answer(type: .a, data: address.octets)
        case .noData: responseCode == 0 && answerCount == 0
        case .serviceRecord: responseCode == 0 && answerCount == 1 && firstAnswer?.type == .srv
        case .nameError: responseCode == 3 && answerCount == 0
        }
    }
}

extension DNSReply: CustomStringConvertible {
    package var description: String {
        let first = firstAnswer.map { ", the first of type \($0.type)" } ?? ""
        return "response code \(responseCode) with \(answerCount) answers\(first)"
    }
}

/// Reads a packet from its start, never past its end.
private struct PacketReader {
    let packet: [UInt8]
    var offset = 0

    mutating func read(_ count: Int) -> [UInt8]? {
        guard count <= packet.count - offset else { return nil }
        defer { offset += count }
        return Array(packet[offset..<offset + count])
    }

    mutating func skip(_ count: Int) -> Bool { read(count) != nil }

    mutating func readUInt16() -> UInt16? {
        read(2).map { UInt16($0[0]) << 8 | UInt16($0[1]) }
    }

    /// Passes over a name, which ends with the root label or with a compression pointer (RFC 1035 §4.1.4).
    mutating func skipName() -> Bool {
        while let length = read(1)?.first {
            if length == 0 { return true }
            if length >= 0xC0 { return skip(1) }
            guard length < 64, skip(Int(length)) else { return false }
        }
        return false
    }
}
