import DNS
import Testing

@testable import Nameserver

/// A query as bytes, with everything in it at choice.
struct TestQuery {
    var name: String
    var type: RecordType
    var recordClass: UInt16 = 1
    var id: UInt16 = 0xabcd
    /// The second and third 16 bits of the header.
    var flags: UInt16 = 0x0100
    var counts: [UInt16]?
    var edns: EDNS?

    struct EDNS {
        var payload: UInt16 = 1232
        var version: UInt8 = 0
        var flags: UInt16 = 0
        /// Code and data of each option.
        var options: [(code: UInt16, data: [UInt8])] = []
    }

    init(_ name: String, _ type: RecordType = .a, edns: EDNS? = nil) {
        (self.name, self.type, self.edns) = (name, type, edns)
    }

    var bytes: [UInt8] {
        let name = DomainName(name) ?? .root
        var bytes = Self.bytes([id, flags] + (counts ?? [1, 0, 0, edns == nil ? 0 : 1]))
        bytes += name.wire + Self.bytes([type.rawValue, recordClass])
        guard let edns else { return bytes }
        let options = edns.options.flatMap { Self.bytes([$0.code, UInt16($0.data.count)]) + $0.data }
        bytes += [0] + Self.bytes([41, edns.payload, UInt16(edns.version), edns.flags, UInt16(options.count)])
        return bytes + options
    }

    static func bytes(_ numbers: [UInt16]) -> [UInt8] { numbers.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] } }
}

/// A reply read by a reader of the tests' own, strict about its end.
struct TestReply {
    let bytes: [UInt8]
    let id: Int
    let flags: Int
    let code: Int
    let question: [UInt8]
    private(set) var answers: [Record] = []
    private(set) var authorities: [Record] = []
    private(set) var additionals: [Record] = []
    /// The OPT record: payload, extended code, version, flags, options.
    private(set) var opt: OPT?

    struct OPT: Equatable {
        var payload: Int
        var extendedCode: Int
        var version: Int
        var flags: Int
        var options: [Int: [UInt8]]
    }

    var isTruncated: Bool { flags & 0x0200 != 0 }
    var isAuthoritative: Bool { flags & 0x0400 != 0 }

    init(_ bytes: [UInt8]) throws {
        self.bytes = bytes
        try #require(bytes.count >= 12)
        func number(_ offset: Int) -> Int { Int(bytes[offset]) << 8 | Int(bytes[offset + 1]) }
        (id, flags, code) = (number(0), number(2), number(2) & 15)
        let counts = [4, 6, 8, 10].map(number)
        var offset = 12
        if counts[0] > 0 {
            try #require(counts[0] == 1)
            _ = try #require(RecordReader.name(in: bytes, at: &offset))
            offset += 4
            try #require(offset <= bytes.count)
        }
        question = Array(bytes[12..<offset])
        for (section, count) in counts.dropFirst().enumerated() {
            for _ in 0..<count {
                let start = offset
                let records = try #require(RecordReader.records(in: bytes, at: &offset, count: 1))
                guard records[0].type == .opt else {
                    switch section {
                    case 0: answers += records
                    case 1: authorities += records
                    default: additionals += records
                    }
                    continue
                }
                try #require(section == 2 && bytes[start] == 0 && opt == nil)
                opt = OPT(
                    payload: number(start + 3), extendedCode: Int(bytes[start + 5]), version: Int(bytes[start + 6]),
                    flags: number(start + 7), options: try Self.options(records[0].data.bytes))
            }
        }
        try #require(offset == bytes.count, "bytes behind the last record")
    }

    private static func options(_ bytes: [UInt8]) throws -> [Int: [UInt8]] {
        var options: [Int: [UInt8]] = [:]
        var rest = bytes[...]
        while !rest.isEmpty {
            try #require(rest.count >= 4)
            let head = rest.prefix(4).map(Int.init)
            let length = head[2] << 8 | head[3]
            try #require(rest.count >= 4 + length && options[head[0] << 8 | head[1]] == nil)
            options[head[0] << 8 | head[1]] = Array(rest.dropFirst(4).prefix(length))
            rest = rest.dropFirst(4 + length)
        }
        return options
    }
}
