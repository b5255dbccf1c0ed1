import DNS
import Glibc

/// Feeds any bytes to the reader of whole messages, and reads again what it makes of them.
///
/// A broken rule ends the process by `abort`, which libFuzzer reports with the input that did it; so does an input
/// that takes longer than its length allows (`-timeout`).
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
    guard let again = DNSMessage.read(written) else {
        demand(false, "what was written is no message")
        return 0
    }
    demand(again.question == message.question, "another question")
    if !again.isTruncated {
        demand(again.answers == message.answers, "other answers", unless: records.contains { $0.hasNames })
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

private func demand(_ condition: Bool, _ fault: String, unless exception: Bool = false) {
    guard !condition, !exception else { return }
    print("MessageFuzz: \(fault)")
    fflush(nil)
    abort()
}
