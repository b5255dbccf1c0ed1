import DNS
import Pipeline
import Registry

/// The EDNS options of a reply to a query that brought some (RFC 6891 §6.1.2).
struct ReplyOptions {
    private let cookies: CookieSecrets.Snapshot
    /// Unix seconds.
    private let now: UInt32

    init(cookies: CookieSecrets.Snapshot, now: UInt32) {
        self.cookies = cookies
        self.now = now
    }

    /// The options that go back whatever the answer is; nil where an option of the query is malformed (FORMERR).
    ///
    /// Of options that come repeatedly the first counts. NSID and EXPIRE go back as they came, as CoreDNS sends them;
    /// client subnet and unknown ones are left out. PADDING and KEEPALIVE have their meaning on streams only (RFC 7828
    /// §3.2.1, RFC 7830 §6), the latter not below HTTP.
    ///
    /// - Parameters:
    ///   - idle: after how long without a query a connection is closed.
    ///   - isProven: set where the query brought a server cookie of ours to this client.
    func make(
        for query: Query, in packet: UnsafeRawBufferPointer, transport: Transport, idle: Duration,
        isProven: inout Bool, client: () -> IPAddress
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
                let answer = cookies.answer(to: option.data, address: client(), now: now)
                isProven = answer.isValid
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

    /// The length of a COOKIE option with both halves, in bytes.
    static let cookieLength = 28

    /// Writes the COOKIE option of a reply to `target`, which has room for `cookieLength`; nil where the query has
    /// another option, or more than one.
    ///
    /// What `make` does with the one option that stub resolvers send, without memory of its own.
    ///
    /// - Returns: whether the query brought a server cookie of ours to this client.
    func writeLoneCookie(
        for query: Query, in packet: UnsafeRawBufferPointer, to target: UnsafeMutableRawPointer, client: () -> IPAddress
    ) -> Bool? {
        let start = query.optionsOffset
        guard query.optionsLength >= 12, start &+ query.optionsLength <= packet.count,
            packet.loadUnaligned(fromByteOffset: start, as: UInt16.self) == OptionCode.cookie.rawValue.bigEndian
        else { return nil }
        let length = Int(UInt16(bigEndian: packet.loadUnaligned(fromByteOffset: start &+ 2, as: UInt16.self)))
        guard length &+ 4 == query.optionsLength, ServerCookie.isLegalLength(length) else { return nil }
        let clientCookie = packet.loadUnaligned(fromByteOffset: start &+ 4, as: UInt64.self)
        var brought: ServerCookie.Words?
        if length == ServerCookie.clientLength &+ ServerCookie.length {
            brought = ServerCookie.Words(
                head: packet.loadUnaligned(fromByteOffset: start &+ 12, as: UInt64.self),
                hash: packet.loadUnaligned(fromByteOffset: start &+ 20, as: UInt64.self))
        }
        let (server, isValid) = cookies.answer(
            clientCookie: clientCookie, brought: brought, address: client(), now: now)
        target.storeBytes(of: OptionCode.cookie.rawValue.bigEndian, as: UInt16.self)
        target.storeBytes(of: UInt16(24).bigEndian, toByteOffset: 2, as: UInt16.self)
        target.storeBytes(of: clientCookie, toByteOffset: 4, as: UInt64.self)
        target.storeBytes(of: server.head, toByteOffset: 12, as: UInt64.self)
        target.storeBytes(of: server.hash, toByteOffset: 20, as: UInt64.self)
        return isValid
    }

    /// Whether one of a query's options is of a code.
    static func contains(
        of query: Query, in packet: UnsafeRawBufferPointer, where isWanted: (_ code: UInt16) -> Bool
    ) -> Bool {
        var index = query.optionsOffset
        let end = min(index &+ query.optionsLength, packet.count)
        // The reader has checked that every option ends inside the record.
        while index &+ 4 <= end {
            if isWanted(UInt16(bigEndian: packet.loadUnaligned(fromByteOffset: index, as: UInt16.self))) { return true }
            index &+= 4 &+ Int(UInt16(bigEndian: packet.loadUnaligned(fromByteOffset: index &+ 2, as: UInt16.self)))
        }
        return false
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
