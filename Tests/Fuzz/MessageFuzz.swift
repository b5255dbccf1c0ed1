import DNS

/// Feeds any bytes to the reader of whole messages, and reads again what it makes of them.
///
/// An input that takes longer than its length allows is a finding, too (`-timeout`).
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    guard size <= 65535 else { return 0 }
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    guard let message = DNSMessage.read(bytes) else { return 0 }
    let records = message.answers + message.authorities + message.additionals
    demand(records.count <= DNSMessage.maximumRecords, "more records than there may be")
    for record in records {
        demand(DomainName(wire: record.owner.wire) != nil, "an owner that is no name")
        demand(record.ttl <= UInt32(Int32.max), "a TTL that is none")
        demand(record.data.bytes.count <= 65535, "data that fits no record")
        demand(record.type != .a || record.data.bytes.count == 4, "an address that is none")
        _ = record.data.target
        _ = StartOfAuthority(record.data)
    }
    let written = message.wire()
    demand(written.count <= 65535, "more than a message")
    let again = demanded(DNSMessage.read(written), "what was written is no message")
    demand(again.question == message.question, "another question")
    if !again.isTruncated {
        demand(again.answers == message.answers || records.contains { $0.hasNames }, "other answers")
        demand(again.answers.count == message.answers.count, "more or fewer answers")
        demand(message.edns == nil || again.code == message.code, "another code")
    }
    _ = DNSMessage.read(message.wire(limit: 512))
    return 0
}

extension Record {
    /// Names in data may come back in the spelling of one written before.
    fileprivate var hasNames: Bool { data.target != nil || type == .soa }
}
