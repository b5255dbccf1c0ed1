import DNS
import Glibc
import Registry

/// A query without a question, by which a client learns or checks its cookie (RFC 7873 §5.4).
enum CookieRequest {
    /// The OPT record's offset: there is nothing between it and the header.
    private static let optOffset = 12
    /// The fixed part of an OPT record, in bytes.
    private static let optLength = 11

    /// Replaces such a query by its reply; nil, with nothing changed, where it is another one.
    ///
    /// A cookie of a length that none has is malformed: FORMERR, with an OPT record (RFC 7873 §5.2.2).
    ///
    /// - Parameters:
    ///   - buffer: the query, with room for 64 bytes at least.
    ///   - length: the query's, in bytes.
    ///   - client: the client's address.
    static func reply(
        in buffer: UnsafeMutableRawPointer, length: Int, secrets: CookieSecrets, client: () -> IPAddress
    ) -> (length: Int, isMalformed: Bool)? {
        let packet = UnsafeRawBufferPointer(start: buffer, count: length)
        // QR and opcode clear; QDCOUNT, ANCOUNT and NSCOUNT 0; one additional record, an OPT of the root, version 0.
        guard length >= optOffset + optLength, packet[2] & 0xf8 == 0,
            packet[4..<12].elementsEqual([0, 0, 0, 0, 0, 0, 0, 1]),
            packet[12..<15].elementsEqual([0, 0, 41]), packet[18] == 0
        else { return nil }
        var query = Query()
        query.hasEDNS = true
        query.optionsOffset = optOffset + optLength
        query.optionsLength = Int(packet[21]) << 8 | Int(packet[22])
        guard query.optionsOffset + query.optionsLength <= length,
            let cookie = ReplyOptions.all(of: query, in: packet).first(where: { $0.code == .cookie })?.data
        else { return nil }
        var code = ResponseCode.formatError
        var data: [UInt8] = []
        if ServerCookie.isLegalLength(cookie.count) {
            let (option, isValid) = secrets.answer(
                to: cookie, address: client(), now: UInt32(truncatingIfNeeded: time(nil)))
            code = isValid || cookie.count == ServerCookie.clientLength ? .noError : .badCookie
            data = EDNSOption(.cookie, option).wire
        }
        let head: [UInt8] = [
            0x80 | packet[2] & 1, packet[3] & 0x10 | UInt8(truncatingIfNeeded: code.rawValue & 15),
            0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 41, UInt8(Responder.udpPayload >> 8), UInt8(Responder.udpPayload & 255),
            UInt8(truncatingIfNeeded: code.rawValue >> 4), 0, packet[19] & 0x80, 0, 0,
            UInt8(truncatingIfNeeded: data.count),
        ]
        let reply = head + data
        (buffer + 2).copyMemory(from: reply, byteCount: reply.count)
        return (2 + reply.count, code == .formatError)
    }
}
