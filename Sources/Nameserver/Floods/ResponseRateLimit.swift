import DNS
import Registry

/// Limits how much of the same goes out over UDP to one network, so that answers to forged questions flood nobody.
///
/// Any thread. With a valid server cookie the client has shown that it is who asks (RFC 7873 §5.2.3), and no limit
/// counts; nor does one over TCP, TLS or HTTPS.
package final class ResponseRateLimit: Sendable {
    /// The limits; see `rrl` in the Corefile.
    package struct Rules: Sendable {
        /// Nanoseconds between answers of a kind: responses, NODATA, NXDOMAIN, referrals, errors; 0 for no limit.
        package var intervals = [Int64](repeating: 0, count: 5)
        /// Nanoseconds between queries of one client; 0 for no limit.
        package var requestInterval: Int64 = 0
        /// Nanoseconds.
        package var window: Int64 = 15_000_000_000
        /// Leading bits that make one client.
        package var ipv4PrefixLength = 24
        package var ipv6PrefixLength = 56
        /// Of so many replies too many one goes out cut; 0 for none.
        package var slipRatio: UInt32 = 2
        /// A reply has at most so many times the bytes of its question and an OPT record; 0 for no limit.
        package var amplification = 10
        package var capacity = 100_000
        package var reportsOnly = false
        package var exempt: [CIDR] = []

        package init() {}
    }

    /// What is to become of a reply.
    enum Verdict: Equatable {
        case send
        /// Whole as well: it would be too much, but limits are only counted (`report-only`).
        case sendReported
        /// In a shorter form, which is in the buffer now, of so many bytes.
        case sendCut(Int)
        case drop
    }

    private let rules: Rules
    private let accounts: RateAccounts
    private let key: (UInt64, UInt64) = (.random(in: .min ... .max), .random(in: .min ... .max))

    package init(_ rules: Rules) {
        self.rules = rules
        accounts = RateAccounts(capacity: rules.capacity, window: rules.window)
    }

    /// Decides on a reply and makes it shorter where that is the decision.
    ///
    /// - Parameters:
    ///   - reply: the whole reply.
    ///   - now: nanoseconds of a clock that only moves on.
    func decide(_ reply: UnsafeMutableRawBufferPointer, to client: IPAddress, now: Int64) -> Verdict {
        guard !rules.exempt.contains(where: { $0.contains(client) }) else { return .send }
        let network = prefix(of: client)
        var exceeded: UInt32 = 0
        var maySlip = false
        if rules.requestInterval > 0,
            case .exceeded(let number) = accounts.debit(
                hash([255] + network), interval: rules.requestInterval, now: now)
        {
            exceeded = number
        } else if let category = ReplyCategory(UnsafeRawBufferPointer(reply)) {
            let interval = rules.intervals[Int(category.kind.rawValue)]
            if interval > 0,
                case .exceeded(let number) = accounts.debit(
                    hash([category.kind.rawValue] + network + category.subject), interval: interval, now: now)
            {
                (exceeded, maySlip) = (number, true)
            }
        }
        guard exceeded > 0 else { return amplifies(reply) ? cutUnlessReported(reply) : .send }
        if rules.reportsOnly { return .sendReported }
        if maySlip, rules.slipRatio > 0, exceeded % rules.slipRatio == 0 { return .sendCut(Self.cut(reply)) }
        return .drop
    }

    /// Whether who asked in the name of another one would have that one flooded.
    private func amplifies(_ reply: UnsafeMutableRawBufferPointer) -> Bool {
        guard rules.amplification > 0, reply.count > 17 * rules.amplification else { return false }
        let parts = CutParts(UnsafeRawBufferPointer(reply))
        return reply.count > rules.amplification * (parts.questionEnd + (parts.options == nil ? 0 : 11))
    }

    private func cutUnlessReported(_ reply: UnsafeMutableRawBufferPointer) -> Verdict {
        rules.reportsOnly ? .sendReported : .sendCut(Self.cut(reply))
    }

    private func hash(_ bytes: [UInt8]) -> UInt64 { SipHash.hash(bytes, key: key) }

    private func prefix(of client: IPAddress) -> [UInt8] {
        let length = client.family == .ipv4 ? rules.ipv4PrefixLength : rules.ipv6PrefixLength
        let free = UInt128(max(0, client.family.bitWidth - length))
        let value = free >= 128 ? 0 : (client.value >> free) << free
        return IPAddress(family: client.family, value: value)?.bytes ?? client.bytes
    }

    /// Leaves the question and an OPT record, and sets TC: no more bytes than the query had.
    static func cut(_ reply: UnsafeMutableRawBufferPointer) -> Int {
        guard reply.count >= 12 else { return reply.count }
        let parts = CutParts(UnsafeRawBufferPointer(reply))
        var length = parts.questionEnd
        if let options = parts.options {
            for offset in 0..<options.count { reply[length + offset] = reply[options.lowerBound + offset] }
            length += options.count
        }
        reply[2] |= 2
        for place in 6..<12 { reply[place] = 0 }
        reply[11] = parts.options == nil ? 0 : 1
        return length
    }

    /// What is left of a reply that is cut.
    private struct CutParts {
        var questionEnd: Int
        /// The OPT record.
        var options: Range<Int>?

        init(_ bytes: UnsafeRawBufferPointer) {
            guard bytes.count >= 12 else {
                questionEnd = bytes.count
                return
            }
            let records = stride(from: 6, to: 12, by: 2).map { Int(bytes[$0]) << 8 | Int(bytes[$0 + 1]) }
            var index = 12
            while index < bytes.count, bytes[index] != 0, bytes[index] < 64 { index += 1 + Int(bytes[index]) }
            questionEnd = min(index + 5, bytes.count)
            index = questionEnd
            for _ in 0..<records.reduce(0, +) {
                guard let end = Reply.recordEnd(bytes, from: index) else { break }
                if bytes[index] == 0, index + 2 < end, bytes[index + 1] == 0,
                    bytes[index + 2] == RecordType.opt.rawValue
                {
                    options = index..<end
                }
                index = end
            }
        }
    }
}
