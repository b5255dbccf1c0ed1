import CDatagram
import Glibc
import Testing

@testable import Nameserver

/// A queue that is filled by several sources and emptied at a steady pace, in steps of a tenth of a millisecond.
private struct SimulatedQueue {
    static let capacity = 400
    /// Datagrams answered in a step.
    static let answered = 13
    var guardian = FloodGuard()
    var queue: [UInt64] = []
    var now: Int64 = 0
    /// Datagrams that came and that were answered, by source.
    var came: [UInt64: Int] = [:]
    var answers: [UInt64: Int] = [:]
    private var random: UInt64
    private var carry: [UInt64: Double] = [:]

    init(seed: UInt64) {
        random = seed | 1
    }

    private mutating func draw() -> Double {
        random ^= random << 13
        random ^= random >> 7
        random ^= random << 17
        return Double(random >> 11) / Double(1 << 53)
    }

    /// Runs for so many milliseconds; `rates` are datagrams a step.
    mutating func run(_ milliseconds: Int, _ rates: [UInt64: Double]) {
        for _ in 0..<(milliseconds * 10) {
            now += 100_000
            var arrivals: [UInt64] = []
            for (source, rate) in rates.sorted(by: { $0.key < $1.key }) {
                let due = carry[source, default: 0] + rate
                carry[source] = due - due.rounded(.down)
                arrivals += [UInt64](repeating: source, count: Int(due))
            }
            while let source = arrivals.popLast() {
                // The order of arrival is nobody's.
                if !arrivals.isEmpty, draw() < 0.5 {
                    arrivals.insert(source, at: Int(draw() * Double(arrivals.count)))
                    continue
                }
                came[source, default: 0] += 1
                if let share = guardian.shares[source], draw() >= share { continue }
                if queue.count < Self.capacity { queue.append(source) }
            }
            let batch = queue.prefix(Self.answered)
            queue.removeFirst(batch.count)
            for source in batch { answers[source, default: 0] += 1 }
            let fill = Double(queue.count) / Double(Self.capacity)
            if fill > 0.25 { for source in batch { guardian.note(source, now: now) } }
            _ = guardian.look(fill: fill, now: now)
        }
    }

    func answeredPart(_ source: UInt64) -> Double {
        Double(answers[source] ?? 0) / Double(max(1, came[source] ?? 0))
    }
}

@Suite struct FloodGuardTests {
    @Test("One source at ten times what can be answered takes nothing from others", arguments: [1, 2, 3] as [UInt64])
    func oneSource(_ seed: UInt64) {
        var queue = SimulatedQueue(seed: seed)
        var rates: [UInt64: Double] = [9: 130]
        for source in 100..<120 as Range<UInt64> { rates[source] = 0.1 }
        queue.run(50, rates)
        (queue.came, queue.answers) = ([:], [:])
        queue.run(400, rates)
        for source in 100..<120 as Range<UInt64> {
            #expect(queue.answeredPart(source) >= 0.95, "\(source): \(queue.answeredPart(source))")
        }
        // Nor does what can be answered go to waste.
        let all = queue.answers.values.reduce(0, +)
        #expect(Double(all) >= 0.8 * Double(4000 * SimulatedQueue.answered), "\(all)")
        queue.run(200, [100: 0.1])
        #expect(!queue.guardian.isActive, "0.2 s after the flood nothing is limited")
    }

    @Test func severalFloodsShareWhatIsLeft() {
        var queue = SimulatedQueue(seed: 5)
        queue.run(50, [1: 40, 2: 80, 3: 0.2])
        (queue.came, queue.answers) = ([:], [:])
        queue.run(400, [1: 40, 2: 80, 3: 0.2])
        #expect(queue.answeredPart(3) >= 0.95)
        #expect(queue.answers[1, default: 0] > 2000 && queue.answers[2, default: 0] > 2000)
    }

    @Test func aSourceThatIsAloneIsLeftAlone() {
        var queue = SimulatedQueue(seed: 7)
        queue.run(200, [1: 130])
        #expect(!queue.guardian.isActive)
    }

    @Test func manySmallSourcesAreNotToBlame() {
        var queue = SimulatedQueue(seed: 11)
        queue.run(300, Dictionary(uniqueKeysWithValues: (1...200).map { (UInt64($0), 0.5) }))
        #expect(!queue.guardian.isActive)
    }

    @Test func whatIsCountedIsBounded() {
        var guardian = FloodGuard()
        for source in 0..<100_000 as Range<UInt64> { guardian.note(source, now: 1) }
        _ = guardian.look(fill: 1, now: 10_000_000)
        #expect(guardian.shares.count <= FloodGuard.mostShares)
    }
}

@Suite("The kernel's share of floods", .timeLimit(.minutes(1)))
struct SourceFilterTests {
    @Test("A source that is limited to nothing is not heard, others are", arguments: [false, true])
    func filter(_ isIPv6: Bool) async throws {
        let server = try UDPSocket(ListenAddress.loopback(isIPv6: isIPv6))
        // All of IPv6's loopback is one address: another source is another filter then.
        let shares = [
            datagram_share(source: isIPv6 ? 1 << 63 : 0x7f00_0009, taken: 0),
            datagram_share(source: isIPv6 ? 0 : 0x7f00_0002, taken: 0),
        ]
        func hears(from last: UInt8) throws -> Bool {
            let source = isIPv6 ? nil : ListenAddress(bytes: [127, 0, 0, last], port: 0)
            let client = try TestSocket(.datagram, to: server.address, from: source)
            defer { client.close() }
            client.send([last])
            // What is sent over loopback is in the queue when the call returns, or nowhere.
            var byte: UInt8 = 0
            return recv(server.descriptor, &byte, 1, Int32(MSG_DONTWAIT)) == 1 && byte == last
        }
        #expect(try hears(from: 2))
        #expect(datagram_limit_sources(server.descriptor, isIPv6 ? 1 : 0, shares, 2) == 0)
        #expect(try !hears(from: 2))
        #expect(isIPv6 ? true : try hears(from: 3))
        #expect(server.dropped == 1)
        #expect(datagram_limit_sources(server.descriptor, isIPv6 ? 1 : 0, shares, 1) == 0)
        #expect(try hears(from: 2))
        #expect(datagram_limit_sources(server.descriptor, isIPv6 ? 1 : 0, nil, 0) == 0)
        #expect(try hears(from: 2))
        #expect(datagram_limit_sources(server.descriptor, 0, shares, 17) == -1)
    }

    @Test func halfOfASourceIsTaken() throws {
        let server = try UDPSocket(ListenAddress.loopback(isIPv6: false))
        let share = datagram_share(source: 0x7f00_0001, taken: UInt32.max / 2)
        #expect(datagram_limit_sources(server.descriptor, 0, [share], 1) == 0)
        let client = try TestSocket(.datagram, to: server.address)
        defer { client.close() }
        var heard = 0
        for _ in 0..<2000 {
            client.send([1])
            var byte: UInt8 = 0
            if recv(server.descriptor, &byte, 1, Int32(MSG_DONTWAIT)) == 1 { heard += 1 }
        }
        // Eight standard deviations to either side.
        #expect((820...1180).contains(heard), "\(heard)")
    }
}
