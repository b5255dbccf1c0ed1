import DNS

@testable import Forwarding

/// Feeds any bytes as the reply of an upstream: what is taken of it, whether it is kept, and how it goes out again.
///
/// The first bytes of the input spell the question, up to a newline.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    var input = bytes(data, min(size, 65535))[...]
    let head = input.takeLine()
    guard let name = DomainName(String(decoding: head.dropFirst(), as: UTF8.self)) else { return 0 }
    let question = UpstreamQuestion(name, head.first.map { RecordType(rawValue: UInt16($0)) } ?? .a)
    var state = UInt64(size)
    let spelling = MixedCase.spelling(of: name) {
        state = state &* 0x9e37_79b9_7f4a_7c15 &+ 1
        return state
    }
    demand(DomainName(wire: spelling) == name, "another name by its spelling")
    let sent = question.message(id: 0x6162, .init(name: spelling, hasEDNS: true, paddingBlock: 128))
    let questionEnd = 12 + spelling.count + 4
    demand(sent.count % 128 == 0, "\(sent.count) bytes with padding")
    demand(DNSMessage.read(sent)?.question?.name == name, "a question that is none")

    // As it came, and with the head that makes a reply of it.
    var reply = Array(input)
    check(reply, sent, questionEnd, name)
    reply = Array(sent[..<questionEnd]) + input.dropFirst(10)
    if input.count >= 10 {
        reply[2] = UInt8(input[input.startIndex]) & 0x87 | 0x80
        reply[3] = input[input.startIndex + 1]
        for index in 6..<12 { reply[index] = input[input.startIndex + index - 2] }
    }
    check(reply, sent, questionEnd, name)
    return 0
}

private func check(_ reply: [UInt8], _ sent: [UInt8], _ questionEnd: Int, _ name: DomainName) {
    let verdict = reply.withUnsafeBytes {
        ReplyCheck.verdict(on: $0, to: sent, questionEnd: questionEnd, isExact: false)
    }
    guard case .accepted = verdict else { return }
    guard let message = DNSMessage.read(reply) else { return }
    if let question = message.question { demand(question.name == name, "another question is taken") }
    guard let kept = message.cleaned(for: name)?.answers else { return }
    demand(kept.count <= message.answers.count, "more records than came")
    for record in kept where record.owner != name {
        demand(
            record.type == .dname || record.type.rawValue == 46 || message.answers.contains { $0.data.target != nil },
            "a record of another name: \(record)")
    }
}
