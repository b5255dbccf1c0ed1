import DNS
import Glibc
import Pipeline
import Registry

/// The EDNS options of a reply to a query that brought some (RFC 6891 §6.1.2).
struct ReplyOptions {
    private let cookies: CookieSecrets

    init(cookies: CookieSecrets) {
        self.cookies = cookies
    }

    /// The options that go back whatever the answer is; nil where an option of the query is malformed (FORMERR).
    ///
    /// Of options that come repeatedly the first counts. NSID and EXPIRE go back as they came, as CoreDNS sends them;
    /// client subnet and unknown ones are left out. PADDING and KEEPALIVE have their meaning on streams only (RFC 7828
    /// §3.2.1, RFC 7830 §6), the latter not below HTTP.
    ///
    /// - Parameter idle: after how long without a query a connection is closed.
    func make(
        for query: Query, in packet: UnsafeRawBufferPointer, transport: Transport, idle: Duration,
        client: () -> IPAddress
    ) -> [EDNSOption]? {
        var options: [EDNSOption] = []
        var seen: Set<OptionCode> = []
        for option in Self.all(of: query, in: packet) where seen.insert(option.code).inserted {
            switch option.code {
            case .nsid, .expire:
                options.append(option)
            case .padding where transport.isStream:
                options.append(option)
            case .cookie:
                guard ServerCookie.isLegalLength(option.data.count) else { return nil }
                // A cookie that is none of ours counts as none at all (RFC 7873 §5.2.3, third choice).
                let answer = cookies.answer(
                    to: option.data, address: client(), now: UInt32(truncatingIfNeeded: time(nil)))
                options.append(EDNSOption(.cookie, answer.option))
            case .keepalive where transport == .tcp || transport == .tls:
                // In units of 100 ms (RFC 7828 §3.1).
                let (seconds, attoseconds) = idle.components
                let units = UInt16(
                    clamping: seconds.multipliedReportingOverflow(by: 10).partialValue
                        + attoseconds / 100_000_000_000_000_000)
                options.append(EDNSOption(.keepalive, [UInt8(units >> 8), UInt8(units & 255)]))
            default: break
            }
        }
        return options
    }

    /// The options of a query as they came.
    static func all(of query: Query, in packet: UnsafeRawBufferPointer) -> [EDNSOption] {
        var options: [EDNSOption] = []
        var index = query.optionsOffset
        let end = min(index + query.optionsLength, packet.count)
        // The reader has checked that every option ends inside the record.
        while index + 4 <= end {
            let code = UInt16(packet[index]) << 8 | UInt16(packet[index + 1])
            let length = Int(packet[index + 2]) << 8 | Int(packet[index + 3])
            let data = index + 4
            index = data + length
            guard index <= end else { break }
            options.append(EDNSOption(OptionCode(rawValue: code), Array(packet[data..<index])))
        }
        return options
    }
}
