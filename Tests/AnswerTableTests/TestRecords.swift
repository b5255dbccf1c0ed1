import DNS
import Testing

@testable import AnswerTable

/// A name out of its text.
func name(_ text: String) throws -> DomainName { try #require(DomainName(text)) }

extension Record {
    /// An A record of four bytes.
    static func address(_ owner: DomainName, _ bytes: [UInt8]) -> Record {
        Record(owner: owner, ttl: 5, data: .address(bytes))
    }
}

extension ServedZone {
    /// A zone with an SOA record inside itself.
    static func test(_ apex: DomainName, _ content: Content = .table) -> ServedZone {
        let soa = StartOfAuthority(
            primary: apex, mailbox: apex, serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5)
        return ServedZone(apex: apex, content: content, denialSOA: Record(owner: apex, ttl: 5, data: soa.data), ttl: 5)
    }
}

extension AnswerTable {
    /// Sets one name to one A record.
    func set(_ name: DomainName, _ bytes: [UInt8], zone: Int = 0) {
        let answer = PreparedAnswer(to: name, type: .a, answers: [.address(name, bytes)])
        update { $0.set(name, zone: zone, answers: [answer]) }
    }
}

extension AnswerReader {
    /// The data of a name's A records; nil where the name does not exist.
    func addresses(_ name: DomainName) -> [[UInt8]]? {
        enter()
        defer { leave() }
        return records(of: name, type: .a)?.answers.map(\.data.bytes)
    }

    /// The index of the zone with the longest apex above a name.
    func longestMatch(_ name: DomainName) -> Int {
        enter()
        defer { leave() }
        return name.lowercased.wire.withUnsafeBytes { bytes in
            bytes.baseAddress.map { directory.longestMatch($0, length: bytes.count) } ?? -1
        }
    }
}
