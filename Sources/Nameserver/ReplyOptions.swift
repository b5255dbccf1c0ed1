import DNS
import Glibc

/// The EDNS options of a reply to a query that brought some (RFC 6891 §6.1.2).
struct ReplyOptions {
    private let cookie: ServerCookie

    init(cookie: ServerCookie) {
        self.cookie = cookie
    }

    /// Options in wire form; nil where an option of the query is malformed (FORMERR).
    ///
    /// Of options that come repeatedly the first counts. NSID and EXPIRE go back as they came, as CoreDNS sends them;
    /// client subnet and unknown ones are left out.
    func make(
        for query: Query, in packet: UnsafeRawBufferPointer, transport: Transport, client: [UInt8]
    ) -> [UInt8]? {
        var options: [UInt8] = []
        var seen: Set<UInt16> = []
        var index = query.optionsOffset
        let end = index + query.optionsLength
        // The reader has checked that every option ends inside the record.
        while index + 4 <= end {
            let code = UInt16(packet[index]) << 8 | UInt16(packet[index + 1])
            let length = Int(packet[index + 2]) << 8 | Int(packet[index + 3])
            let data = index + 4
            index = data + length
            guard index <= end, seen.insert(code).inserted else { continue }
            let bytes = Array(packet[data..<index])
            switch (OptionCode(rawValue: code), transport) {
            case (.nsid, _), (.expire, _), (.padding, .tcp):
                Self.append(OptionCode(rawValue: code), bytes, to: &options)
            case (.cookie, _):
                guard ServerCookie.isLegalLength(length) else { return nil }
                let server = cookie.make(
                    clientCookie: bytes.prefix(8), address: client,
                    now: UInt32(truncatingIfNeeded: time(nil)))
                Self.append(.cookie, bytes.prefix(8) + server, to: &options)
            case (.keepalive, .tcp(let idleTimeout)):
                Self.append(.keepalive, [UInt8(idleTimeout >> 8), UInt8(idleTimeout & 255)], to: &options)
            default: break
            }
        }
        return options
    }

    /// The option that says why an answer is what it is (RFC 8914 §2).
    static func extendedError(_ code: ExtendedErrorCode) -> [UInt8] {
        var option: [UInt8] = []
        append(.extendedError, [UInt8(code.rawValue >> 8), UInt8(code.rawValue & 255)], to: &option)
        return option
    }

    private static func append(_ code: OptionCode, _ data: some Collection<UInt8>, to options: inout [UInt8]) {
        options += [code.rawValue, UInt16(truncatingIfNeeded: data.count)].flatMap {
            [UInt8($0 >> 8), UInt8($0 & 255)]
        }
        options += data
    }
}
