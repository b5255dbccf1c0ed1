import DNS
import Pipeline

@testable import Nameserver

/// Feeds any text as the head of a request over HTTP, and any bytes as its body: method, target, content type and content
/// length stand on the first four lines of the input, the body behind them.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    var input = bytes(data, size)[...]
    let head = (0..<4).map { _ in String(decoding: input.takeLine(), as: UTF8.self) }
    let body = Array(input)
    let query = HTTPQuery(
        method: head[0], target: head[1], contentType: head[2].isEmpty ? nil : head[2],
        contentLength: head[3].isEmpty ? nil : head[3])
    switch query {
    case .message(let message):
        demand(head[0] == "GET", "a query in the target of \(head[0])")
        demand(message.count <= HTTPQuery.maximumBody, "a query of \(message.count) bytes")
        answer(message)
    case .body:
        demand(head[0] == "POST", "a query in the body of \(head[0])")
        answer(body)
    case .failure(let status):
        demand((400..<500).contains(status.rawValue), "\(status) for a client's fault")
        body.withUnsafeBytes { demand(!status.fields($0).isEmpty, "no fields") }
    }
    checkFreshness(of: body)
    return 0
}

/// Used by one thread only, the one that libFuzzer calls from.
nonisolated(unsafe) private let server = AnsweringServer()

private func answer(_ query: [UInt8]) {
    let reply = query.withUnsafeBytes { server.run($0, .tcp) }
    checkFreshness(of: reply)
    reply.withUnsafeBytes { demand(HTTPQueryStatus.ok.fields($0).count == 3, "fields are missing") }
}

/// An answer is kept as long as its record that goes first (RFC 8484 §5.1).
private func checkFreshness(of reply: [UInt8]) {
    let freshness = reply.withUnsafeBytes { HTTPQuery.freshness(of: $0) }
    guard let message = DNSMessage.read(reply), !message.isTruncated, !message.answers.isEmpty else { return }
    // Times with the top bit set are read as none (RFC 2181 §8).
    guard freshness <= UInt32(Int32.max) else { return }
    demand(message.answers.allSatisfy { $0.ttl >= freshness || $0.ttl == 0 }, "an answer kept for \(freshness) s")
}
