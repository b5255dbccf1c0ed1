import DNS
import Pipeline

/// Feeds any bytes to the responder as the OPT record of a query: its fixed fields, then its options.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    var input = bytes(data, min(size, 4096))[...]
    let name = names[input.takeByte() % names.count]
    let fixed = (0..<6).map { _ in UInt8(truncatingIfNeeded: input.takeByte()) }
    var query: [UInt8] = [0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1]
    query += name + [0, 1, 0, 1, 0, 0, 41] + fixed
    query += [UInt8(input.count >> 8), UInt8(input.count & 255)] + input
    for transport in [Transport.udp, .tcp] {
        query.withUnsafeBytes { check(server.run($0, transport), Array(input), version: fixed[3]) }
    }
    return 0
}

/// Used by one thread only, the one that libFuzzer calls from.
nonisolated(unsafe) private let server = AnsweringServer()

/// A ready-made answer, one of a stage, a denial, a zone that is not ready.
private let names = ["a.cluster.local.", "abc.example.", "x.cluster.local.", "x.late."].map {
    demanded(DomainName($0), "a name").wire
}

private func check(_ reply: [UInt8], _ options: [UInt8], version: UInt8) {
    let message = demanded(DNSMessage.read(reply), "a reply that is no message")
    guard let sent = read(options) else {
        // Options that do not fill their record (RFC 6891 §6.1.2).
        return demand(message.code == .formatError, "\(message.code) for malformed options")
    }
    guard let edns = message.edns else {
        return demand(message.code == .formatError, "no OPT record for one (RFC 6891 §7)")
    }
    if version > 0 { demand(message.code == .badVersion, "\(message.code) for version \(version) (RFC 6891 §6.1.3)") }
    for (code, count) in Dictionary(edns.options.map { ($0.code, 1) }, uniquingKeysWith: +)
    where code != .extendedError {
        demand(count == 1, "\(count) options \(code)")
    }
    guard version == 0, message.code != .formatError,
        let cookie = sent.first(where: { $0.code == .cookie })?.data
    else { return }
    // RFC 7873 §5.2.2 to §5.2.5: of a legal length, and answered with both halves.
    demand(cookie.count == 8 || (16...40).contains(cookie.count), "a cookie of \(cookie.count) bytes is taken")
    let answered = demanded(edns.options.first { $0.code == .cookie }?.data, "no cookie for one")
    demand(answered.count == 24 && answered.prefix(8) == cookie.prefix(8), "another cookie than the client's")
}

/// The options of a record's data; nil where they do not end where it does.
private func read(_ data: [UInt8]) -> [EDNSOption]? {
    var rest = data[...]
    var options: [EDNSOption] = []
    while !rest.isEmpty {
        guard rest.count >= 4 else { return nil }
        let code = UInt16(rest.takeByte() << 8 | rest.takeByte())
        let length = rest.takeByte() << 8 | rest.takeByte()
        guard rest.count >= length else { return nil }
        options.append(EDNSOption(OptionCode(rawValue: code), Array(rest.prefix(length))))
        rest = rest.dropFirst(length)
    }
    return options
}
